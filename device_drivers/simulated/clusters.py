"""What the clusters of a virtual volume hold: every content lies in one piece, and footage comes from where it lies."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from device_drivers.simulated.footage import CardFile, ContentReader

FIRST_CLUSTER = 2


@dataclass(slots=True)
class GrowingEntry:
    """A directory entry that announces one size after the other.

    Attributes:
        offset: Where it begins in its directory.
        sizes: What it announces each time it is read; the last one stays.
        write: Makes the entry for a size.
    """

    offset: int
    sizes: deque[int]
    write: Callable[[int], bytes]


Entry = tuple[Callable[[int], bytes], int, tuple[int, ...]]
"""What writes an entry for a size, the size, and those that it announces instead, one after the other."""


@dataclass(slots=True)
class Directory:
    """A folder's entries, written when they are first read."""

    entries: list[Entry] = field(default_factory=list)
    _raw: bytearray | None = None
    _growing: list[GrowingEntry] = field(default_factory=list)

    def append(self, write: Callable[[int], bytes], size_bytes: int = 0, growing: Iterable[int] = ()) -> None:
        """Add an entry by what writes it for a size, and the sizes that it announces instead, if any."""
        self.entries.append((write, size_bytes, tuple(growing)))

    def read(self, offset: int, length: int) -> bytes:
        """Read a stretch; what grows has grown by the next reading."""
        raw = self._written() if self._raw is None else self._raw
        for each in self._growing:
            entry = each.write(each.sizes[0])
            if each.offset < offset + length and offset < each.offset + len(entry):
                raw[each.offset : each.offset + len(entry)] = entry
                if len(each.sizes) > 1:
                    each.sizes.popleft()
        return bytes(raw[offset : offset + length])

    def _written(self) -> bytearray:
        self._raw = bytearray()
        for write, size_bytes, growing in self.entries:
            if growing:
                self._growing.append(GrowingEntry(len(self._raw), deque(growing), write))
            self._raw += write(size_bytes)
        self.entries.clear()
        return self._raw


@dataclass(slots=True)
class Extent:
    """Clusters in one piece, and what they hold."""

    first: int
    count: int
    content: bytes | Directory | CardFile


class Clusters:
    """The clusters of a volume, from the first on, in the order in which they were given out."""

    def __init__(self, cluster_bytes: int) -> None:
        self._cluster_bytes = cluster_bytes
        self._extents: list[Extent] = []
        self._starts: list[int] = []
        self._reader = ContentReader()
        self.following = FIRST_CLUSTER

    following: int
    """The first cluster that was not given out."""

    @property
    def used(self) -> int:
        """How many were given out."""
        return self.following - FIRST_CLUSTER

    def allocate(self, size_bytes: int, content: bytes | Directory | CardFile) -> Extent | None:
        """Give out as many clusters as a size needs; ``None`` where that is none."""
        count = -(-size_bytes // self._cluster_bytes)
        if not count:
            return None
        extent = Extent(self.following, count, content)
        self._extents.append(extent)
        self._starts.append(extent.first)
        self.following += count
        return extent

    def read(self, offset: int, length: int) -> bytes:
        """Read from an offset after the start of the first cluster, at most to where one content ends."""
        index = bisect_right(self._starts, offset // self._cluster_bytes + FIRST_CLUSTER) - 1
        extent = self._extents[index]
        within = offset - (extent.first - FIRST_CLUSTER) * self._cluster_bytes
        held = extent.count * self._cluster_bytes
        if within >= held:  # beyond everything
            return bytes(length)
        length = min(length, held - within)
        if isinstance(extent.content, CardFile):
            return self._reader.read(extent.content, within, length)
        content = extent.content.read(within, length) if isinstance(extent.content, Directory) else extent.content[within : within + length]
        return content.ljust(length, b"\0")

    def links(self, offset: int, length: int, *, heads: tuple[int, int], end: int) -> bytes:
        """Make a stretch of an allocation table of 32-bit links: each leads to the next cluster of its content, the last one says ``end``."""
        first, last = offset // 4, (offset + length + 3) // 4
        links = array("I", bytes(4 * (last - first)))
        for cluster, value in enumerate(heads):
            if first <= cluster < last:
                links[cluster - first] = value
        index = max(0, bisect_right(self._starts, first) - 1)
        while index < len(self._extents) and self._extents[index].first < last:
            extent = self._extents[index]
            start, stop = max(first, extent.first), min(last, extent.first + extent.count)
            if start < stop:
                links[start - first : stop - first] = array("I", range(start + 1, stop + 1))
                if stop == extent.first + extent.count:
                    links[stop - 1 - first] = end
            index += 1
        raw = links.tobytes()
        return raw[offset - 4 * first : offset - 4 * first + length]

    def close(self) -> None:
        """Close the host's files."""
        self._reader.close()
