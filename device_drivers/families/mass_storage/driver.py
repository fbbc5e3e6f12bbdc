"""A recorder that is one or more disks with FAT or exFAT volumes: a USB disk, a block device or an image file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from types import TracebackType
from typing import Self

from device_drivers.errors import ListingIncompleteError, RecorderReadError
from device_drivers.families.mass_storage.profile import FAMILY_NAME
from device_drivers.families.mass_storage.protocol import IdentityRecord, is_identity_file, parse_identity_file
from device_drivers.recorder import Capabilities
from device_drivers.transports.filesystem_child import FileContent, FileSystem
from integrity.listing import ClockReading, RecordedFile, RecorderIdentity


@dataclass(frozen=True, slots=True)
class UsbFacts:
    """What the device descriptor says, for cross-checks only."""

    vendor_id: int
    product_id: int
    serial: str | None


class MassStorageRecorder:
    """An open recorder of this family; keeps the promise of ``device_drivers.recorder.Recorder``.

    A locator is the number of the disk, ``/``, and the place on it. A path does not name the disk or volume, which the locator tells apart.
    """

    capabilities = Capabilities()

    def __init__(self, disks: Sequence[FileSystem], *, usb: UsbFacts | None = None, on_close: Callable[[], None] | None = None) -> None:
        self._disks = tuple(disks)
        self._usb = usb
        self._on_close = on_close
        self._record: tuple[str, IdentityRecord] | None = None
        self._record_is_known = False

    def identity(self) -> RecorderIdentity:
        """Say who the recorder says it is, from its identity file and its first volume."""
        record = self._identity_record()
        volume = self._disks[0].volumes[0]
        identity = RecorderIdentity(family=FAMILY_NAME, volume_id=volume.volume_id, volume_label=volume.label)
        if record is not None:
            identity = replace(identity, **asdict(record[1]))
        if self._usb is not None:
            identity = replace(
                identity,
                usb_vendor_id=self._usb.vendor_id,
                usb_product_id=self._usb.product_id,
                usb_serial=self._usb.serial,
            )
        return identity

    def read_clock(self) -> ClockReading | None:
        """A disk has no clock that could be read."""
        return None

    def list_files(self) -> Iterator[RecordedFile]:
        """List every file but the identity file, which is kept whole in the identity; see ``Recorder.list_files``."""
        record = self._identity_record()
        missing: list[str] = []
        for number, disk in enumerate(self._disks):
            try:
                for file in disk.list_files():
                    located = replace(file, locator=f"{number}/{file.locator}")
                    if record is None or located.locator != record[0]:
                        yield located
            except ListingIncompleteError as error:
                missing.extend(error.missing)
        if missing:
            raise ListingIncompleteError(tuple(missing))

    def open_file(self, file: RecordedFile, offset: int = 0) -> FileContent:
        """Open a listed file from a byte offset; see ``Recorder.open_file``."""
        number, _, locator = file.locator.partition("/")
        if not number.isdecimal() or int(number) >= len(self._disks):
            raise RecorderReadError(file.path, offset, "its place on the medium is unknown")
        return self._disks[int(number)].open_file(replace(file, locator=locator), offset)

    def close(self) -> None:
        """Close the disks and give the device back."""
        for disk in self._disks:
            disk.close()
        on_close, self._on_close = self._on_close, None
        if on_close is not None:
            on_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _identity_record(self) -> tuple[str, IdentityRecord] | None:
        """Find and read the identity file once; answer its locator and content."""
        if not self._record_is_known:
            self._record = next(self._read_records(), None)
            self._record_is_known = True
        return self._record

    def _read_records(self) -> Iterator[tuple[str, IdentityRecord]]:
        for number, disk in enumerate(self._disks):
            for file in disk.root_files():
                if is_identity_file(file.path, file.size_bytes):
                    content = self._read_whole(disk, file)
                    if content is not None:
                        yield f"{number}/{file.locator}", parse_identity_file(content)

    def _read_whole(self, disk: FileSystem, file: RecordedFile) -> bytes | None:
        buffer = bytearray(file.size_bytes)
        try:
            with disk.open_file(file) as reader:
                count = reader.readinto(memoryview(buffer))
        except RecorderReadError:  # then it is listed like any other file, and the identity is unknown
            return None
        return bytes(buffer) if count == len(buffer) else None
