"""A FAT32 volume that is never built: its sectors are made when they are read, and footage comes from where it lies.

Source: Microsoft's FAT specification (fatgen103).
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from functools import partial

from device_drivers.simulated.clusters import FIRST_CLUSTER, Clusters, Directory
from device_drivers.simulated.fat32_entries import ARCHIVE, DIRECTORY, ENTRY_BYTES, VOLUME_LABEL, entry_count, named_entry, plain_entry
from device_drivers.simulated.faults import NO_FAULTS, Faults
from device_drivers.simulated.footage import CardFile, Folder, ghosts_of

SECTOR_BYTES = 512
CLUSTER_BYTES = 32_768
MAX_FILE_BYTES = 2**32 - 1
_RESERVED_SECTORS, _FAT_COUNT = 32, 2
_LEAST_CLUSTERS = 65_536
"""Fewer than 65,525 clusters would be FAT16."""
_END_OF_CHAIN = 0x0FFF_FFFF
_MEDIA = 0xF8
_EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
_INFO_SECTOR, _BACKUP_SECTOR = 1, 6
_GHOST_CLUSTER = 0x0FFF_FFE0
"""Far outside the volume."""
_GHOST_BYTES = 1_000_000


class FileTooLargeError(Exception):
    """A file is larger than FAT32 can hold."""

    def __init__(self, name: str, size_bytes: int) -> None:
        super().__init__(f"{name!r} has {size_bytes} bytes, and FAT32 ends at {MAX_FILE_BYTES}")
        self.name = name
        self.size_bytes = size_bytes


class Fat32Volume:
    """A card with one FAT32 volume and no partition table, read at any offset."""

    def __init__(self, root: Folder, *, volume_id: int, label: str = "BODYCAM", faults: Faults = NO_FAULTS) -> None:
        """Lay out a tree.

        Args:
            root: What lies on the card.
            volume_id: The volume's serial number, 32 bits.
            label: Label, up to 11 ASCII characters.
            faults: Sizes that are not the true ones, and entries that lead nowhere.

        Raises:
            FileTooLargeError: A file does not fit FAT32.
        """
        self._volume_id, self._label = volume_id, label.encode("ascii").upper()[:11].ljust(11)
        self._faults = faults
        self._clusters = Clusters(CLUSTER_BYTES)
        self._places: dict[str, int] = {}
        directory = Directory()
        self._lay_out(root, "", directory, self._reserve(root, "", directory), parent=0)
        self._cluster_count = max(_LEAST_CLUSTERS, self._clusters.used + self._clusters.used // 8)
        entries = self._cluster_count + FIRST_CLUSTER
        self._fat_sectors = -(-entries * 4 // SECTOR_BYTES)
        self.data_offset = (_RESERVED_SECTORS + _FAT_COUNT * self._fat_sectors) * SECTOR_BYTES
        self.size_bytes = self.data_offset + self._cluster_count * CLUSTER_BYTES
        self.used_bytes = self.data_offset + self._clusters.used * CLUSTER_BYTES

    size_bytes: int
    used_bytes: int
    """Size of the volume up to the end of its last content."""

    @property
    def volume_id(self) -> str:
        """The serial number, 8 hexadecimal digits."""
        return f"{self._volume_id:08x}"

    def offset_of(self, path: str) -> int | None:
        """Where a file's content begins on the volume; ``None`` where there is none."""
        cluster = self._places.get(path)
        return None if cluster is None else self.data_offset + (cluster - FIRST_CLUSTER) * CLUSTER_BYTES

    def read(self, offset: int, length: int) -> bytes:
        """Read bytes of the volume."""
        pieces = []
        fats_offset = _RESERVED_SECTORS * SECTOR_BYTES
        while length > 0:
            if offset < fats_offset:
                piece = self._reserved()[offset : offset + length]
            elif offset < self.data_offset:
                within = (offset - fats_offset) % (self._fat_sectors * SECTOR_BYTES)
                heads = (0x0FFF_FF00 | _MEDIA, _END_OF_CHAIN)
                piece = self._clusters.links(within, min(length, self._fat_sectors * SECTOR_BYTES - within), heads=heads, end=_END_OF_CHAIN)
            else:
                piece = self._clusters.read(offset - self.data_offset, length)
            pieces.append(piece)
            offset += len(piece)
            length -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def close(self) -> None:
        """Close the host's files."""
        self._clusters.close()

    def _reserve(self, folder: Folder, path: str, directory: Directory) -> int:
        """Give a folder its clusters; answer the first."""
        names = [each.name for each in folder.folders] + [each.name for each in folder.files] + ghosts_of(self._faults.ghost_entries, path)
        entries = 3 + sum(map(entry_count, names))
        extent = self._clusters.allocate(entries * ENTRY_BYTES, directory)
        return extent.first if extent else 0

    def _lay_out(self, folder: Folder, path: str, directory: Directory, first: int, *, parent: int) -> None:
        is_root = first == FIRST_CLUSTER
        directory.append(lambda _: plain_entry(self._label, attributes=VOLUME_LABEL, modified=_EPOCH) if is_root else _dot_entries(first, parent))
        for number, each in enumerate(folder.folders):
            below, below_path = Directory(), f"{path}{each.name}/"
            start = self._reserve(each, below_path, below)
            directory.append(partial(named_entry, each.name, number, attributes=DIRECTORY, first_cluster=start, modified=_EPOCH))
            self._lay_out(each, below_path, below, start, parent=0 if is_root else first)
        number = len(folder.folders)
        for number, file in enumerate(folder.files, start=len(folder.folders)):
            self._add_file(directory, file, path, number)
        for ghost, name in enumerate(ghosts_of(self._faults.ghost_entries, path), start=number + 1):
            write = partial(named_entry, name, ghost, attributes=ARCHIVE, first_cluster=_GHOST_CLUSTER, modified=_EPOCH)
            directory.append(write, _GHOST_BYTES)

    def _add_file(self, directory: Directory, file: CardFile, path: str, number: int) -> None:
        full_path = path + file.name
        announced = self._faults.sizes.get(full_path, file.size_bytes)
        growing = self._faults.growing_files.get(full_path, ())
        for size in (file.size_bytes, announced, *growing):
            if size > MAX_FILE_BYTES:
                raise FileTooLargeError(file.name, size)
        extent = self._clusters.allocate(file.size_bytes, file)
        first = extent.first if extent else 0
        if first:
            self._places[full_path] = first
        write = partial(named_entry, file.name, number, attributes=ARCHIVE, first_cluster=first, modified=file.modified)
        directory.append(write, announced, growing)

    def _reserved(self) -> bytes:
        boot = struct.pack(
            "<3s8sHBHBHHBHHHIIIHHIHH12xBBBI11s8s",
            b"\xeb\x58\x90", b"BODYCAM ", SECTOR_BYTES, CLUSTER_BYTES // SECTOR_BYTES, _RESERVED_SECTORS, _FAT_COUNT, 0, 0, _MEDIA, 0, 63, 255, 0,
            self.size_bytes // SECTOR_BYTES, self._fat_sectors, 0, 0, FIRST_CLUSTER, _INFO_SECTOR, _BACKUP_SECTOR, 0x80, 0, 0x29, self._volume_id,
            self._label, b"FAT32   ",
        )  # fmt: skip
        boot = boot.ljust(510, b"\0") + b"\x55\xaa"
        free = self._cluster_count - self._clusters.used
        info = b"RRaA" + bytes(480) + struct.pack("<4sII12x4s", b"rrAa", free, self._clusters.following, b"\0\0\x55\xaa")
        copies = {0: boot, _INFO_SECTOR: info, _BACKUP_SECTOR: boot, _BACKUP_SECTOR + 1: info}
        return b"".join(copies.get(number, bytes(SECTOR_BYTES)) for number in range(_RESERVED_SECTORS))


def _dot_entries(first: int, parent: int) -> bytes:
    return plain_entry(b".          ", attributes=DIRECTORY, first_cluster=first, modified=_EPOCH) + plain_entry(
        b"..         ", attributes=DIRECTORY, first_cluster=parent, modified=_EPOCH
    )
