"""Whole virtual recorders, by family: a card with footage, and the device that gives it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from device_drivers.simulated.ambarella_device import (
    STORAGE_PRODUCT,
    VENDOR_ID,
    AmbarellaDevice,
    AsciiConversation,
    BinaryConversation,
    Conversation,
)
from device_drivers.simulated.exfat import ExfatVolume
from device_drivers.simulated.fat32 import Fat32Volume
from device_drivers.simulated.fat32_entries import RECORDER_ZONE
from device_drivers.simulated.faults import NO_FAULTS, Faults, FaultScriptError
from device_drivers.simulated.footage import CardFile, Folder
from device_drivers.simulated.jieli_target import INQUIRY_TEXT as JIELI_INQUIRY_TEXT
from device_drivers.simulated.jieli_target import JieliTarget, RecorderRecord
from device_drivers.simulated.mass_storage_device import MassStorageDevice
from device_drivers.simulated.overlay import Overlay
from device_drivers.simulated.scsi_target import INQUIRY_TEXT, ScsiTarget
from device_drivers.simulated.usb_device import DeviceFacts, VirtualDevice
from integrity.hashing import sha256

IDENTITY_FILE = "RECORDER.TXT"
NOVATEK_INQUIRY_TEXT = b"NOVATEKNvt-DSC          1.00"
_NOVATEK = DeviceFacts(0x0603, 0x8611, serial="966110000000100", product="vt-DSC")
"""Every unit may show this USB serial."""
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
        record_bytes: Layout of a JieLi record, 94 or 89 bytes.
        encoding: Of the texts in it, ``gbk`` or ``utf-8``.
        officer_name: Officer name in it.
    """

    family: str
    serial: str
    officer: str | None = None
    filesystem: str = "fat32"
    faults: Faults = NO_FAULTS
    record_bytes: int = 94
    encoding: str = "gbk"
    officer_name: str = ""


@dataclass(frozen=True, slots=True)
class BuiltRecorder:
    """A virtual recorder, ready to be plugged in.

    Attributes:
        device: What answers on USB.
        volume: The volume of its card; ``None`` where it shows none.
        close: Closes the host's files.
    """

    device: VirtualDevice
    volume: Volume | None
    close: Callable[[], None]


def build_recorder(card: Folder, plan: RecorderPlan) -> BuiltRecorder:
    """Build a virtual recorder.

    Raises:
        FileTooLargeError: A file does not fit the file system.
        FaultScriptError: The script speaks of a file that is not on the card.
    """
    return FAMILIES[plan.family](_with_clock(card, plan.faults), plan)


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


def build_disk(volume: Volume, faults: Faults, *, inquiry_text: bytes = INQUIRY_TEXT) -> ScsiTarget:
    """Put a volume into a disk.

    Raises:
        FaultScriptError: The script speaks of a file that is not on it.
    """
    medium = None if faults.no_card else Overlay(volume)
    return ScsiTarget(medium, faults=faults, unreadable=_unreadable(volume, faults), inquiry_text=inquiry_text)


def _build_mass_storage(card: Folder, plan: RecorderPlan) -> BuiltRecorder:
    return _build_plain_disk(card, plan, INQUIRY_TEXT, DeviceFacts())


def _build_novatek(card: Folder, plan: RecorderPlan) -> BuiltRecorder:
    return _build_plain_disk(card, plan, NOVATEK_INQUIRY_TEXT, _NOVATEK)


def _build_plain_disk(card: Folder, plan: RecorderPlan, inquiry_text: bytes, facts: DeviceFacts) -> BuiltRecorder:
    volume = _plan_volume(with_identity_file(card, serial=plan.serial, officer=plan.officer), plan)
    return BuiltRecorder(MassStorageDevice(build_disk(volume, plan.faults, inquiry_text=inquiry_text), facts), volume, volume.close)


def _build_jieli(card: Folder, plan: RecorderPlan) -> BuiltRecorder:
    volume = _plan_volume(card, plan)
    disk = MassStorageDevice(build_disk(volume, plan.faults, inquiry_text=JIELI_INQUIRY_TEXT))
    record = RecorderRecord(plan.serial, plan.officer or "", plan.officer_name, record_bytes=plan.record_bytes, encoding=plan.encoding)
    target = JieliTarget(record, faults=plan.faults)
    return BuiltRecorder(MassStorageDevice(target, changes_into=lambda: disk if target.becomes_a_disk else None), volume, volume.close)


def _build_ambarella(card: Folder, plan: RecorderPlan) -> BuiltRecorder:
    return _build_piped(card, plan, AsciiConversation(plan.serial, faults=plan.faults), DeviceFacts())


def _build_bc300(card: Folder, plan: RecorderPlan) -> BuiltRecorder:
    return _build_piped(card, plan, BinaryConversation(faults=plan.faults), DeviceFacts(VENDOR_ID, STORAGE_PRODUCT))


def _build_piped(card: Folder, plan: RecorderPlan, conversation: Conversation, disk_facts: DeviceFacts) -> BuiltRecorder:
    volume = _plan_volume(card, plan)
    disk = MassStorageDevice(build_disk(volume, plan.faults), disk_facts)
    return BuiltRecorder(AmbarellaDevice(conversation, disk, faults=plan.faults), volume, volume.close)


def _plan_volume(card: Folder, plan: RecorderPlan) -> Volume:
    return build_volume(card, serial=plan.serial, filesystem=plan.filesystem, faults=plan.faults)


def _build_mtp(card: Folder, plan: RecorderPlan) -> BuiltRecorder:
    from device_drivers.simulated.mtp_device import build_mtp_device  # noqa: PLC0415 - a disk needs none of it, and starts sooner without

    device = build_mtp_device(card, serial=plan.serial, officer=plan.officer, faults=plan.faults)
    return BuiltRecorder(device, None, device.close)


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


FILE_SYSTEMS: dict[str, Callable[..., Volume]] = {"fat32": Fat32Volume, "exfat": ExfatVolume}
FAMILIES: dict[str, Callable[[Folder, RecorderPlan], BuiltRecorder]] = {
    "mass-storage": _build_mass_storage,
    "novatek": _build_novatek,
    "jieli": _build_jieli,
    "ambarella": _build_ambarella,
    "ambarella-bc300": _build_bc300,
    "mtp": _build_mtp,
}
