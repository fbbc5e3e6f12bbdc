"""A recorder with an Ambarella chip: messages first, then a disk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import datetime, tzinfo
from types import TracebackType
from typing import Self

from device_drivers.errors import UnsupportedCommandError
from device_drivers.families.ambarella.dialects import Dialect, choose_dialect
from device_drivers.recorder import Capabilities, RecorderStatus, Removal
from device_drivers.transports.bulk_pipe import BulkPipe
from device_drivers.transports.filesystem_child import FileContent
from device_drivers.transports.plugged_in import DiskPlace, PluggedIn
from device_drivers.transports.storage_mode import StorageMode
from device_drivers.transports.usb import UsbDevice
from integrity.listing import ClockReading, RecordedFile, RecorderIdentity

FAMILY_NAME = "ambarella"
_STORAGE_CLASS = 0x08


class AmbarellaRecorder:
    """An open recorder of this family; keeps the promise of ``device_drivers.recorder.Recorder``.

    Until files are asked for it takes messages: then its clock can be set. The first listing changes it into a disk, which it stays until it is
    unplugged. So does asking for the identity where no message tells it: then only its volume tells it from others.
    """

    def __init__(self, plugged: PluggedIn, device: UsbDevice, *, passwords: Sequence[str], zone: tzinfo) -> None:
        """Take an open device and find out how it is spoken to; one that is a disk already is read as one.

        Args:
            plugged: Where it is plugged in.
            device: The device, closed with the recorder, and also where this fails.
            passwords: Passwords that may be its own; they appear in no error.
            zone: Where its wall clock lives.

        Raises:
            RecorderRefusedError: It answers otherwise than these recorders do, or takes none of the passwords.
            RecorderError: The way to it failed.
        """
        self._storage = StorageMode(plugged, device, switch=self._switch)
        self._dialect: Dialect | None = None
        self._identity: RecorderIdentity | None = None
        description = plugged.description
        try:
            self._claims = RecorderIdentity(
                family=FAMILY_NAME,
                usb_vendor_id=description.vendor_id,
                usb_product_id=description.product_id,
                usb_serial=device.read_serial(),
            )
            if plugged.interface.usb_class == _STORAGE_CLASS:
                self._storage.take_as_disk()
            else:
                self._dialect = choose_dialect(BulkPipe(device), passwords=passwords, zone=zone, quirks=plugged.quirks)
                self._claims = _with_record(self._claims, self._dialect)
        except BaseException:
            self._storage.close()
            raise

    @property
    def capabilities(self) -> Capabilities:
        """What can be done with it now: messages end where the disk begins."""
        return Capabilities(can_set_clock=self._storage.card is None, can_remove_files=self._storage.can_remove_files)

    @property
    def usb_address(self) -> tuple[int, int] | None:
        """Where it is on the bus."""
        return self._storage.usb_address

    @property
    def disk_place(self) -> DiskPlace | None:
        """Where it is as a disk, once it is one; see ``OnDisk``."""
        return None if self._storage.card is None else self._storage.card.place

    def identity(self) -> RecorderIdentity:
        """Say who the recorder says it is; its volume is named, and it becomes a disk for that, only where nothing else tells it from others."""
        if self._identity is None:
            self._identity = self._claims
            if self._claims.serial is None:
                volume = self._storage.enter().first_volume
                self._identity = replace(self._claims, volume_id=volume.volume_id, volume_label=volume.label)
        return self._identity

    def read_clock(self) -> ClockReading | None:
        """No message reads its clock."""
        return None

    def set_clock(self, moment: datetime) -> None:
        """Set its clock, before it becomes a disk; see ``Recorder.set_clock``."""
        if self._dialect is None or self._storage.card is not None:
            raise UnsupportedCommandError("set its clock once it is a disk")
        self._dialect.set_clock(moment)

    def read_status(self) -> RecorderStatus:
        """Say what its medium holds, once it is a disk; no message tells more."""
        card = self._storage.card
        if card is None:
            return RecorderStatus()
        return RecorderStatus(
            has_card=True, is_write_protected=card.is_write_protected, capacity_bytes=card.capacity_bytes, free_bytes=card.free_bytes
        )

    def list_files(self) -> Iterator[RecordedFile]:
        """Change it into a disk and list every file; see ``Recorder.list_files``."""
        yield from self._storage.enter().list_files()

    def open_file(self, file: RecordedFile, offset: int = 0) -> FileContent:
        """Open a listed file from a byte offset; see ``Recorder.open_file``."""
        return self._storage.enter().open_file(file, offset)

    def remove_files(self, files: Sequence[RecordedFile]) -> Iterator[Removal]:
        """Have the kernel remove files through the dock's remover; see ``Recorder.remove_files``."""
        if not self._storage.can_remove_files:
            raise UnsupportedCommandError("remove files")
        return self._storage.enter().remove_files(files)

    def close(self) -> None:
        """Close the disk and give the device back."""
        self._storage.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _switch(self) -> None:
        if self._dialect is not None:
            self._dialect.enter_storage_mode()


def _with_record(claims: RecorderIdentity, dialect: Dialect) -> RecorderIdentity:
    record = dialect.identify()
    return claims if record is None else replace(claims, **asdict(record))
