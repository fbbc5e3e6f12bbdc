"""A recorder that is one or more disks with FAT or exFAT volumes: a USB disk, a block device or an image file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self

from device_drivers.errors import RecorderReadError, UnsupportedCommandError
from device_drivers.families.mass_storage.protocol import UsbFacts, make_identity
from device_drivers.identity_file import IdentityRecord, is_identity_file, parse_identity_file
from device_drivers.recorder import Capabilities, RecorderStatus, Removal
from device_drivers.transports.card import Card
from device_drivers.transports.filesystem_child import FileContent
from device_drivers.transports.plugged_in import DiskPlace
from integrity.listing import ClockReading, RecordedFile, RecorderIdentity


class MassStorageRecorder:
    """An open recorder of this family; keeps the promise of ``device_drivers.recorder.Recorder``."""

    def __init__(self, card: Card, *, usb: UsbFacts | None = None) -> None:
        self._card = card
        self._usb = usb
        self._record: tuple[str, IdentityRecord] | None = None
        self._record_is_known = False

    @property
    def capabilities(self) -> Capabilities:
        """What can be done with it: its files are removed where the dock has the means."""
        return Capabilities(can_remove_files=self._card.can_remove_files)

    @property
    def usb_address(self) -> tuple[int, int] | None:
        """Where it is on the bus."""
        return None if self._usb is None else self._usb.address

    @property
    def disk_place(self) -> DiskPlace | None:
        """Where it is; see ``OnDisk``."""
        return self._card.place

    def identity(self) -> RecorderIdentity:
        """Say who the recorder says it is, from its identity file and its first volume."""
        record = self._identity_record()
        return make_identity(self._card.first_volume, record[1] if record else None, self._usb)

    def read_clock(self) -> ClockReading | None:
        """A disk has no clock that could be read."""
        return None

    def set_clock(self, moment: datetime) -> None:
        """A disk has no clock that could be set."""
        del moment
        raise UnsupportedCommandError("set its clock")

    def read_status(self) -> RecorderStatus:
        """Say what its medium holds."""
        card = self._card
        return RecorderStatus(
            has_card=True, is_write_protected=card.is_write_protected, capacity_bytes=card.capacity_bytes, free_bytes=card.free_bytes
        )

    def list_files(self) -> Iterator[RecordedFile]:
        """List every file but the identity file, which is kept whole in the identity; see ``Recorder.list_files``."""
        record = self._identity_record()
        for file in self._card.list_files():
            if record is None or file.locator != record[0]:
                yield file

    def open_file(self, file: RecordedFile, offset: int = 0) -> FileContent:
        """Open a listed file from a byte offset; see ``Recorder.open_file``."""
        return self._card.open_file(file, offset)

    def remove_files(self, files: Sequence[RecordedFile]) -> Iterator[Removal]:
        """Have the kernel remove files through the dock's remover; see ``Recorder.remove_files``. Nothing is removed from an image."""
        return self._card.remove_files(files)

    def close(self) -> None:
        """Close the disks and give the device back."""
        self._card.close()

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
        for file in self._card.root_files():
            if is_identity_file(file.path, file.size_bytes):
                content = self._read_whole(file)
                if content is not None:
                    yield file.locator, parse_identity_file(content)

    def _read_whole(self, file: RecordedFile) -> bytes | None:
        buffer = bytearray(file.size_bytes)
        try:
            with self._card.open_file(file) as reader:
                count = reader.readinto(memoryview(buffer))
        except RecorderReadError:  # then it is listed like any other file, and the identity is unknown
            return None
        return bytes(buffer) if count == len(buffer) else None
