"""What lies on a virtual recorder's card: a tree of folders and files, whose bytes stay where they are."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

_OPEN_FILES = 16


@dataclass(slots=True)
class CardFile:
    """One file: bytes in memory, or a file of the host.

    Attributes:
        name: Its name; anything at all.
        size_bytes: Its true size.
        modified: When it was last changed, aware.
        content: The bytes, or where they lie.
    """

    name: str
    size_bytes: int
    modified: datetime
    content: bytes | Path


@dataclass(slots=True)
class Folder:
    """One folder, with what is in it in order; names may repeat."""

    name: str = ""
    folders: list[Folder] = field(default_factory=list)
    files: list[CardFile] = field(default_factory=list)

    def walk(self, parent: str = "") -> Iterator[tuple[str, CardFile]]:
        """List every file below with its path."""
        for file in self.files:
            yield parent + file.name, file
        for folder in self.folders:
            yield from folder.walk(f"{parent}{folder.name}/")


def ghosts_of(paths: Iterable[str], parent: str) -> list[str]:
    """Pick the names of those paths that lie in a folder itself; ``parent`` is its path with ``/`` at the end, empty for the root."""
    return [path[len(parent) :] for path in paths if path.startswith(parent) and "/" not in path[len(parent) :]]


def scan_folder(path: Path, name: str = "") -> Folder:
    """Take a folder of the host as it is now; anything but regular files and folders is left out."""
    folder = Folder(name)
    with os.scandir(path) as entries:
        for entry in sorted(entries, key=lambda each: each.name):
            if entry.is_dir(follow_symlinks=False):
                folder.folders.append(scan_folder(Path(entry.path), entry.name))
            elif entry.is_file(follow_symlinks=False):
                status = entry.stat(follow_symlinks=False)
                folder.files.append(CardFile(entry.name, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC), Path(entry.path)))
    return folder


class ContentReader:
    """Reads stretches of card files, keeping a few of the host's files open."""

    def __init__(self) -> None:
        self._open: OrderedDict[Path, int] = OrderedDict()

    def read(self, file: CardFile, offset: int, length: int) -> bytes:
        """Read a stretch; what the file does not hold reads as zeros."""
        content = file.content
        piece = content[offset : offset + length] if isinstance(content, bytes) else os.pread(self._descriptor(content), length, offset)
        return piece if len(piece) == length else piece.ljust(length, b"\0")

    def close(self) -> None:
        """Close the host's files."""
        while self._open:
            os.close(self._open.popitem()[1])

    def _descriptor(self, path: Path) -> int:
        descriptor = self._open.pop(path, None)
        if descriptor is None:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            if len(self._open) >= _OPEN_FILES:
                os.close(self._open.popitem(last=False)[1])
        self._open[path] = descriptor
        return descriptor
