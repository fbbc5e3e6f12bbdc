"""A disk as a row of bytes that can be read at any place: an image file or a block device.

``transports.bulk_only_scsi`` keeps the same promise for a disk behind USB.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import struct
from pathlib import Path
from typing import Protocol

from device_drivers.errors import AccessDeniedError, RecorderReadError, RecorderUnpluggedError, UnsupportedRecorderError

_BLKGETSIZE64 = 0x80081272
"""``ioctl`` number for a block device's size in bytes (Linux, ``fs.h``; 64-bit machines)."""
_GONE = {errno.ENODEV, errno.ENXIO, errno.ENOMEDIUM}


class Disk(Protocol):
    """Bytes at offsets, read only. Several readers may share one."""

    @property
    def title(self) -> str:
        """What a person calls this disk."""

    @property
    def size_bytes(self) -> int:
        """Size of the medium."""

    def read_at(self, offset: int, buffer: memoryview) -> int:
        """Fill a buffer from an offset; less only where the medium ends.

        Raises:
            RecorderUnpluggedError: The medium left.
            RecorderReadError: This stretch cannot be read.
            RecorderError: The way to the medium failed.
        """

    def close(self) -> None:
        """Let go of the disk; calling again does nothing."""


class ImageDisk:
    """An image file or a block device, opened for reading only."""

    def __init__(self, path: Path) -> None:
        """Open it.

        Raises:
            UnsupportedRecorderError: It does not exist, or is neither a regular file nor a block device.
            AccessDeniedError: This program may not read it.
            RecorderReadError: It cannot be opened otherwise.
        """
        self._path = path
        self._descriptor = _open_read_only(path)
        try:
            self._size_bytes = _measure(path, self._descriptor)
        except BaseException:
            self.close()
            raise

    @property
    def title(self) -> str:
        """Name of the file or device."""
        return self._path.name

    @property
    def size_bytes(self) -> int:
        """Size when it was opened."""
        return self._size_bytes

    def read_at(self, offset: int, buffer: memoryview) -> int:
        """Fill a buffer from an offset; see :class:`Disk`."""
        filled = 0
        while filled < len(buffer):
            try:
                count = os.preadv(self._descriptor, [buffer[filled:]], offset + filled)
            except OSError as error:
                if error.errno in _GONE:
                    raise RecorderUnpluggedError(f"reading {self.title}") from error
                raise RecorderReadError(self.title, offset + filled, error.strerror or str(error)) from error
            if not count:
                break
            filled += count
        return filled

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _open_read_only(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a FIFO must not hang us; files and disks ignore it
    except PermissionError as error:
        raise AccessDeniedError(str(path)) from error
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UnsupportedRecorderError(str(path), "there is no such file or device") from error
    except OSError as error:
        raise RecorderReadError(str(path), 0, error.strerror or str(error)) from error


def _measure(path: Path, descriptor: int) -> int:
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode):
        return status.st_size
    if stat.S_ISBLK(status.st_mode):
        answer = bytearray(8)
        try:
            fcntl.ioctl(descriptor, _BLKGETSIZE64, answer)
        except OSError as error:
            raise RecorderReadError(str(path), 0, error.strerror or str(error)) from error
        return int(struct.unpack("=Q", answer)[0])
    raise UnsupportedRecorderError(str(path), "it is neither an image file nor a block device")
