"""Write FAT directory entries. Pure; no input or output.

Source: Microsoft's FAT specification (fatgen103), "FAT Directory Structure" and "FAT Long Directory Entries".
"""

from __future__ import annotations

import struct
from datetime import datetime, timedelta, timezone

ENTRY_BYTES = 32
RECORDER_ZONE = timezone(timedelta(hours=8))
"""A card keeps wall time; virtual recorders live on China Standard Time."""
DIRECTORY, ARCHIVE, VOLUME_LABEL, LONG_NAME = 0x10, 0x20, 0x08, 0x0F
_ENTRY = struct.Struct("<11sBBBHHHHHHHI")
_LAST_PIECE = 0x40
_PIECE_BYTES = 26


def named_entry(name: str, number: int, size_bytes: int, *, attributes: int, first_cluster: int, modified: datetime) -> bytes:
    """Write the entries of a file or folder: its long name, and a short name made of its number in the folder, which keeps it unique."""
    stored = f"F{number:07X}".encode().ljust(11)
    return _long_name(name, stored) + plain_entry(
        stored, attributes=attributes, first_cluster=first_cluster, size_bytes=size_bytes, modified=modified
    )


def plain_entry(stored: bytes, *, attributes: int, first_cluster: int = 0, size_bytes: int = 0, modified: datetime) -> bytes:
    """Write one entry by its 11 stored bytes."""
    date, time, hundredths = dos_time(modified)
    return _ENTRY.pack(stored, attributes, 0, hundredths, time, date, date, first_cluster >> 16, time, date, first_cluster & 0xFFFF, size_bytes)


def entry_count(name: str) -> int:
    """Count the entries that :func:`named_entry` writes."""
    return 1 + -(-len(name_units(name)) // _PIECE_BYTES)


def _long_name(name: str, stored: bytes) -> bytes:
    units = name_units(name)
    count = -(-len(units) // _PIECE_BYTES)
    if len(units) < count * _PIECE_BYTES:
        units = (units + b"\0\0").ljust(count * _PIECE_BYTES, b"\xff")
    pieces = []
    for number in range(count, 0, -1):
        piece = units[(number - 1) * _PIECE_BYTES : number * _PIECE_BYTES]
        order = number | (_LAST_PIECE if number == count else 0)
        pieces.append(bytes([order]) + piece[:10] + bytes([LONG_NAME, 0, _checksum(stored)]) + piece[10:22] + b"\0\0" + piece[22:26])
    return b"".join(pieces)


def name_units(name: str) -> bytes:
    """Write a name in UTF-16LE, at most 255 units of it."""
    return name.encode("utf-16-le", "surrogatepass")[: 2 * 255]


def _checksum(stored: bytes) -> int:
    total = 0
    for byte in stored:
        total = (total >> 1 | (total & 1) << 7) + byte & 0xFF
    return total


def dos_time(moment: datetime) -> tuple[int, int, int]:
    """Write an aware time as the recorder's wall time: date, time, and the hundredths of a second that the time leaves out."""
    wall = moment.astimezone(RECORDER_ZONE)
    if not 1980 <= wall.year <= 2107:
        wall = datetime(1980, 1, 1, tzinfo=RECORDER_ZONE)
    date = (wall.year - 1980) << 9 | wall.month << 5 | wall.day
    return date, wall.hour << 11 | wall.minute << 5 | wall.second // 2, wall.second % 2 * 100
