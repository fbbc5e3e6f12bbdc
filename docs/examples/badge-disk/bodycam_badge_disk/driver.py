"""Join the protocol to a transport: here a USB disk, whose files ``transports.card`` lists and reads."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import TracebackType
from typing import Self

from bodycam_badge_disk.protocol import CONFIGURATION_FILE, MOST_BYTES, parse_number
from device_drivers.errors import UnsupportedCommandError
from device_drivers.profile import Profile, load_profile
from device_drivers.recorder import Capabilities, RecorderStatus, Removal
from device_drivers.transports.card import Card, CardAccess, open_card
from device_drivers.transports.disk import Disk
from device_drivers.transports.filesystem_child import FileContent
from device_drivers.transports.plugged_in import PluggedIn
from device_drivers.transports.usb import UsbDescription, open_usb_device
from integrity.listing import ClockReading, RecordedFile, RecorderIdentity


class BadgeDiskRecorder:
    """An open recorder; keeps the promise of ``device_drivers.recorder.Recorder``."""

    def __init__(self, card: Card, description: UsbDescription) -> None:
        self._card = card
        self._description = description
        self._configuration = self._read_configuration()

    @property
    def capabilities(self) -> Capabilities:
        """Its files can be removed where the dock has the means."""
        return Capabilities(can_remove_files=self._card.can_remove_files)

    @property
    def usb_address(self) -> tuple[int, int] | None:
        """Where it is on the bus."""
        return self._description.bus, self._description.address

    def identity(self) -> RecorderIdentity:
        """Give its number, the record it stands in, and its volume. The USB serial number is left out: it is nobody's identity."""
        return RecorderIdentity(
            family="badge-disk",
            serial=parse_number(self._configuration),
            volume_id=self._card.first_volume.volume_id,
            volume_label=self._card.first_volume.label,
            usb_vendor_id=self._description.vendor_id,
            usb_product_id=self._description.product_id,
            record_base64=base64.b64encode(self._configuration).decode() or None,
        )

    def read_clock(self) -> ClockReading | None:
        """No command reads its clock."""
        return None

    def set_clock(self, moment: datetime) -> None:
        """No command sets its clock."""
        del moment
        raise UnsupportedCommandError("set its clock")

    def read_status(self) -> RecorderStatus:
        """Say what its card holds."""
        card = self._card
        return RecorderStatus(
            has_card=True, is_write_protected=card.is_write_protected, capacity_bytes=card.capacity_bytes, free_bytes=card.free_bytes
        )

    def list_files(self) -> Iterator[RecordedFile]:
        """List every file."""
        return self._card.list_files()

    def open_file(self, file: RecordedFile, offset: int = 0) -> FileContent:
        """Open a listed file."""
        return self._card.open_file(file, offset)

    def remove_files(self, files: Sequence[RecordedFile]) -> Iterator[Removal]:
        """Have the dock's remover remove files."""
        return self._card.remove_files(files)

    def close(self) -> None:
        """Close the card and the device behind it."""
        self._card.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _read_configuration(self) -> bytes:
        file = next((each for each in self._card.root_files() if each.path == CONFIGURATION_FILE and each.size_bytes <= MOST_BYTES), None)
        if file is None:
            return b""
        buffer = bytearray(file.size_bytes)
        with self._card.open_file(file) as reader:
            return bytes(buffer[: reader.readinto(memoryview(buffer))])


@dataclass(frozen=True, slots=True)
class BadgeDiskFamily:
    """The family; keeps the promise of ``device_drivers.registry.Family``."""

    profile: Profile = field(default_factory=lambda: load_profile(__package__))

    def with_profile(self, profile: Profile) -> Self:
        """Give the family with a profile that the site has extended."""
        return replace(self, profile=profile)

    def open_usb(self, plugged: PluggedIn) -> BadgeDiskRecorder:
        """Open a matching device; it is given back where that fails."""
        device = open_usb_device(plugged.device, plugged.description, plugged.interface)
        try:
            card = open_card(device, access=CardAccess.of(plugged))
        except BaseException:
            device.close()
            raise
        return BadgeDiskRecorder(card, plugged.description)

    def open_disk(self, disk: Disk) -> None:
        """An image without USB says nothing of this family."""


FAMILY = BadgeDiskFamily()
