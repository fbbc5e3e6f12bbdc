"""Whole virtual recorders, by family: a card with footage, and the device that gives it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from device_drivers.simulated.fat32 import Fat32Volume
from device_drivers.simulated.fat32_entries import RECORDER_ZONE
from device_drivers.simulated.faults import NO_FAULTS, Faults, FaultScriptError
from device_drivers.simulated.footage import CardFile, Folder, scan_folder
from device_drivers.simulated.mass_storage_device import MassStorageDevice
from device_drivers.simulated.overlay import Overlay
from device_drivers.simulated.scsi_target import ScsiTarget
from device_drivers.simulated.usb_device import VirtualDevice
from integrity.hashing import sha256

IDENTITY_FILE = "RECORDER.TXT"
_EPOCH = datetime(2024, 1, 1, tzinfo=UTC)


class Volume(Protocol):
    """A virtual volume, whatever its file system."""

    size_bytes: int

    @property
    def volume_id(self) -> str:
        """The serial number, 8 hexadecimal digits."""

    def offset_of(self, path: str) -> int | None:
        """Where a file's content begins on the volume; ``None`` where there is none."""

    def read(self, offset: int, length: int) -> bytes:
        """Read bytes of the volume."""

    def close(self) -> None:
        """Close the host's files."""


@dataclass(frozen=True, slots=True)
class RecorderPlan:
    """Which recorder is to be built.

    Attributes:
        family: How it speaks, one of :data:`FAMILIES`.
        serial: Its serial number.
        officer: Officer number that it keeps.
        filesystem: Of its card, one of :data:`FILE_SYSTEMS`.
        faults: What it does wrong.
    """

    family: str
    serial: str
    officer: str | None = None
    filesystem: str = "fat32"
    faults: Faults = NO_FAULTS


@dataclass(frozen=True, slots=True)
class BuiltRecorder:
    """A virtual recorder, ready to be plugged in.

    Attributes:
        device: What answers on USB.
        volume: The volume of its card; ``None`` where it shows none.
    """

    device: VirtualDevice
    volume: Volume | None

    def close(self) -> None:
        """Close the host's files."""
        if self.volume is not None:
            self.volume.close()


def build_recorder(card: Folder, plan: RecorderPlan) -> BuiltRecorder:
    """Build a virtual recorder.

    Raises:
        FileTooLargeError: A file does not fit the file system.
        FaultScriptError: The script speaks of a file that is not on the card.
    """
    return FAMILIES[plan.family](_with_clock(card, plan.faults), plan)


def read_card(footage: Path) -> Folder:
    """Take a folder of footage as it is now.

    Raises:
        OSError: The folder cannot be read.
    """
    return scan_folder(footage)


def with_identity_file(card: Folder, *, serial: str, officer: str | None = None) -> Folder:
    """Put an identity file for the recorder beside the footage, unless that brings its own."""
    if any(file.name.lower() == IDENTITY_FILE.lower() for file in card.files):
        return card
    lines = [f"serial={serial}", f"officer={officer}"] if officer else [f"serial={serial}"]
    content = "".join(f"{line}\r\n" for line in lines).encode()
    return Folder(card.name, card.folders, [CardFile(IDENTITY_FILE, len(content), _EPOCH, content), *card.files])


def build_volume(card: Folder, *, serial: str, filesystem: str = "fat32", faults: Faults = NO_FAULTS) -> Volume:
    """Lay out a card; the volume's serial number follows from the recorder's, so it is the same each time.

    Raises:
        FileTooLargeError: A file does not fit the file system.
    """
    volume_id = int.from_bytes(sha256(serial.encode())[:4], "big")
    return FILE_SYSTEMS[filesystem](card, volume_id=volume_id, faults=faults)


def build_disk(volume: Volume, faults: Faults, *, inquiry_text: bytes | None = None) -> ScsiTarget:
    """Put a volume into a disk.

    Raises:
        FaultScriptError: The script speaks of a file that is not on it.
    """
    medium = None if faults.no_card else Overlay(volume)
    named = {} if inquiry_text is None else {"inquiry_text": inquiry_text}
    return ScsiTarget(medium, faults=faults, unreadable=_unreadable(volume, faults), **named)


def _build_mass_storage(card: Folder, plan: RecorderPlan) -> BuiltRecorder:
    volume = build_volume(
        with_identity_file(card, serial=plan.serial, officer=plan.officer), serial=plan.serial, filesystem=plan.filesystem, faults=plan.faults
    )
    return BuiltRecorder(MassStorageDevice(build_disk(volume, plan.faults)), volume)


def _build_mtp(card: Folder, plan: RecorderPlan) -> BuiltRecorder:
    from device_drivers.simulated.mtp_device import build_mtp_device  # noqa: PLC0415 - a disk needs none of it, and starts sooner without

    return BuiltRecorder(build_mtp_device(card, serial=plan.serial, officer=plan.officer, faults=plan.faults), None)


def _with_clock(card: Folder, faults: Faults) -> Folder:
    """Let every file have been made when the recorder's clock says, where the script sets it."""
    if faults.clock is None:
        return card
    moment = datetime.fromisoformat(faults.clock).replace(tzinfo=RECORDER_ZONE)
    files = [replace(file, modified=moment) for file in card.files]
    return Folder(card.name, [_with_clock(folder, faults) for folder in card.folders], files)


def _unreadable(volume: Volume, faults: Faults) -> list[tuple[int, int]]:
    stretches = []
    for each in faults.unreadable:
        start = volume.offset_of(each.path)
        if start is None:
            raise FaultScriptError(f"no file {each.path!r} with any content is on the card")
        stretches.append((start + each.offset, each.length))
    return stretches


FILE_SYSTEMS: dict[str, Callable[..., Volume]] = {"fat32": Fat32Volume}
FAMILIES: dict[str, Callable[[Folder, RecorderPlan], BuiltRecorder]] = {
    "mass-storage": _build_mass_storage,
    "mtp": _build_mtp,
}
