"""Find the driver family for what was plugged in. Families arrive by entry point, so none is imported by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol

from device_drivers.errors import UnsupportedRecorderError
from device_drivers.recorder import Recorder
from device_drivers.transports.disk import Disk, ImageDisk
from device_drivers.transports.usb import Backend, UsbDescription, find_usb_devices

ENTRY_POINT_GROUP = "bodycam.drivers"


class Family(Protocol):
    """One way of speaking that several makers share; what an entry point of ``bodycam.drivers`` names."""

    @property
    def name(self) -> str:
        """Name of the family, as it stands in ``RecorderIdentity.family``."""

    def matches(self, description: UsbDescription) -> bool:
        """Whether a USB device, by its descriptors alone, speaks like this family."""

    def refusal(self, description: UsbDescription) -> str | None:
        """Why a matching device must not be opened all the same, or ``None``."""

    def open_usb(self, device: Any, description: UsbDescription) -> Recorder:
        """Open a matching pyusb device.

        Raises:
            UnsupportedRecorderError: It must not be opened, or is not what it seemed.
            RecorderError: The way to it failed.
        """

    def open_disk(self, disk: Disk) -> Recorder | None:
        """Take over a disk that came without USB, or answer ``None`` where this family has no disks."""


@dataclass(frozen=True, slots=True)
class FoundRecorder:
    """Something plugged in that a family can speak to, not yet opened.

    Attributes:
        description: What its descriptors say; ``description.port`` tells the slot.
        family: The family that matched.
        refusal: Why it will not be opened, or ``None``; ``open`` raises it.
    """

    description: UsbDescription
    family: Family
    refusal: str | None
    device: Any

    def open(self) -> Recorder:
        """Open it.

        Raises:
            UnsupportedRecorderError: It was refused.
            RecorderError: The way to it failed.
        """
        if self.refusal is not None:
            raise UnsupportedRecorderError(self.description.title, self.refusal)
        return self.family.open_usb(self.device, self.description)


def installed_families() -> tuple[Family, ...]:
    """Load every family that an installed package offers, by name."""
    points = sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: point.name)
    return tuple(point.load() for point in points)


def find_usb_recorders(backend: Backend | None = None, *, families: Sequence[Family] | None = None) -> list[FoundRecorder]:
    """List the recorders that are plugged in.

    Args:
        backend: A pyusb backend; ``None`` is the real bus through libusb.
        families: Families to look for; ``None`` is every installed one.

    Returns:
        One entry for each device that some family matches, refused ones included. Other devices are none of our business.

    Raises:
        RecorderError: The bus could not be looked at.
    """
    offered = installed_families() if families is None else families
    found = []
    for device, description in find_usb_devices(backend):
        family = next((each for each in offered if each.matches(description)), None)
        if family is not None:
            found.append(FoundRecorder(description, family, family.refusal(description), device))
    return found


def open_image(path: Path, *, families: Sequence[Family] | None = None) -> Recorder:
    """Open an image file or a block device, read only, as the recorder whose medium it is.

    Raises:
        UnsupportedRecorderError: It is no image or device, or no family reads disks.
        NoReadableVolumeError: It holds no FAT or exFAT volume.
        RecorderError: It could not be read.
    """
    disk = ImageDisk(path)
    try:
        for family in installed_families() if families is None else families:
            recorder = family.open_disk(disk)
            if recorder is not None:
                return recorder
    except BaseException:
        disk.close()
        raise
    disk.close()
    raise UnsupportedRecorderError(str(path), "no installed driver family reads disks")
