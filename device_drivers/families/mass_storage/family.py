"""The family as the registry sees it: what it matches, what it refuses, and how it opens."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from device_drivers.errors import NoReadableVolumeError, UnsupportedRecorderError
from device_drivers.families.mass_storage.driver import MassStorageRecorder, UsbFacts
from device_drivers.families.mass_storage.profile import FAMILY_NAME, load_profile
from device_drivers.transports.bulk_only_scsi import ScsiDisk, open_scsi_disks
from device_drivers.transports.disk import Disk
from device_drivers.transports.filesystem_child import FileSystem
from device_drivers.transports.usb import UsbDescription, open_usb_device


@dataclass(frozen=True, slots=True)
class MassStorageFamily:
    """Plain mass storage."""

    name: str = FAMILY_NAME

    def matches(self, description: UsbDescription) -> bool:
        """Whether the device has an interface that the profile names."""
        return load_profile().find_interface(description) is not None

    def refusal(self, description: UsbDescription) -> str | None:
        """Refuse a disk that is also something else: a keyboard, a network card or a serial port has no place on a dock."""
        spoken = load_profile().find_interface(description)
        others = sorted({f"{each.usb_class:02x}" for each in description.interfaces if each != spoken})
        return f"besides its disk it shows interfaces of class {', '.join(others)}" if others else None

    def open_usb(self, device: Any, description: UsbDescription) -> MassStorageRecorder:
        """Open a matching USB device; see ``registry.Family``."""
        reason = self.refusal(description)
        interface = load_profile().find_interface(description)
        if reason is not None or interface is None:
            raise UnsupportedRecorderError(description.title, reason or "its descriptors match no profile")
        opened = open_usb_device(device, description, interface)
        try:
            facts = UsbFacts(description.vendor_id, description.product_id, opened.read_serial())
            systems = _open_file_systems(description.title, open_scsi_disks(opened))
        except BaseException:
            opened.close()
            raise
        return MassStorageRecorder(systems, usb=facts, on_close=opened.close)

    def open_disk(self, disk: Disk) -> MassStorageRecorder:
        """Take over an image or a block device; see ``registry.Family``."""
        return MassStorageRecorder([FileSystem(disk)])


def _open_file_systems(title: str, disks: Sequence[ScsiDisk]) -> list[FileSystem]:
    """Open the file systems of every disk that has one."""
    systems: list[FileSystem] = []
    failures = []
    with ExitStack() as opened:
        for disk in disks:
            try:
                system = FileSystem(disk)
            except NoReadableVolumeError as error:
                failures.append(error.reason)
                continue
            opened.callback(system.close)
            systems.append(system)
        if not systems:
            raise NoReadableVolumeError(title, "; ".join(failures) or "there is no medium in it")
        opened.pop_all()
    return systems


FAMILY = MassStorageFamily()
