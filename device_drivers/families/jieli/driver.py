"""A recorder with a JieLi chip: commands first, then a disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, tzinfo
from types import TracebackType
from typing import Self, TypeVar

from device_drivers.errors import (
    NoReadableVolumeError,
    RecorderError,
    RecorderRefusedError,
    RecorderUnpluggedError,
    TransportTimeoutError,
    UnsupportedCommandError,
)
from device_drivers.families.jieli import protocol
from device_drivers.identity_file import IdentityRecord
from device_drivers.recorder import Capabilities, RecorderStatus, Removal
from device_drivers.transports.bulk_only_scsi import ScsiUnit
from device_drivers.transports.bulk_only_transport import BulkOnlyTransport
from device_drivers.transports.filesystem_child import FileContent
from device_drivers.transports.plugged_in import DiskPlace, PluggedIn
from device_drivers.transports.storage_mode import StorageMode
from device_drivers.transports.usb import UsbDevice
from device_drivers.transports.vendor_unit import VendorCommand, VendorUnit
from integrity.listing import ClockReading, RecordedFile, RecorderIdentity

FAMILY_NAME = "jieli"
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class _Answers:
    """What the recorder says by commands; they are not sent any more once it is a disk."""

    record: IdentityRecord
    id_code: str | None


class JieliRecorder:
    """An open recorder of this family; keeps the promise of ``device_drivers.recorder.Recorder``.

    Until files are asked for it takes commands: then identity, status and clock are at hand. The first listing changes it into a disk, which it
    stays until it is unplugged.
    """

    def __init__(self, plugged: PluggedIn, device: UsbDevice, *, zone: tzinfo) -> None:
        """Take an open device and ask who it is.

        Args:
            plugged: Where it is plugged in.
            device: The device, closed with the recorder, and also where this fails.
            zone: Where its wall clock lives.

        Raises:
            RecorderRefusedError: It says that a command failed, and is no disk either.
            RecorderError: The way to it failed.
        """
        self._zone = zone
        self._title = device.description.title
        self._storage = StorageMode(plugged, device, switch=self._switch)
        try:
            transport = BulkOnlyTransport(device)
            self._unit = ScsiUnit(transport, 0)
            self._vendor = VendorUnit(transport, self._unit, allowed=protocol.COMMANDS)
            usb_serial = device.read_serial()
            self._answers = self._ask_who()
            self._status = self._ask_status() if self._storage.card is None else RecorderStatus(has_card=True)
            self._identity = self._make_identity(plugged, usb_serial)
        except BaseException:
            self._storage.close()
            raise

    @property
    def capabilities(self) -> Capabilities:
        """What can be done with it now: commands end where the disk begins."""
        return Capabilities(
            can_set_clock=self._storage.card is None,
            can_remove_files=self._storage.can_remove_files,
            can_read_battery=self._status.battery_percent is not None,
        )

    @property
    def usb_address(self) -> tuple[int, int] | None:
        """Where it is on the bus."""
        return self._storage.usb_address

    @property
    def disk_place(self) -> DiskPlace | None:
        """Where it is as a disk, once it is one; see ``OnDisk``."""
        return None if self._storage.card is None else self._storage.card.place

    def identity(self) -> RecorderIdentity:
        """Say who the recorder says it is, as it said when it was opened; its volume is named only where its serial number is no identity."""
        return self._identity

    def read_clock(self) -> ClockReading | None:
        """No command reads its clock."""
        return None

    def set_clock(self, moment: datetime) -> None:
        """Set its clock, before it becomes a disk; see ``Recorder.set_clock``."""
        if self._storage.card is not None:
            raise UnsupportedCommandError("set its clock once it is a disk")
        self._vendor.write(protocol.SET_CLOCK, protocol.encode_time(moment, self._zone))
        self._check_result(protocol.SET_CLOCK)

    def read_status(self) -> RecorderStatus:
        """Say how it is doing; once it is a disk, how it was doing before."""
        card = self._storage.card
        if card is None:
            self._status = self._ask_status()
            return self._status
        return replace(
            self._status,
            has_card=True,
            is_write_protected=card.is_write_protected,
            capacity_bytes=card.capacity_bytes,
            free_bytes=card.free_bytes,
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

    def _ask_who(self) -> _Answers | None:
        """Ask for id code and record; where it does not answer because it is a disk already, open that and know nothing."""
        try:
            self._vendor.write(protocol.INITIALISE)
            self._check_result(protocol.INITIALISE)
            id_code = self._ask(protocol.READ_ID_CODE, protocol.decode_id_code)
            return _Answers(self._ask(protocol.READ_RECORD, protocol.decode_record), id_code)
        except RecorderUnpluggedError:
            raise
        except RecorderError:
            if not self._unit.wait_until_ready(within_s=0):
                raise
            self._storage.take_as_disk()
            return None

    def _ask_status(self) -> RecorderStatus:
        resolution = self._ask_if_possible(protocol.READ_RESOLUTION, protocol.decode_resolution)
        card_state = self._ask_if_possible(protocol.READ_CARD_STATE, protocol.decode_number)
        width, height = resolution or (None, None)
        return RecorderStatus(
            battery_percent=self._ask_if_possible(protocol.READ_BATTERY, protocol.decode_percent),
            has_card=None if card_state is None else card_state != 0,
            video_width=width,
            video_height=height,
        )

    def _make_identity(self, plugged: PluggedIn, usb_serial: str | None) -> RecorderIdentity:
        description = plugged.description
        identity = RecorderIdentity(
            family=FAMILY_NAME, usb_vendor_id=description.vendor_id, usb_product_id=description.product_id, usb_serial=usb_serial
        )
        if self._answers is not None:
            identity = replace(identity, **{**asdict(self._answers.record), "id_code": self._answers.id_code})
        if identity.serial is None:  # then only its volume tells it from others
            volume = self._storage.enter().first_volume
            identity = replace(identity, volume_id=volume.volume_id, volume_label=volume.label)
        return identity

    def _ask(self, command: VendorCommand, decode: Callable[[bytes], _Value]) -> _Value:
        raw = self._vendor.read(command)
        self._check_result(command)
        return decode(raw)

    def _ask_if_possible(self, command: VendorCommand, decode: Callable[[bytes], _Value]) -> _Value | None:
        """Ask what a docking can do without."""
        try:
            return self._ask(command, decode)
        except RecorderUnpluggedError:
            raise
        except RecorderError:
            return None

    def _check_result(self, command: VendorCommand) -> None:
        result = protocol.decode_number(self._vendor.read(protocol.READ_RESULT))
        if result:
            raise RecorderRefusedError(command.name, f"it answers {result}")

    def _switch(self) -> None:
        """Tell it to become a disk; it may be gone before it can be asked whether that succeeded."""
        if self._unit.wait_until_ready(within_s=0):
            return
        if not self._ask(protocol.READ_CARD_STATE, protocol.decode_number):
            raise NoReadableVolumeError(self._title, "there is no card in it")
        self._vendor.write(protocol.ENTER_STORAGE_MODE)
        try:
            self._check_result(protocol.ENTER_STORAGE_MODE)
        except (RecorderUnpluggedError, TransportTimeoutError):
            return
