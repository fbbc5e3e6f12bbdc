"""A FAT32 volume that is never built: its sectors are made when they are read, and footage comes from where it lies.

Source: Microsoft's FAT specification (fatgen103).
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from device_drivers.simulated.fat32_entries import ARCHIVE, DIRECTORY, ENTRY_BYTES, VOLUME_LABEL, entry_count, named_entry, plain_entry
from device_drivers.simulated.footage import CardFile, ContentReader, Folder

SECTOR_BYTES = 512
CLUSTER_BYTES = 32_768
MAX_FILE_BYTES = 2**32 - 1
_RESERVED_SECTORS, _FAT_COUNT = 32, 2
_FIRST_CLUSTER = 2
_LEAST_CLUSTERS = 65_536
"""Fewer than 65,525 clusters would be FAT16."""
_END_OF_CHAIN = 0x0FFF_FFFF
_MEDIA = 0xF8
_EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
_INFO_SECTOR, _BACKUP_SECTOR = 1, 6


class FileTooLargeError(Exception):
    """A file is larger than FAT32 can hold."""

    def __init__(self, name: str, size_bytes: int) -> None:
        super().__init__(f"{name!r} has {size_bytes} bytes, and FAT32 ends at {MAX_FILE_BYTES}")
        self.name = name
        self.size_bytes = size_bytes


@dataclass(slots=True)
class _Extent:
    """Clusters in one piece, and what they hold: a folder's finished bytes or a file."""

    first: int
    count: int
    content: bytes | CardFile


