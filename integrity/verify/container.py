"""A package as a set of named streams, be it a ZIP file or a folder; what could mislead somebody who unpacks it is refused.

Names are ASCII letters, digits and ``._-``, so they need no normalisation; two that differ only in case, or in dots at an end, are one on some
systems and count as doubled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from integrity.verify.errors import RefusedPackageError
from integrity.verify.zip_archive import MAX_ENTRIES, RandomAccess, read_entries

CHUNK_BYTES = 128 * 1024
"""Small enough to be still in the processor's cache when it is hashed."""
MAX_TAG_FILE_BYTES = 64 * 1024**2
PAYLOAD = "data/"
FOLDER_NAME = re.compile(r"evidence-(?P<id>[A-Za-z0-9_]+(?:-[A-Za-z0-9_]+)*?)(?:-volume-[1-9][0-9]{0,5})?")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,120}")
_MAX_DEPTH = 8


class ReadInto(RandomAccess, Protocol):
    """A file that can be read anywhere, into memory that is there already."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Read into a buffer; the bytes read, 0 at the end."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A name met in a folder.

    Attributes:
        path: Names below the folder, joined by ``/``.
        size_bytes: Its length.
        is_regular: Whether it is a file, and no link, device, pipe or socket.
    """

    path: str
    size_bytes: int
    is_regular: bool = True


@dataclass(frozen=True, slots=True)
class Container:
    """A package that can be read.

    Attributes:
        label: What the caller knows it by.
        folder_id: The package's id in the name of its folder; ``None`` for a folder on a disk, which people may name as they like.
        sizes: Length of each file in bytes, by its path below the package's folder.
        open: Gives a file's bytes, in views of at most :data:`CHUNK_BYTES` that the next one overwrites.
    """

    label: str
    folder_id: str | None
    sizes: Mapping[str, int]
    open: Callable[[str], Iterator[memoryview]]

    def read_small(self, path: str, limit_bytes: int = MAX_TAG_FILE_BYTES) -> bytes:
        """A whole file that is not long.

        Raises:
            RefusedPackageError: It is longer than the limit, or cannot be read.
        """
        if self.sizes[path] > limit_bytes:
            raise RefusedPackageError("too_long", path)
        return b"".join(bytes(chunk) for chunk in self.open(path))

    def payload(self) -> list[str]:
        """Paths of what was handed over, sorted."""
        return sorted(path for path in self.sizes if path.startswith(PAYLOAD))

    def tag_files(self) -> list[str]:
        """Paths of everything else, sorted."""
        return sorted(path for path in self.sizes if not path.startswith(PAYLOAD))


def zip_container(label: str, file: ReadInto, size_bytes: int) -> Container:
    """Read a ZIP file's directory.

    Args:
        label: What the caller knows it by.
        file: The ZIP, which must stay open.
        size_bytes: Its length.

    Raises:
        RefusedPackageError: It is no package that may be read.
    """
    entries = read_entries(file, size_bytes)
    folders = {entry.name.partition("/")[0] for entry in entries}
    for entry in entries:
        _check_path(entry.name)
        if "/" not in entry.name:
            raise RefusedPackageError("outside", entry.name)
    folder = min(folders)
    named = FOLDER_NAME.fullmatch(folder)
    if len(folders) != 1 or named is None:
        raise RefusedPackageError("outside", next((name for name in sorted(folders) if not FOLDER_NAME.fullmatch(name)), max(folders)))
    by_path = {entry.name.partition("/")[2]: entry for entry in entries}
    _check_paths(by_path)

    def read(path: str) -> Iterator[memoryview]:
        file.seek(by_path[path].data_offset)
        return _chunks(file, path, by_path[path].size_bytes)

    return Container(label, named["id"], {path: entry.size_bytes for path, entry in by_path.items()}, read)


def folder_container(label: str, found: Iterable[FoundFile], open_file: Callable[[str], AbstractContextManager[ReadInto]]) -> Container:
    """Take a folder's files.

    Args:
        label: What the caller knows it by.
        found: Every name below it that is no folder.
        open_file: Opens a regular file by its path, following no link.

    Raises:
        RefusedPackageError: It is no package that may be read.
    """
    sizes: dict[str, int] = {}
    for file in found:
        if len(sizes) >= MAX_ENTRIES:
            raise RefusedPackageError("too_many")
        if not file.is_regular:
            raise RefusedPackageError("not_regular", file.path)
        _check_path(file.path)
        sizes[file.path] = file.size_bytes
    if not sizes:
        raise RefusedPackageError("empty")
    _check_paths(sizes)

    def read(path: str) -> Iterator[memoryview]:
        with open_file(path) as file:
            yield from _chunks(file, path, sizes[path])
            if file.read(1):
                raise RefusedPackageError("changed", path)

    return Container(label, None, sizes, read)


def _check_path(path: str) -> None:
    names = path.split("/")
    if len(names) > _MAX_DEPTH or not all(_NAME.fullmatch(name) and name.strip(".") for name in names):
        raise RefusedPackageError("name", path)


def _check_paths(paths: Iterable[str]) -> None:
    seen: set[str] = set()
    folders: set[str] = set()
    for path in paths:
        names = [name.rstrip(".").casefold() for name in path.split("/")]
        folded = "/".join(names)
        if folded in seen:
            raise RefusedPackageError("duplicate", path)
        seen.add(folded)
        folders.update("/".join(names[:depth]) for depth in range(1, len(names)))
    if clash := sorted(seen & folders):
        raise RefusedPackageError("duplicate", clash[0])


def _chunks(file: ReadInto, path: str, size_bytes: int) -> Iterator[memoryview]:
    buffer = memoryview(bytearray(min(CHUNK_BYTES, max(size_bytes, 1))))
    missing = size_bytes
    while missing:
        count = file.readinto(buffer[:missing])
        if not count:
            raise RefusedPackageError("changed", path)
        yield buffer[:count]
        missing -= count
