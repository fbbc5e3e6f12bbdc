"""Everything behind one recorder that is a disk: the FAT and exFAT volumes of all its logical units, read as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace

from device_drivers.errors import ListingIncompleteError, NoReadableVolumeError, RecorderReadError
from device_drivers.transports.bulk_only_scsi import ScsiDisk, open_scsi_disks
from device_drivers.transports.filesystem_child import FileContent, FileSystem, VolumeFacts
from device_drivers.transports.usb import UsbDevice
from integrity.listing import RecordedFile


class Card:
    """The disks of a recorder, in the order of their logical units.

    A locator is the number of the disk, ``/``, and the place on it. A path does not name the disk or volume, which the locator tells apart.

    Args:
        disks: Their file systems; closed with the card.
    """

    def __init__(self, disks: Sequence[FileSystem]) -> None:
        self._disks = tuple(disks)

    @property
    def first_volume(self) -> VolumeFacts:
        """The volume that a recorder is known by."""
        return self._disks[0].volumes[0]

    def list_files(self) -> Iterator[RecordedFile]:
        """List every file of every disk; see ``Recorder.list_files``."""
        missing: list[str] = []
        for number, disk in enumerate(self._disks):
            try:
                for file in disk.list_files():
                    yield _located(number, file)
            except ListingIncompleteError as error:
                missing.extend(error.missing)
        if missing:
            raise ListingIncompleteError(tuple(missing))

    def root_files(self) -> Iterator[RecordedFile]:
        """List the files in the root directories only."""
        for number, disk in enumerate(self._disks):
            for file in disk.root_files():
                yield _located(number, file)

    def open_file(self, file: RecordedFile, offset: int = 0) -> FileContent:
        """Open a listed file from a byte offset; see ``Recorder.open_file``."""
        number, _, locator = file.locator.partition("/")
        if not number.isdecimal() or int(number) >= len(self._disks):
            raise RecorderReadError(file.path, offset, "its place on the medium is unknown")
        return self._disks[int(number)].open_file(replace(file, locator=locator), offset)

    def close(self) -> None:
        """Close the disks; the device behind them stays open."""
        for disk in self._disks:
            disk.close()


def open_card(device: UsbDevice) -> Card:
    """Open every disk of a USB device that holds a readable volume.

    Raises:
        NoReadableVolumeError: None does.
        RecorderError: The device could not be asked.
    """
    return Card(_open_file_systems(device.description.title, open_scsi_disks(device)))


def _open_file_systems(title: str, disks: Sequence[ScsiDisk]) -> list[FileSystem]:
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


def _located(number: int, file: RecordedFile) -> RecordedFile:
    return replace(file, locator=f"{number}/{file.locator}")
