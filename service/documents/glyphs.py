"""Which characters a font can show, from its character map (OpenType 1.9, tables ``cmap`` and ``TTCHeader``)."""

import struct
from bisect import bisect_right
from functools import cache
from pathlib import Path

_COLLECTION = b"ttcf"
_SEGMENTED_COVERAGE = 12
"""Format of the subtable that maps all of Unicode in runs."""


class Coverage:
    """Characters that a font has glyphs for.

    Args:
        runs: First and last code point of each run, rising.
    """

    def __init__(self, runs: list[tuple[int, int]]) -> None:
        self._firsts = [first for first, _ in runs]
        self._lasts = [last for _, last in runs]

    def __contains__(self, sign: str) -> bool:
        index = bisect_right(self._firsts, ord(sign)) - 1
        return index >= 0 and ord(sign) <= self._lasts[index]


@cache
def coverage_of(font: Path) -> Coverage:
    """Read which characters a font, or the first of a collection, can show.

    Raises:
        ValueError: It is no OpenType font, or maps only a part of Unicode.
    """
    data = font.read_bytes()
    try:
        start = struct.unpack_from(">I", data, 12)[0] if data[:4] == _COLLECTION else 0
        tables = (struct.unpack_from(">4sIII", data, start + 12 + 16 * number) for number in range(struct.unpack_from(">H", data, start + 4)[0]))
        cmap = next(offset for tag, _, offset, _ in tables if tag == b"cmap")
        for number in range(struct.unpack_from(">H", data, cmap + 2)[0]):
            subtable = cmap + struct.unpack_from(">HHI", data, cmap + 4 + 8 * number)[2]
            if struct.unpack_from(">H", data, subtable)[0] == _SEGMENTED_COVERAGE:
                count = struct.unpack_from(">I", data, subtable + 12)[0]
                groups = (struct.unpack_from(">III", data, subtable + 16 + 12 * group) for group in range(count))
                return Coverage([(first, last) for first, last, _ in groups])
    except (struct.error, StopIteration) as error:
        raise ValueError(f"{font} is no OpenType font") from error
    raise ValueError(f"{font} has no character map for all of Unicode")
