"""A folder as a recorder: every file below it is listed and read, nothing in it is ever changed, and no link is followed out of it."""

from __future__ import annotations

import base64
import os
import stat
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from device_drivers.errors import AccessDeniedError, ListingIncompleteError, RecorderReadError, UnsupportedCommandError, UnsupportedRecorderError
from device_drivers.recorder import Capabilities, RecorderStatus, Removal
from integrity.listing import ClockReading, RecordedFile, RecorderIdentity

FAMILY = "import"
_SHOWN_AT_MOST = 5
_OPEN_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


class FolderFile:
    """One file of a folder; keeps the promise of ``device_drivers.recorder.RecordedFileReader``."""

    def __init__(self, descriptor: int, path: str, offset: int) -> None:
        self._descriptor: int | None = descriptor
        self._path = path
        self._offset = offset

    def readinto(self, buffer: memoryview) -> int:
        """Fill a buffer; see ``RecordedFileReader``."""
        if self._descriptor is None:
            raise RecorderReadError(self._path, self._offset, "it is closed")
        filled = 0
        try:
            while filled < len(buffer):
                count = os.preadv(self._descriptor, [buffer[filled:]], self._offset + filled)
                if not count:
                    break
                filled += count
        except OSError as error:
            raise RecorderReadError(self._path, self._offset + filled, error.strerror or str(error)) from error
        self._offset += filled
        return filled

    def close(self) -> None:
        """Close it; calling again does nothing."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class FolderSource:
    """A folder, or a single file, as a recorder without clock and identity; keeps the promise of ``device_drivers.recorder.Recorder``.

    Its identity names the import, so that files are recognised within one import and in no other.

    Args:
        path: The folder or file.
        import_id: The import it is brought by.

    Raises:
        UnsupportedRecorderError: It is neither.
        AccessDeniedError: It may not be read.
    """

    capabilities = Capabilities()
    usb_address: tuple[int, int] | None = None

    def __init__(self, path: Path, *, import_id: str) -> None:
        self._import_id = import_id
        root = os.fsencode(path.absolute())
        try:
            kind = os.stat(root).st_mode  # noqa: PTH116 - paths stay bytes here, as the folder keeps them
        except PermissionError as error:
            raise AccessDeniedError(str(path)) from error
        except OSError as error:
            raise UnsupportedRecorderError(str(path), error.strerror or str(error)) from error
        if not (stat.S_ISDIR(kind) or stat.S_ISREG(kind)):
            raise UnsupportedRecorderError(str(path), "it is neither a folder nor a file")
        self._single = None if stat.S_ISDIR(kind) else os.path.basename(root)  # noqa: PTH119 - likewise
        self._root = root if self._single is None else os.path.dirname(root)  # noqa: PTH120 - likewise

    def identity(self) -> RecorderIdentity:
        """The import."""
        return RecorderIdentity(FAMILY, volume_label=self._import_id)

    def read_clock(self) -> ClockReading | None:
        """There is none."""
        return None

    def set_clock(self, moment: datetime) -> None:
        """There is none."""
        del moment
        raise UnsupportedCommandError("set its clock")

    def read_status(self) -> RecorderStatus:
        """Nothing is known."""
        return RecorderStatus()

    def list_files(self) -> Iterator[RecordedFile]:
        """List every file by path; links, devices and what cannot be read are named at the end.

        Raises:
            ListingIncompleteError: Something is left out.
        """
        missing: list[str] = []
        names = [self._single] if self._single is not None else self._walk(b"", missing)
        for name in names:
            file = self._describe(name, missing)
            if file is not None:
                yield file
        if missing:
            more = [f"and {len(missing) - _SHOWN_AT_MOST} more"] if len(missing) > _SHOWN_AT_MOST else []
            raise ListingIncompleteError((*missing[:_SHOWN_AT_MOST], *more))

    def open_file(self, file: RecordedFile, offset: int = 0) -> FolderFile:
        """Open a listed file; see ``Recorder.open_file``."""
        descriptor = self._open(base64.b64decode(file.path_raw_base64), file.path)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise RecorderReadError(file.path, offset, "it is no file any more")
        return FolderFile(descriptor, file.path, offset)

    def remove_files(self, files: Sequence[RecordedFile]) -> Iterator[Removal]:
        """What is imported stays where it is."""
        del files
        raise UnsupportedCommandError("remove files")

    def close(self) -> None:
        """Nothing to let go of."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _walk(self, below: bytes, missing: list[str]) -> Iterator[bytes]:
        try:
            with os.scandir(os.path.join(self._root, below)) as found:  # noqa: PTH118 - paths stay bytes
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            missing.append(f"{readable_path(below)}: {error.strerror}")
            return
        for entry in entries:
            path = below + b"/" + entry.name if below else entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from self._walk(path, missing)
            else:
                yield path

    def _describe(self, name: bytes, missing: list[str]) -> RecordedFile | None:
        path = readable_path(name)
        try:
            facts = os.lstat(os.path.join(self._root, name))  # noqa: PTH118 - paths stay bytes
        except OSError as error:
            missing.append(f"{path}: {error.strerror}")
            return None
        if not stat.S_ISREG(facts.st_mode):
            missing.append(f"{path}: it is a link or no file, and is not followed")
            return None
        changed = datetime.fromtimestamp(facts.st_mtime, UTC).isoformat(timespec="seconds")
        return RecordedFile(path, base64.b64encode(name).decode(), facts.st_size, modified=changed)

    def _open(self, name: bytes, path: str) -> int:
        """Open a file by walking down from the root, so that no part of its path is a link."""
        try:
            place = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                *folders, last = name.split(b"/")
                for folder in folders:
                    inner = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=place)
                    os.close(place)
                    place = inner
                return os.open(last, _OPEN_FLAGS, dir_fd=place)
            finally:
                os.close(place)
        except OSError as error:
            raise RecorderReadError(path, 0, error.strerror or str(error)) from error


def readable_path(raw: bytes) -> str:
    r"""Spell a path for people; bytes that are no UTF-8, control characters and backslashes as ``\xNN``."""
    return "".join(f"\\x{byte:02x}" if isinstance(byte, int) else byte for byte in _characters(raw))


def _characters(raw: bytes) -> Iterator[str | int]:
    for character in raw.decode("utf-8", "surrogateescape"):
        code = ord(character)
        if 0xDC80 <= code <= 0xDCFF:
            yield code - 0xDC00
        elif code < 0x20 or character in "\\\x7f":
            yield code
        else:
            yield character
