"""Fields of a dataset, one after the other, never beyond its end. Pure; no input or output.

Source: PIMA 15740:2000, clause 5.3 (simple types, arrays and strings); all numbers are little-endian (USB Still Image 1.0, section 7).
"""

from __future__ import annotations

import struct

from device_drivers.errors import MalformedReplyError
from integrity.listing import MAX_FILES

TEXT_TYPE = 0xFFFF
MOST_ELEMENTS = 4 * MAX_FILES
"""Of an array or list; a few objects for each file that a listing may have. As numbers they take ten times the bytes that they were."""
_ARRAY = 0x4000
_SIZES = {0x0001: 1, 0x0002: 1, 0x0003: 2, 0x0004: 2, 0x0005: 4, 0x0006: 4, 0x0007: 8, 0x0008: 8, 0x0009: 16, 0x000A: 16}
"""Bytes of each simple type; odd codes are signed."""
_LETTERS = {2: "H", 4: "I"}


class Fields:
    """Reads a dataset; every method raises ``MalformedReplyError`` where it ends too early."""

    __slots__ = ("_at", "_data", "_what")

    def __init__(self, what: str, data: bytes) -> None:
        """Begin at the start; ``what`` names the dataset in errors."""
        self._what, self._data, self._at = what, data, 0

    @property
    def left(self) -> int:
        """How many bytes are left."""
        return len(self._data) - self._at

    def number(self, size: int, *, signed: bool = False) -> int:
        """Read a number of so many bytes."""
        return int.from_bytes(self._take(size), "little", signed=signed)

    def text(self) -> bytes:
        """Read a string; answer its UTF-16LE bytes without the NUL at the end, verbatim and perhaps malformed."""
        raw = self._take(2 * self.number(1))
        return raw[:-2] if raw.endswith(b"\0\0") else raw

    def numbers(self, size: int) -> tuple[int, ...]:
        """Read an array of numbers of 2 or 4 bytes."""
        count = self.number(4)
        if count * size > self.left or count > MOST_ELEMENTS:
            raise MalformedReplyError(self._what, f"an array of {count} elements in {self.left} bytes")
        return struct.unpack(f"<{count}{_LETTERS[size]}", self._take(count * size))

    def value(self, kind: int) -> int | bytes:
        """Read a value of a type by its code: a number, or the bytes of a string or array."""
        if kind == TEXT_TYPE:
            return self.text()
        size = _SIZES.get(kind & ~_ARRAY)
        if size is None:
            raise MalformedReplyError(self._what, f"a value of the unknown type {kind:#06x}")
        if kind & _ARRAY:
            return self._take(self.number(4) * size)
        return self.number(size, signed=bool(kind & 1))

    def _take(self, size: int) -> bytes:
        if size > self.left:
            raise MalformedReplyError(self._what, f"{size} bytes at {self._at} of {len(self._data)}")
        start, self._at = self._at, self._at + size
        return self._data[start : self._at]
