"""Look at each listed file again, and remove it only when it is still the one that was listed.

Works below a directory that is given as an open descriptor and never leaves it: names are taken from directory listings, never from the
request, links are not followed, and a file is judged and removed through descriptors that stay open meanwhile.
"""

from __future__ import annotations

import base64
import os
import stat
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from device_drivers.transports.filesystem_child.names import readable_text
from integrity.hashing import running_sha256
from integrity.listing import FINGERPRINT_SPAN_BYTES, RecordedFile

_SEPARATOR = "/".encode("utf-16-le")
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_OEM = "cp437"
"""How the kernel shows the bytes of a short name (its default code page, named when mounting): one character for every byte."""


class _ChangedError(Exception):
    """A file is not as it was listed; the text says in what."""


class _Folder:
    """An open directory and the names in it."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._by_raw: dict[bytes, str | None] = {}
        self._alike: Counter[str] = Counter()
        for name in os.listdir(descriptor):
            self._alike[_folded(name)] += 1
            for raw in _raw_forms(name):
                self._by_raw[raw] = None if raw in self._by_raw else name

    def find(self, raw: bytes, readable: str) -> str | None:
        """Give the name that a part of a listed path means, if it is here exactly once."""
        name = self._by_raw.get(raw)
        return name if name is not None and _reads_as(name, raw, readable) else None

    def has_twin(self, name: str) -> bool:
        """Whether FAT would take another name here for this one."""
        return self._alike[_folded(name)] > 1

    def forget(self, name: str) -> None:
        """Take out a name that was removed."""
        self._alike[_folded(name)] -= 1
        for raw in _raw_forms(name):
            self._by_raw.pop(raw, None)


class ListedFiles:
    """The files below one directory; ``with`` closes what was opened.

    Args:
        root: Descriptor of the directory that paths begin at; it stays open.
    """

    def __init__(self, root: int) -> None:
        self._root = root
        self._parents: tuple[bytes, str] | None = None
        self._folder: _Folder | None = None

    def remove(self, file: RecordedFile) -> str | None:
        """Remove a file if it is still as it was listed, and have that written to the medium.

        Returns:
            ``None`` when it was removed, else why it was left alone.
        """
        try:
            folder, name = self._locate(file)
            self._remove(folder, name, file)
        except _ChangedError as error:
            return str(error)
        except OSError as error:
            return f"the file could not be reached: {error.strerror or error}"
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._leave()

    def _locate(self, file: RecordedFile) -> tuple[_Folder, str]:
        """Find a file's directory, which stays open for the next file, and its name there."""
        raw = base64.b64decode(file.path_raw_base64)
        parents, _, readable = file.path.rpartition("/")
        folder = self._folder
        known = self._parents
        if folder is None or known is None or known[1] != parents or not raw.startswith(known[0]):
            self._leave()
            folder, used = self._walk(raw, parents.split("/") if parents else [])
            self._folder, known = folder, (used, parents)
            self._parents = known
        name = folder.find(raw[len(known[0]) :], readable)
        if name is None:
            raise _ChangedError("there is no such file")
        if folder.has_twin(name):
            raise _ChangedError("another name in its directory differs only in case or in dots at its end")
        return folder, name

    def _walk(self, raw: bytes, parts: list[str]) -> tuple[_Folder, bytes]:
        """Enter the directories of a path one by one; answer the last one and the raw bytes that led there."""
        descriptor = os.open(".", _DIRECTORY, dir_fd=self._root)
        try:
            folder = _Folder(descriptor)
            used = 0
            for readable in parts:
                name, used = _next_part(folder, raw, used, readable)
                below = os.open(name, _DIRECTORY, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = below
                folder = _Folder(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        return folder, raw[:used]

    def _remove(self, folder: _Folder, name: str, file: RecordedFile) -> None:
        descriptor = os.open(name, _FILE, dir_fd=folder.descriptor)
        try:
            _check(descriptor, file)
            opened, named = os.fstat(descriptor), os.stat(name, dir_fd=folder.descriptor, follow_symlinks=False)
            if (opened.st_dev, opened.st_ino) != (named.st_dev, named.st_ino):
                raise _ChangedError("its name means another file now")
            os.unlink(name, dir_fd=folder.descriptor)
            folder.forget(name)
            os.fsync(folder.descriptor)
        finally:
            os.close(descriptor)

    def _leave(self) -> None:
        folder, self._folder, self._parents = self._folder, None, None
        if folder is not None:
            os.close(folder.descriptor)


def _next_part(folder: _Folder, raw: bytes, start: int, readable: str) -> tuple[str, int]:
    """Find the directory that the next part of a raw path names; a separator's bytes may also lie across two characters, so each is tried."""
    end = raw.find(_SEPARATOR, start)
    while end >= 0:
        name = folder.find(raw[start:end], readable)
        if name is not None:
            if folder.has_twin(name):
                raise _ChangedError("another name beside one of its directories differs only in case or in dots at its end")
            return name, end + len(_SEPARATOR)
        end = raw.find(_SEPARATOR, end + 1)
    raise _ChangedError("one of its directories is not there")


def _check(descriptor: int, file: RecordedFile) -> None:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise _ChangedError("it is no file")
    if status.st_size != file.size_bytes:
        raise _ChangedError(f"its size is {status.st_size}, not {file.size_bytes}")
    if file.modified is not None and status.st_mtime_ns // 10**9 != _whole_seconds(file.modified):
        raise _ChangedError("it was changed at another time")
    if _fingerprint(descriptor, file.size_bytes) != file.fingerprint:
        raise _ChangedError("its content is another")


def _whole_seconds(wall_time: str) -> int:
    """Read a listed time as the mounted volume shows it: as UTC, unless the medium itself names an offset."""
    try:
        moment = datetime.fromisoformat(wall_time)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() // 1)
    except (ValueError, OverflowError) as error:
        raise _ChangedError("the time it was listed with is none") from error


def _fingerprint(descriptor: int, size_bytes: int) -> str:
    span = FINGERPRINT_SPAN_BYTES
    stretches = [(0, size_bytes)] if size_bytes <= 2 * span else [(0, span), (size_bytes - span, span)]
    digest = running_sha256()
    for offset, length in stretches:
        digest.update(os.pread(descriptor, length, offset))
    return digest.digest().hex()


def _raw_forms(name: str) -> Iterator[bytes]:
    """Give every way in which a name may stand in a listing: UTF-16LE, or the stored bytes of a short name."""
    yield name.encode("utf-16-le", "surrogatepass")
    try:
        stored = name.encode(_OEM)
    except UnicodeEncodeError:
        return
    if stored[:1] == b"\xe5":
        stored = b"\x05" + stored[1:]  # stored so because a first byte E5 means "deleted" (fatgen103)
    yield from {stored, stored.upper()}  # a flag may have the kernel show a short name in lower case


def _reads_as(name: str, raw: bytes, readable: str) -> bool:
    """Whether a listing would show a name so; short names beyond ASCII are read by another code page there, and only their bytes count."""
    if raw == name.encode("utf-16-le", "surrogatepass"):
        return readable_text(name) == readable
    return readable == name or not raw.isascii()


def _folded(name: str) -> str:
    return name.rstrip(". ").casefold()
