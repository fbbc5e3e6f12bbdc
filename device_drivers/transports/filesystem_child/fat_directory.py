"""Parse a FAT directory. Pure; no input or output.

Source: Microsoft's FAT specification (fatgen103), "FAT Directory Structure" and "FAT Long Directory Entries".
"""

from __future__ import annotations

import struct

from device_drivers.transports.filesystem_child.directory_entry import DirectoryEntry, ParsedDirectory
from device_drivers.transports.filesystem_child.layout import ENTRY_BYTES
from device_drivers.transports.filesystem_child.names import EntryName, attribute_letters, long_name, short_name, volume_label, wall_time

_ENTRY = struct.Struct("<11sBBBHHHHHHHI")
_END, _DELETED = 0x00, 0xE5
_LONG_NAME, _LONG_NAME_MASK = 0x0F, 0x3F
_VOLUME_LABEL, _DIRECTORY = 0x08, 0x10
_LAST_PIECE = 0x40
_MOST_PIECES = 20
_DOT_NAMES = (b".          ", b"..         ")


def parse_fat_directory(data: bytes) -> ParsedDirectory:
    """Parse a stretch of a directory that begins at the start of a set of entries; deleted entries are left out."""
    parsed = ParsedDirectory()
    pieces: list[bytes] = []
    for position in range(0, len(data) - len(data) % ENTRY_BYTES, ENTRY_BYTES):
        entry = data[position : position + ENTRY_BYTES]
        if entry[0] == _END:
            parsed.ended = True
            break
        if entry[0] == _DELETED:
            pieces.clear()
        elif entry[11] & _LONG_NAME_MASK == _LONG_NAME:
            if entry[0] & _LAST_PIECE or len(pieces) >= _MOST_PIECES:
                pieces.clear()  # they belong to nothing
                parsed.consumed = position
            pieces.append(entry)
            continue  # the set is not done with
        else:
            _take_entry(parsed, entry, pieces, position)
            pieces.clear()
        parsed.consumed = position + ENTRY_BYTES
    return parsed


def _take_entry(parsed: ParsedDirectory, entry: bytes, pieces: list[bytes], position: int) -> None:
    stored, attributes, case_flags, tenths, created_time, created_date, _, high, time, date, low, size = _ENTRY.unpack(entry)
    if attributes & _VOLUME_LABEL and not attributes & _DIRECTORY:
        parsed.label = parsed.label or volume_label(stored)
        return
    if attributes & _DIRECTORY and stored in _DOT_NAMES:
        return
    parsed.entries.append(
        DirectoryEntry(
            position=position,
            name=_joined_name(pieces, stored) or short_name(stored, case_flags),
            is_directory=bool(attributes & _DIRECTORY),
            size_bytes=size,
            valid_bytes=size,
            first_cluster=high << 16 | low,
            is_contiguous=False,
            modified=wall_time(date, time),
            created=wall_time(created_date, created_time, hundredths=tenths),
            attributes=attribute_letters(attributes),
        )
    )


def _joined_name(pieces: list[bytes], stored: bytes) -> EntryName | None:
    """Join the pieces of a long name; ``None`` where there is none that belongs to this short name."""
    expected = [*range(len(pieces), 0, -1)]
    if not pieces or [piece[0] & ~_LAST_PIECE for piece in pieces] != expected or not pieces[0][0] & _LAST_PIECE:
        return None
    if any(piece[13] != short_name_checksum(stored) for piece in pieces):
        return None
    units = b"".join(piece[1:11] + piece[14:26] + piece[28:32] for piece in reversed(pieces))
    for end in range(0, len(units), 2):
        if units[end : end + 2] == b"\0\0":
            units = units[:end]
            break
    return long_name(units) if units else None


def short_name_checksum(stored: bytes) -> int:
    """Compute what ties the pieces of a long name to its short name (fatgen103, "ChkSum")."""
    total = 0
    for byte in stored:
        total = ((total & 1) << 7) + (total >> 1) + byte & 0xFF
    return total
