"""Where an original lies in a package: its path, and the pieces it is cut into where a medium takes no longer files. Pure."""

import re
from dataclasses import dataclass
from uuid import UUID

_ENDING = re.compile(r"\.[A-Za-z0-9]{1,16}\Z", re.ASCII)
LONGEST_FAT32_FILE = 4 * 1024**3 - 1
"""Largest file of a FAT32 volume, in bytes (Microsoft FAT specification, directory entry: DIR_FileSize is 32 bits)."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of an original's bytes, as a file of its own."""

    path: str
    offset: int
    size_bytes: int


def ending_of(name: str) -> str:
    """Ending of a recorder's name, with its dot, when it is nothing but letters and digits; else nothing."""
    found = _ENDING.search(name)
    return found.group() if found else ""


def pieces_of(clip_id: UUID, name: str, size_bytes: int, *, piece_bytes: int | None) -> list[Piece]:
    """Cut an original into pieces; it stays whole when it is no longer than one."""
    path = f"data/{clip_id}/original{ending_of(name)}"
    if piece_bytes is None or size_bytes <= piece_bytes:
        return [Piece(path, 0, size_bytes)]
    starts = range(0, size_bytes, piece_bytes)
    return [Piece(f"{path}.{number:03}", start, min(piece_bytes, size_bytes - start)) for number, start in enumerate(starts, start=1)]


def root_of(package_id: UUID, *, number: int, count: int) -> str:
    """Name of the folder that everything lies in."""
    return f"evidence-{package_id}" if count == 1 else f"evidence-{package_id}-volume-{number}"