class Fat32Volume:
    """A card with one FAT32 volume and no partition table, read at any offset."""

    def __init__(self, root: Folder, *, volume_id: int, label: str = "BODYCAM", sizes: Mapping[str, int] | None = None) -> None:
        """Lay out a tree.

        Args:
            root: What lies on the card.
            volume_id: The volume's serial number, 32 bits.
            label: Label, up to 11 ASCII characters.
            sizes: Sizes that directories announce instead of the true ones, by path.

        Raises:
            FileTooLargeError: A file does not fit FAT32.
        """
        self._volume_id, self._label = volume_id, label.encode("ascii").upper()[:11].ljust(11)
        self._sizes = sizes or {}
        self._extents: list[_Extent] = []
        self._next_cluster = _FIRST_CLUSTER
        self._places: dict[str, int] = {}
        self._content = ContentReader()
        self._lay_out(root, "", self._reserve(root), parent=0)
        self._starts = [extent.first for extent in self._extents]
        used = self._next_cluster - _FIRST_CLUSTER
        self._cluster_count = max(_LEAST_CLUSTERS, used + used // 8)
        entries = self._cluster_count + _FIRST_CLUSTER
        self._fat_sectors = -(-entries * 4 // SECTOR_BYTES)
        self._data_offset = (_RESERVED_SECTORS + _FAT_COUNT * self._fat_sectors) * SECTOR_BYTES
        self.size_bytes = self._data_offset + self._cluster_count * CLUSTER_BYTES

    size_bytes: int

    @property
    def volume_id(self) -> str:
        """The serial number, 8 hexadecimal digits."""
        return f"{self._volume_id:08x}"

    def offset_of(self, path: str) -> int | None:
        """Where a file's content begins on the volume; ``None`` where there is none."""
        cluster = self._places.get(path)
        return None if cluster is None else self._data_offset + (cluster - _FIRST_CLUSTER) * CLUSTER_BYTES

    def read(self, offset: int, length: int) -> bytes:
        """Read bytes of the volume."""
        pieces = []
        fats_offset = _RESERVED_SECTORS * SECTOR_BYTES
        while length > 0:
            if offset < fats_offset:
                piece = self._reserved()[offset : offset + length]
            elif offset < self._data_offset:
                within = (offset - fats_offset) % (self._fat_sectors * SECTOR_BYTES)
                piece = self._table(within, min(length, self._fat_sectors * SECTOR_BYTES - within))
            else:
                piece = self._data(offset - self._data_offset, length)
            pieces.append(piece)
            offset += len(piece)
            length -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def close(self) -> None:
        """Close the host's files."""
        self._content.close()

    def _reserve(self, folder: Folder) -> _Extent:
        """Give a folder its clusters."""
        names = [each.name for each in folder.folders] + [each.name for each in folder.files]
        entries = 3 + sum(map(entry_count, names))
        return self._allocate(-(-entries * ENTRY_BYTES // CLUSTER_BYTES), b"")

    def _allocate(self, count: int, content: bytes | CardFile) -> _Extent:
        extent = _Extent(self._next_cluster, count, content)
        self._extents.append(extent)
        self._next_cluster += count
        return extent

    def _lay_out(self, folder: Folder, path: str, extent: _Extent, parent: int) -> None:
        is_root = extent.first == _FIRST_CLUSTER
        entries = [plain_entry(self._label, attributes=VOLUME_LABEL, modified=_EPOCH)] if is_root else _dot_entries(extent.first, parent)
        for number, each in enumerate(folder.folders):
            below = self._reserve(each)
            entries.append(named_entry(each.name, number, attributes=DIRECTORY, first_cluster=below.first, size_bytes=0, modified=_EPOCH))
            self._lay_out(each, f"{path}{each.name}/", below, 0 if is_root else extent.first)
        entries.extend(self._file_entry(file, path, number) for number, file in enumerate(folder.files, start=len(folder.folders)))
        extent.content = b"".join(entries)

    def _file_entry(self, file: CardFile, path: str, number: int) -> bytes:
        if file.size_bytes > MAX_FILE_BYTES:
            raise FileTooLargeError(file.name, file.size_bytes)
        count = -(-file.size_bytes // CLUSTER_BYTES)
        first = self._allocate(count, file).first if count else 0
        if first:
            self._places[path + file.name] = first
        announced = self._sizes.get(path + file.name, file.size_bytes)
        return named_entry(file.name, number, attributes=ARCHIVE, first_cluster=first, size_bytes=announced, modified=file.modified)

    def _reserved(self) -> bytes:
        boot = struct.pack(
            "<3s8sHBHBHHBHHHIIIHHIHH12xBBBI11s8s",
            b"\xeb\x58\x90", b"BODYCAM ", SECTOR_BYTES, CLUSTER_BYTES // SECTOR_BYTES, _RESERVED_SECTORS, _FAT_COUNT, 0, 0, _MEDIA, 0, 63, 255, 0,
            self.size_bytes // SECTOR_BYTES, self._fat_sectors, 0, 0, _FIRST_CLUSTER, _INFO_SECTOR, _BACKUP_SECTOR, 0x80, 0, 0x29, self._volume_id,
            self._label, b"FAT32   ",
        )  # fmt: skip
        boot = boot.ljust(510, b"\0") + b"\x55\xaa"
        free = self._cluster_count - (self._next_cluster - _FIRST_CLUSTER)
        info = b"RRaA" + bytes(480) + struct.pack("<4sII12x4s", b"rrAa", free, self._next_cluster, b"\0\0\x55\xaa")
        copies = {0: boot, _INFO_SECTOR: info, _BACKUP_SECTOR: boot, _BACKUP_SECTOR + 1: info}
        return b"".join(copies.get(number, bytes(SECTOR_BYTES)) for number in range(_RESERVED_SECTORS))

    def _table(self, offset: int, length: int) -> bytes:
        """Make a stretch of the allocation table: every content lies in one piece, so each link leads to the next cluster."""
        first, last = offset // 4, (offset + length + 3) // 4
        links = array("I", bytes(4 * (last - first)))
        for cluster, value in ((0, 0x0FFF_FF00 | _MEDIA), (1, _END_OF_CHAIN)):
            if first <= cluster < last:
                links[cluster - first] = value
        index = max(0, bisect_right(self._starts, first) - 1)
        while index < len(self._extents) and self._extents[index].first < last:
            extent = self._extents[index]
            start, end = max(first, extent.first), min(last, extent.first + extent.count)
            if start < end:
                links[start - first : end - first] = array("I", range(start + 1, end + 1))
                if end == extent.first + extent.count:
                    links[end - 1 - first] = _END_OF_CHAIN
            index += 1
        raw = links.tobytes()
        return raw[offset - 4 * first : offset - 4 * first + length]

    def _data(self, offset: int, length: int) -> bytes:
        """Read a stretch of the clusters, up to where one content ends."""
        cluster = offset // CLUSTER_BYTES + _FIRST_CLUSTER
        index = bisect_right(self._starts, cluster) - 1
        extent = self._extents[index]
        within = offset - (extent.first - _FIRST_CLUSTER) * CLUSTER_BYTES
        held = extent.count * CLUSTER_BYTES
        if within >= held:  # beyond everything
            return bytes(length)
        length = min(length, held - within)
        if isinstance(extent.content, bytes):
            return extent.content[within : within + length].ljust(length, b"\0")
        return self._content.read(extent.content, within, length)


def _dot_entries(first: int, parent: int) -> list[bytes]:
    return [
        plain_entry(b".          ", attributes=DIRECTORY, first_cluster=first, modified=_EPOCH),
        plain_entry(b"..         ", attributes=DIRECTORY, first_cluster=parent, modified=_EPOCH),
    ]
