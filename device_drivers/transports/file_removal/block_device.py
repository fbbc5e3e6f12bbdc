"""The block device of a USB disk's volume, found through ``sysfs`` by the place on USB and checked. Linux only."""

from __future__ import annotations

import errno
import os
import stat
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from device_drivers.errors import FileRemovalError, MalformedReplyError, RecorderUnpluggedError
from device_drivers.transports.file_removal.request import RemovalRequest
from device_drivers.transports.filesystem_child.layout import BOOT_BYTES, VolumeLayout, parse_boot_sector

_USB_DEVICES = Path("/sys/bus/usb/devices")
_NODES = Path("/dev")
_SYSFS_SECTOR_BYTES = 512
"""``start`` and ``size`` count these whatever the disk's own sectors are (Linux, ``Documentation/block/stat.rst``)."""
_APPEARS_WITHIN_S = 20.0
_LOOK_AGAIN_S = 0.05
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class BlockDevice:
    """A volume's block device.

    Attributes:
        folder: Where ``sysfs`` shows the disk.
        disk: Node of the whole disk.
        node: Node of the volume: the disk or one of its partitions.
    """

    folder: Path
    disk: Path
    node: Path

    @property
    def is_there(self) -> bool:
        """Whether the disk is still plugged in."""
        return self.folder.is_dir()

    def open_unused(self) -> int:
        """Open the volume's node for reading, having seen that nobody, in any namespace, has mounted or otherwise taken the disk.

        Raises:
            FileRemovalError: It is in use, write-protected, or no node of this device.
            RecorderUnpluggedError: It left.
        """
        if _read(self.folder / "ro") == "1":
            raise FileRemovalError("the medium is write-protected")
        try:
            os.close(os.open(self.disk, _OPEN | os.O_EXCL))
            return os.open(self.node, _OPEN)
        except OSError as error:
            if error.errno in (errno.ENXIO, errno.ENODEV, errno.ENOENT, errno.ENOMEDIUM):
                raise RecorderUnpluggedError("removing files") from error
            reason = "is in use on this machine" if error.errno == errno.EBUSY else f"cannot be opened: {error.strerror}"
            raise FileRemovalError(f"{self.disk} {reason}") from error


def await_block_device(
    request: RemovalRequest, *, within_s: float = _APPEARS_WITHIN_S, devices: Path = _USB_DEVICES, nodes: Path = _NODES
) -> BlockDevice:
    """Wait until the kernel shows a request's volume; its driver has just been given the device.

    Raises:
        RecorderUnpluggedError: There is no such USB device.
        FileRemovalError: It has no such volume within the time, or its node is another device's.
    """
    deadline = time.monotonic() + within_s
    while (found := _find(request, devices, nodes)) is None:
        if not (devices / request.port).exists():
            raise RecorderUnpluggedError("removing files")
        if time.monotonic() >= deadline:
            raise FileRemovalError(f"the kernel shows no volume at byte {request.offset_bytes} of unit {request.unit} on port {request.port}")
        time.sleep(_LOOK_AGAIN_S)
    for node in {found.disk, found.node}:
        _check_node(node, found.folder if node == found.disk else found.folder / node.name)
    return found


def read_layout(descriptor: int, volume_id: str) -> VolumeLayout:
    """Read the boot sector of an open volume.

    Raises:
        FileRemovalError: It is no FAT or exFAT volume, or not the one that is meant.
    """
    try:
        layout = parse_boot_sector(os.pread(descriptor, BOOT_BYTES, 0))
    except (MalformedReplyError, OSError) as error:
        raise FileRemovalError(f"the volume cannot be read: {error}") from error
    if layout.volume_id != volume_id:
        raise FileRemovalError(f"the volume is {layout.volume_id}, not {volume_id}")
    return layout


def _find(request: RemovalRequest, devices: Path, nodes: Path) -> BlockDevice | None:
    pattern = f"{request.port}:*.{request.interface_number}/host*/target*/*:{request.unit}/block/*"
    for folder in devices.glob(pattern):
        if _read(folder / "size") in (None, "0"):  # no medium, or not yet measured
            continue
        if not request.offset_bytes:
            return BlockDevice(folder, nodes / folder.name, nodes / folder.name)
        for part in folder.glob("*/partition"):
            start = _read(part.parent / "start")
            if start is not None and int(start) * _SYSFS_SECTOR_BYTES == request.offset_bytes:
                return BlockDevice(folder, nodes / folder.name, nodes / part.parent.name)
    return None


def _check_node(node: Path, folder: Path) -> None:
    """See that a node really is the device that ``sysfs`` means."""
    try:
        status = node.stat(follow_symlinks=False)
    except OSError as error:
        raise FileRemovalError(f"{node} cannot be looked at: {error.strerror}") from error
    number = f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"
    if not stat.S_ISBLK(status.st_mode) or number != _read(folder / "dev"):
        raise FileRemovalError(f"{node} is not the disk that it should be")


def _read(path: Path) -> str | None:
    with suppress(OSError):
        return path.read_text(encoding="ascii").strip()
    return None
