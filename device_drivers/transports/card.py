"""Everything behind one recorder that is a disk: the FAT and exFAT volumes of all its logical units, read as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from typing import Self

from device_drivers.errors import (
    ListingIncompleteError,
    NoReadableVolumeError,
    RecorderError,
    RecorderReadError,
    RecorderUnpluggedError,
    UnsupportedCommandError,
)
from device_drivers.recorder import Removal
from device_drivers.transports.bulk_only_scsi import ScsiDisk, open_scsi_disks
from device_drivers.transports.filesystem_child import FileContent, FileSystem, VolumeFacts
from device_drivers.transports.plugged_in import DiskFileRemover, DiskPlace, PluggedIn, VolumePlace
from device_drivers.transports.usb import UsbBus, UsbDescription, UsbDevice, open_usb_device
from integrity.listing import RecordedFile

_BACK_WITHIN_S = 10.0
_REMOVING = "removing files"


@dataclass(frozen=True, slots=True)
class CardAccess:
    """How a card's volumes may be changed: who removes files, and where the device is found again afterwards."""

    bus: UsbBus
    remover: DiskFileRemover

    @classmethod
    def of(cls, plugged: PluggedIn) -> Self | None:
        """Give what was plugged in along with its remover, or ``None`` where nothing may be removed."""
        return None if plugged.remover is None else cls(plugged.bus, plugged.remover)


class Card:
    """The disks of a recorder, in the order of their logical units.

    A locator is the number of the disk, ``/``, and the place on it. A path does not name the disk or volume, which the locator tells apart.

    Args:
        disks: Their file systems; closed with the card.
        device: The USB device behind them, closed with the card; ``None`` where there is none.
        units: Number of each disk's logical unit on that device.
        access: How files are removed; ``None`` where nothing may be.
        is_write_protected: Whether one of the disks takes no writes; ``None`` where none says.
    """

    def __init__(
        self,
        disks: Sequence[FileSystem],
        *,
        device: UsbDevice | None = None,
        units: Sequence[int] = (),
        access: CardAccess | None = None,
        is_write_protected: bool | None = None,
    ) -> None:
        self._disks = tuple(disks)
        self.is_write_protected = is_write_protected
        self._device, self._units, self._access = device, tuple(units), access
        self._volumes = tuple(disk.volumes for disk in self._disks)
        self._size_bytes = tuple(disk.size_bytes for disk in self._disks)

    is_write_protected: bool | None
    """Whether one of the disks takes no writes; ``None`` where none says."""

    @property
    def first_volume(self) -> VolumeFacts:
        """The volume that a recorder is known by."""
        return self._volumes[0][0]

    @property
    def place(self) -> DiskPlace | None:
        """Where it is on the bus; ``None`` without USB."""
        if self._device is None:
            return None
        where, volume = self._device.description, self.first_volume
        return DiskPlace(where.port, where.bus, where.address, where.vendor_id, where.product_id, volume.volume_id, volume.label)

    @property
    def capacity_bytes(self) -> int:
        """Size of all disks together."""
        return sum(self._size_bytes)

    @property
    def free_bytes(self) -> int | None:
        """Room left on all volumes as they note it when the card was opened; ``None`` where one does not."""
        free = [volume.free_bytes for volumes in self._volumes for volume in volumes]
        return None if None in free else sum(each for each in free if each is not None)

    @property
    def can_remove_files(self) -> bool:
        """Whether files can be removed."""
        return self._access is not None and self._device is not None and not self.is_write_protected

    def list_files(self) -> Iterator[RecordedFile]:
        """List every file of every disk; see ``Recorder.list_files``."""
        missing: list[str] = []
        for number, disk in enumerate(self._opened()):
            try:
                for file in disk.list_files():
                    yield _located(number, file)
            except ListingIncompleteError as error:
                missing.extend(error.missing)
        if missing:
            raise ListingIncompleteError(tuple(missing))

    def root_files(self) -> Iterator[RecordedFile]:
        """List the files in the root directories only."""
        for number, disk in enumerate(self._opened()):
            for file in disk.root_files():
                yield _located(number, file)

    def open_file(self, file: RecordedFile, offset: int = 0) -> FileContent:
        """Open a listed file from a byte offset; see ``Recorder.open_file``."""
        disks = self._opened()
        number, _, locator = file.locator.partition("/")
        if not number.isdecimal() or int(number) >= len(disks):
            raise RecorderReadError(file.path, offset, "its place on the medium is unknown")
        return disks[int(number)].open_file(replace(file, locator=locator), offset)

    def remove_files(self, files: Sequence[RecordedFile]) -> Iterator[Removal]:
        """Let the kernel have the card, have exactly these files removed, and open the card again; see ``Recorder.remove_files``.

        Files opened before cannot be read on. Until everything has been yielded nothing else can be asked of the card.
        """
        if self._access is None or self._device is None or self.is_write_protected:
            raise UnsupportedCommandError("remove files")
        places = [(self._place_of(file, self._device), file) for file in files]
        return self._remove(places, self._access, self._device) if places else iter(())

    def close(self) -> None:
        """Close the disks and the device."""
        self._close_disks()
        if self._device is not None:
            self._device.close()

    def _opened(self) -> tuple[FileSystem, ...]:
        if not self._disks:
            raise RecorderUnpluggedError("reading its card, which was not found again")
        return self._disks

    def _close_disks(self) -> None:
        disks, self._disks = self._disks, ()
        for disk in disks:
            disk.close()

    def _place_of(self, file: RecordedFile, device: UsbDevice) -> VolumePlace:
        try:
            disk, volume = (int(part) for part in file.locator.split(":")[0].split("/"))
            facts, unit = self._volumes[disk][volume], self._units[disk]
        except (ValueError, IndexError) as error:
            raise RecorderReadError(file.path, 0, "its place on the medium is unknown") from error
        return VolumePlace(device.description.port, device.interface.number, unit, facts.offset_bytes, facts.volume_id)

    def _remove(self, places: Sequence[tuple[VolumePlace, RecordedFile]], access: CardAccess, device: UsbDevice) -> Iterator[Removal]:
        self._close_disks()
        device.hand_to_kernel()
        has_left = False
        try:
            for place, group in groupby(places, key=itemgetter(0)):
                yield from access.remover.remove(place, [file for _, file in group])
        except RecorderUnpluggedError:
            has_left = True
            raise
        finally:
            if not has_left:
                self._take_back(access, device)

    def _take_back(self, access: CardAccess, device: UsbDevice) -> None:
        """Open the card again; where that fails, or it is not the same, it counts as unplugged."""
        try:
            self._device, disks = _open_again(access.bus, device)
        except RecorderError as error:
            raise RecorderUnpluggedError(_REMOVING) from error
        self._disks = tuple(system for _, system in disks)
        if [_names(system.volumes) for system in self._disks] != [_names(volumes) for volumes in self._volumes]:
            self.close()
            raise RecorderUnpluggedError(_REMOVING)
        self._volumes = tuple(system.volumes for system in self._disks)


