"""Write exFAT directory entries and the up-case table. Pure; no input or output.

Source: Microsoft's exFAT specification, sections 6 and 7.
"""

from __future__ import annotations

import struct
from datetime import datetime

from device_drivers.simulated.fat32_entries import dos_time, name_units

ENTRY_BYTES = 32
ARCHIVE, DIRECTORY = 0x20, 0x10
_BITMAP, _UP_CASE, _LABEL, _FILE, _STREAM, _NAME = 0x81, 0x82, 0x83, 0x85, 0xC0, 0xC1
_ALLOCATION_POSSIBLE, _CONTIGUOUS = 0x01, 0x02
_NAME_BYTES = 30
_CHINA_OFFSET = 0x80 | 8 * 4
"""Offset from UTC in quarters of an hour, and the bit that says that it is one."""
_MANDATORY_CHARACTERS = 128
_LABEL_CHARACTERS = 11


def up_case_table() -> bytes:
    """Write the smallest table that is allowed (section 7.2.5): the mandatory mappings, and every other character as it is, compressed."""
    mappings = [ord(chr(code).upper()) for code in range(_MANDATORY_CHARACTERS)]
    return struct.pack(f"<{_MANDATORY_CHARACTERS}HHH", *mappings, 0xFFFF, 0x1_0000 - _MANDATORY_CHARACTERS)


def label_entry(label: str) -> bytes:
    """Write the volume's label."""
    units = label.encode("utf-16-le")[: 2 * _LABEL_CHARACTERS]
    return (bytes([_LABEL, len(units) // 2]) + units).ljust(ENTRY_BYTES, b"\0")


def bitmap_entry(first_cluster: int, size_bytes: int) -> bytes:
    """Write where the allocation bitmap lies."""
    return struct.pack("<BB18xIQ", _BITMAP, 0, first_cluster, size_bytes)


def up_case_entry(first_cluster: int, table: bytes) -> bytes:
    """Write where the up-case table lies."""
    return struct.pack("<B3xI12xIQ", _UP_CASE, checksum_32(table), first_cluster, len(table))


def entry_count(name: str) -> int:
    """Count the entries that :func:`file_set` writes."""
    return 2 + max(1, -(-len(name_units(name)) // _NAME_BYTES))


def file_set(name: str, size_bytes: int, *, attributes: int, first_cluster: int, held_bytes: int, modified: datetime) -> bytes:
    """Write the set of entries of a file or folder.

    Args:
        name: Its name.
        size_bytes: Size that it announces.
        attributes: Its attribute bits.
        first_cluster: Where it begins, 0 where it has no content.
        held_bytes: Room in the clusters that it has; only what announces no more than that is marked as lying in one piece.
        modified: When it was last changed, aware.
    """
    units = name_units(name)
    pieces = [units[at : at + _NAME_BYTES].ljust(_NAME_BYTES, b"\0") for at in range(0, len(units), _NAME_BYTES)] or [bytes(_NAME_BYTES)]
    date, time, hundredths = dos_time(modified)
    stamp = date << 16 | time
    zone = (_CHINA_OFFSET,) * 3
    head = struct.pack("<BBHHHIIIBBBBB7x", _FILE, 1 + len(pieces), 0, attributes, 0, stamp, stamp, stamp, hundredths, hundredths, *zone)
    flags = _ALLOCATION_POSSIBLE | (_CONTIGUOUS if first_cluster and size_bytes <= held_bytes else 0)
    stream = struct.pack("<BBBBHHQIIQ", _STREAM, flags, 0, len(units) // 2, _name_hash(units), 0, size_bytes, 0, first_cluster, size_bytes)
    entries = bytearray(head + stream + b"".join(bytes([_NAME, 0]) + piece for piece in pieces))
    struct.pack_into("<H", entries, 2, _checksum_16(entries[:2] + entries[4:]))
    return bytes(entries)


def checksum_32(data: bytes) -> int:
    """Compute the checksum of the boot region and of the up-case table (sections 3.4 and 7.2.2)."""
    total = 0
    for byte in data:
        total = ((total & 1) << 31 | total >> 1) + byte & 0xFFFF_FFFF
    return total


def _name_hash(units: bytes) -> int:
    """Compute the hash of an up-cased name (section 7.6.4); this volume's table changes the letters of ASCII only."""
    codes = struct.unpack(f"<{len(units) // 2}H", units)
    return _checksum_16(b"".join(struct.pack("<H", code - 32 if 0x61 <= code <= 0x7A else code) for code in codes))


def _checksum_16(data: bytes | bytearray) -> int:
    total = 0
    for byte in data:
        total = ((total & 1) << 15 | total >> 1) + byte & 0xFFFF
    return total
