"""How a virtual MTP recorder spells values; the codes of its operations and answers stand where they are used.

Source: PIMA 15740:2000, clause 5.3: numbers little-endian, a string as its length in UTF-16 units with the NUL, an array as its length and elements.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from datetime import datetime

from device_drivers.simulated.fat32_entries import RECORDER_ZONE

OK = 0x2001
_MOST_UNITS = 254


def text(value: str) -> bytes:
    """Spell a string, cut to what its length byte can tell; an empty one is a single zero."""
    units = value.encode("utf-16-le", "surrogatepass")[: 2 * _MOST_UNITS]
    return bytes([len(units) // 2 + 1]) + units + b"\0\0" if units else b"\0"


def numbers_16(values: Iterable[int]) -> bytes:
    """Spell an array of u16."""
    listed = list(values)
    return struct.pack(f"<I{len(listed)}H", len(listed), *listed)


def numbers_32(values: Iterable[int]) -> bytes:
    """Spell an array of u32."""
    listed = list(values)
    return struct.pack(f"<I{len(listed)}I", len(listed), *listed)


def date_time(moment: datetime) -> bytes:
    """Spell an aware moment as wall time where recorders are, without an offset."""
    return text(moment.astimezone(RECORDER_ZONE).strftime("%Y%m%dT%H%M%S"))
