"""A medium that takes writes without changing what lies under it: written pages are kept in memory."""

from __future__ import annotations

from typing import Protocol

PAGE_BYTES = 4_096
MAX_WRITTEN_BYTES = 64 * 1024**2
"""So much may be written in all; a host that removes files writes a few pages for each."""


class ReadOnlyMedium(Protocol):
    """What lies under it."""

    size_bytes: int

    def read(self, offset: int, length: int) -> bytes:
        """Read bytes."""


class Overlay:
    """A medium with its own copies of the pages that were written."""

    def __init__(self, under: ReadOnlyMedium) -> None:
        self._under = under
        self._pages: dict[int, bytearray] = {}
        self.size_bytes = under.size_bytes

    size_bytes: int

    def read(self, offset: int, length: int) -> bytes:
        """Read bytes, written ones where there are any."""
        data = self._under.read(offset, length)
        if not self._pages:
            return data
        merged = bytearray(data)
        for number in range(offset // PAGE_BYTES, -(-(offset + length) // PAGE_BYTES)):
            page = self._pages.get(number)
            if page is not None:
                start, end = max(offset, number * PAGE_BYTES), min(offset + length, (number + 1) * PAGE_BYTES)
                merged[start - offset : end - offset] = page[start - number * PAGE_BYTES : end - number * PAGE_BYTES]
        return bytes(merged)

    def write(self, offset: int, data: bytes) -> bool:
        """Write bytes; ``False``, with nothing written, where memory for written pages is used up."""
        numbers = range(offset // PAGE_BYTES, -(-(offset + len(data)) // PAGE_BYTES))
        missing = [number for number in numbers if number not in self._pages]
        if (len(self._pages) + len(missing)) * PAGE_BYTES > MAX_WRITTEN_BYTES:
            return False
        for number in missing:
            self._pages[number] = bytearray(self._under.read(number * PAGE_BYTES, PAGE_BYTES))
        for number in numbers:
            start, end = max(offset, number * PAGE_BYTES), min(offset + len(data), (number + 1) * PAGE_BYTES)
            self._pages[number][start - number * PAGE_BYTES : end - number * PAGE_BYTES] = data[start - offset : end - offset]
        return True
