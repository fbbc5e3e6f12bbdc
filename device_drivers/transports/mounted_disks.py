"""Whether this machine uses a USB device's disk itself; such a device is left alone.

Linux only (``sysfs`` and ``/proc/self/mounts``); elsewhere nothing is found.
"""

from __future__ import annotations

from pathlib import Path

_DEVICES = Path("/sys/bus/usb/devices")
_MOUNTS = Path("/proc/self/mounts")
_SWAPS = Path("/proc/swaps")


def mounted_disk_of(port: str, interface_number: int, *, devices: Path = _DEVICES, tables: tuple[Path, ...] = (_MOUNTS, _SWAPS)) -> str | None:
    """Name the block device of a USB interface that is mounted or swapped to, or answer ``None``.

    Args:
        port: The kernel's name of the port, for instance ``1-2.3``.
        interface_number: Interface that carries the disk.
        devices: Where the kernel shows its USB devices.
        tables: Files whose lines begin with a block device in use.
    """
    used = _used_devices(tables)
    for folder in devices.glob(f"{port}:*.{interface_number}"):
        for block in folder.glob("host*/target*/*/block/*"):
            names = {block.name, *(part.parent.name for part in block.glob("*/partition"))}
            found = sorted(f"/dev/{name}" for name in names if f"/dev/{name}" in used)
            if found:
                return found[0]
    return None


def _used_devices(tables: tuple[Path, ...]) -> set[str]:
    used: set[str] = set()
    for table in tables:
        if table.is_file():
            lines = table.read_text(encoding="utf-8", errors="replace").splitlines()
            used.update(line.split()[0] for line in lines if line.startswith("/"))
    return used
