"""A USB device as a driver family is given it to open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from device_drivers.recorder import Removal
from device_drivers.transports.usb import UsbBus, UsbDescription, UsbInterface
from integrity.listing import RecordedFile


@dataclass(frozen=True, slots=True)
class VolumePlace:
    """Where the volume is from which files are to be removed.

    Attributes:
        port: The kernel's name of the USB port, for instance ``1-2.3``.
        interface_number: Interface that carries the disk.
        unit: Number of the logical unit.
        offset_bytes: Where the volume begins on the disk.
        volume_id: Serial number of the volume, 8 hexadecimal digits, checked again before anything is written.
    """

    port: str
    interface_number: int
    unit: int
    offset_bytes: int
    volume_id: str


@dataclass(frozen=True, slots=True)
class DiskPlace:
    """A recorder that is a disk: where it is on the bus since it last came there, and what is in it.

    Attributes:
        port: The kernel's name of the USB port.
        bus: Number of the bus.
        address: Number of the device, another each time something comes onto the bus.
        vendor_id: From the device descriptor.
        product_id: From the device descriptor.
        volume_id: Serial number of its first volume.
        volume_label: Label of its first volume; ``None`` without one.
    """

    port: str
    bus: int
    address: int
    vendor_id: int
    product_id: int
    volume_id: str
    volume_label: str | None


@runtime_checkable
class OnDisk(Protocol):
    """A recorder that is a disk, or becomes one; what other recorders leave out."""

    @property
    def disk_place(self) -> DiskPlace | None:
        """Where it is as a disk; ``None`` as long as it is none, and without USB."""


class DiskFileRemover(Protocol):
    """Removes files from a volume that the kernel may use meanwhile: the only writable moment there is."""

    def remove(self, place: VolumePlace, files: Sequence[RecordedFile]) -> Iterator[Removal]:
        """Mount the volume for writing, check every file again, remove those that are still as listed, and unmount.

        Args:
            place: Where the volume is.
            files: What is to be removed, each with its fingerprint.

        Yields:
            What became of each, in their order, as soon as it is on the medium.

        Raises:
            RecorderUnpluggedError: The volume left; those already given are as said.
            RecorderError: It failed otherwise, likewise; where nothing was given, nothing was removed.
        """


@dataclass(frozen=True, slots=True)
class PluggedIn:
    """A matching device, not yet opened.

    Attributes:
        bus: Where it is plugged in; also where it is found again when it re-enumerates.
        device: The pyusb device.
        description: What its descriptors say.
        interface: The interface that its family speaks to.
        quirks: Peculiarities that its profile names.
        remover: Removes files from its disks; ``None`` where nothing may.
    """

    bus: UsbBus
    device: Any
    description: UsbDescription
    interface: UsbInterface
    quirks: frozenset[str] = frozenset()
    remover: DiskFileRemover | None = None
