"""System calls that the standard library does not offer: namespaces, mounting, giving up rights. Linux only.

Numbers are those of Linux's ``sched.h``, ``mount.h``, ``prctl.h`` and ``capability.h``.
"""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from device_drivers.errors import FileRemovalError, RecorderUnpluggedError
from device_drivers.transports.filesystem_child.layout import VolumeLayout

_CLONE_NEWNS, _CLONE_NEWIPC, _CLONE_NEWNET = 0x0002_0000, 0x0800_0000, 0x4000_0000
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_SYNCHRONOUS = 2, 4, 8, 16
_MS_NOATIME, _MS_NODIRATIME, _MS_REC, _MS_PRIVATE = 1024, 2048, 16_384, 1 << 18
_HARMLESS = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC
_PR_SET_NO_NEW_PRIVS = 38
_CAPABILITY_VERSION_3 = 0x2008_0522
_CAP_SYS_ADMIN = 1 << 21
_WORKPLACE = Path("/run")
"""Covered by an empty file system of the program's own while it works; nothing that it still loads lies there."""
_VFAT_OPTIONS = "utf8=1,codepage=437,shortname=winnt,tz=UTC,errors=remount-ro"
_EXFAT_OPTIONS = "iocharset=utf8,errors=remount-ro"
"""Names as UTF-8 and times as they stand on the medium: without an offset of their own they read as UTC."""
_GONE = {errno.ENXIO, errno.ENODEV, errno.ENOMEDIUM}

_libc = ctypes.CDLL(None, use_errno=True)


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapabilitySet(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def isolate() -> None:
    """Take namespaces of one's own for mounts, network and inter-process communication; mounts made from now on are seen by nobody else.

    Raises:
        FileRemovalError: The program is not allowed to.
    """
    try:
        _call("unshare", _CLONE_NEWNS | _CLONE_NEWNET | _CLONE_NEWIPC)
        _call("mount", None, b"/", None, ctypes.c_ulong(_MS_REC | _MS_PRIVATE), None)
    except OSError as error:
        raise FileRemovalError(f"the program has no right to mount: {error.strerror}") from error


@contextmanager
def mounted(node: Path, layout: VolumeLayout) -> Iterator[int]:
    """Mount a volume for writing where only this program sees it; give its root directory as a descriptor, and unmount it afterwards.

    Raises:
        FileRemovalError: It cannot be mounted or unmounted.
        RecorderUnpluggedError: It left.
    """
    folder = _WORKPLACE / "volume"
    kind, options = ("exfat", _EXFAT_OPTIONS) if layout.is_exfat else ("vfat", _VFAT_OPTIONS)
    flags = _HARMLESS | _MS_SYNCHRONOUS | _MS_NOATIME | _MS_NODIRATIME  # the time of reading is a change too
    try:
        _mount("tmpfs", _WORKPLACE, "tmpfs", flags=_HARMLESS, options="size=64k,mode=700")
        folder.mkdir()
        _mount(str(node), folder, kind, flags=flags, options=options)
    except OSError as error:
        if error.errno in _GONE and not node.exists():
            raise RecorderUnpluggedError("removing files") from error
        raise FileRemovalError(f"the volume cannot be mounted as {kind}: {error.strerror}") from error
    try:
        root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            yield root
        finally:
            os.close(root)
    finally:
        _unmount(folder)


def give_up_rights() -> None:
    """Keep the one capability that unmounting takes; run no program with more rights from now on."""
    _call("prctl", _PR_SET_NO_NEW_PRIVS, *map(ctypes.c_ulong, (1, 0, 0, 0)))
    sets = (_CapabilitySet * 2)(_CapabilitySet(_CAP_SYS_ADMIN, _CAP_SYS_ADMIN, 0), _CapabilitySet(0, 0, 0))
    _call("capset", ctypes.byref(_CapabilityHeader(_CAPABILITY_VERSION_3, 0)), sets)


def _mount(source: str, target: Path, kind: str, *, flags: int, options: str) -> None:
    _call("mount", os.fsencode(source), os.fsencode(target), kind.encode(), ctypes.c_ulong(flags), options.encode())


def _unmount(folder: Path) -> None:
    try:
        _call("umount2", os.fsencode(folder), 0)
    except OSError as error:
        raise FileRemovalError(f"the volume cannot be unmounted: {error.strerror}") from error


def _call(name: str, *arguments: object) -> None:
    """Make a call that answers 0, or raise the error that it left."""
    if getattr(_libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
