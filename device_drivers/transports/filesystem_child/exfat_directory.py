"""Parse an exFAT directory. Pure; no input or output.

Source: Microsoft's exFAT specification, sections 6 and 7.
"""

from __future__ import annotations

import struct

from device_drivers.transports.filesystem_child.directory_entry import DirectoryEntry, ParsedDirectory
from device_drivers.transports.filesystem_child.layout import ENTRY_BYTES
from device_drivers.transports.filesystem_child.names import attribute_letters, long_name, readable_text, wall_time

_END, _IN_USE = 0x00, 0x80
_LABEL, _FILE, _STREAM, _NAME = 0x83, 0x85, 0xC0, 0xC1
_SECONDARY = 0x40
_FILE_ENTRY = struct.Struct("<BBHH2xIIIBBBBB7x")
_STREAM_ENTRY = struct.Struct("<BBxBH2xQ4xIQ")
_DIRECTORY = 0x10
_CONTIGUOUS = 0x02
_NAME_CHARACTERS = 15
_LEAST_SECONDARIES, _MOST_SECONDARIES = 2, 255


def parse_exfat_directory(data: bytes) -> ParsedDirectory:
    """Parse a stretch of a directory that begins at the start of a set of entries; entries not in use are left out."""
    parsed = ParsedDirectory()
    position = 0
    while position + ENTRY_BYTES <= len(data):
        kind = data[position]
        if kind == _END:
            parsed.ended = True
            break
        length = ENTRY_BYTES
        if kind == _FILE:
            length = ENTRY_BYTES * (1 + data[position + 1])
            if position + length > len(data):
                break
            length = _take_set(parsed, data[position : position + length], position)
        elif kind == _LABEL:
            count = min(data[position + 1], 11)
            text = data[position + 2 : position + 2 + 2 * count].decode("utf-16-le", "surrogatepass")
            parsed.label = readable_text(text) or None
        position += length
        parsed.consumed = position
    return parsed


def _take_set(parsed: ParsedDirectory, entries: bytes, position: int) -> int:
    """Take a file's set of entries; answer how many bytes of it belong together."""
    secondaries = [entries[start : start + ENTRY_BYTES] for start in range(ENTRY_BYTES, len(entries), ENTRY_BYTES)]
    if len(secondaries) < _LEAST_SECONDARIES or secondaries[0][0] != _STREAM or secondaries[1][0] != _NAME:
        parsed.damage = f"the set of entries at byte {position} is incomplete"
        return ENTRY_BYTES
    _, _, _, attributes, created, modified, _, created_tenths, modified_tenths, created_zone, modified_zone, _ = _FILE_ENTRY.unpack(
        entries[:ENTRY_BYTES]
    )
    _, flags, name_length, _, valid, cluster, size = _STREAM_ENTRY.unpack(secondaries[0])
    units = b"".join(piece[2:32] for piece in secondaries[1:] if piece[0] == _NAME)[: 2 * name_length]
    parsed.entries.append(
        DirectoryEntry(
            position=position,
            name=long_name(units),
            is_directory=bool(attributes & _DIRECTORY),
            size_bytes=size,
            valid_bytes=min(valid, size),
            first_cluster=cluster,
            is_contiguous=bool(flags & _CONTIGUOUS),
            modified=wall_time(modified >> 16, modified & 0xFFFF, hundredths=modified_tenths, utc_offset=modified_zone),
            created=wall_time(created >> 16, created & 0xFFFF, hundredths=created_tenths, utc_offset=created_zone),
            attributes=attribute_letters(attributes),
        )
    )
    return len(entries)
