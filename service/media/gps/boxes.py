"""Boxes of ISO base media and QuickTime files (ISO/IEC 14496-12, section 4.2): a size of 32 bits, four letters, at size 1 a size of 64 bits."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from service.media.gps.window import Window

MOST_BOXES = 128
"""At one level; a file of more is of fragments, or hostile."""
_HEAD = struct.Struct(">I4s")
_LARGE = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class Box:
    """One box: its four letters, and where its content lies in the file."""

    kind: bytes
    begin: int
    end: int


def boxes(window: Window, begin: int, end: int) -> Iterator[Box]:
    """List the boxes between two offsets, in order, until one makes no sense."""
    end = min(end, window.size_bytes)
    for _ in range(MOST_BOXES):
        head = window.at(begin, _HEAD.size + _LARGE.size)
        if end - begin < _HEAD.size or len(head) < _HEAD.size:
            return
        size, kind = _HEAD.unpack_from(head)
        content = begin + _HEAD.size
        if size == 1 and len(head) == _HEAD.size + _LARGE.size:
            size = _LARGE.unpack_from(head, _HEAD.size)[0]
            content += _LARGE.size
        elif size == 0:
            size = end - begin
        if begin + size < content or begin + size > end:
            return
        yield Box(kind, content, begin + size)
        begin += size