def open_card(device: UsbDevice, *, access: CardAccess | None = None) -> Card:
    """Open every disk of a USB device that holds a readable volume; the card closes the device from then on.

    Args:
        device: The open device; it stays open where this fails.
        access: How files are removed from it; ``None`` where nothing may be.

    Raises:
        NoReadableVolumeError: None does.
        RecorderError: The device could not be asked.
    """
    units = open_scsi_disks(device)
    protections = [unit.is_write_protected() for unit in units]
    disks = _open_file_systems(device.description.title, units)
    return Card(
        [system for _, system in disks],
        device=device,
        units=[unit for unit, _ in disks],
        access=access,
        is_write_protected=None if None in protections and True not in protections else True in protections,
    )


def _open_file_systems(title: str, disks: Sequence[ScsiDisk]) -> list[tuple[int, FileSystem]]:
    systems: list[tuple[int, FileSystem]] = []
    failures = []
    with ExitStack() as opened:
        for disk in disks:
            try:
                system = FileSystem(disk)
            except NoReadableVolumeError as error:
                failures.append(error.reason)
                continue
            opened.callback(system.close)
            systems.append((disk.unit, system))
        if not systems:
            raise NoReadableVolumeError(title, "; ".join(failures) or "there is no medium in it")
        opened.pop_all()
    return systems


def _open_again(bus: UsbBus, device: UsbDevice) -> tuple[UsbDevice, list[tuple[int, FileSystem]]]:
    before = device.description

    def accepts(found: UsbDescription) -> bool:
        return (found.vendor_id, found.product_id) == (before.vendor_id, before.product_id)

    found, description = bus.await_device(before.port, accepts, within_s=_BACK_WITHIN_S, during=_REMOVING)
    opened = open_usb_device(found, description, device.interface)
    try:
        return opened, _open_file_systems(description.title, open_scsi_disks(opened))
    except BaseException:
        opened.close()
        raise


def _names(volumes: Sequence[VolumeFacts]) -> list[tuple[str, str, int]]:
    return [(volume.kind, volume.volume_id, volume.offset_bytes) for volume in volumes]


def _located(number: int, file: RecordedFile) -> RecordedFile:
    return replace(file, locator=f"{number}/{file.locator}")
