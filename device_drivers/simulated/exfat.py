"""An exFAT volume that is never built: its sectors are made when they are read, and footage comes from where it lies.

Source: Microsoft's exFAT specification. Every content lies in one piece; files and folders say so, and need no chain.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from functools import partial

from device_drivers.simulated.clusters import FIRST_CLUSTER, Clusters, Directory
from device_drivers.simulated.exfat_entries import (
    ARCHIVE,
    DIRECTORY,
    ENTRY_BYTES,
    bitmap_entry,
    checksum_32,
    entry_count,
    file_set,
    label_entry,
    up_case_entry,
    up_case_table,
)
from device_drivers.simulated.faults import NO_FAULTS, Faults
from device_drivers.simulated.footage import CardFile, Folder, ghosts_of

SECTOR_BYTES = 512
CLUSTER_BYTES = 32_768
_SECTOR_SHIFT, _CLUSTER_SHIFT = 9, 6
_FAT_SECTOR = 128
_BOOT_SECTORS = 12
_BOOT_REGION_COPIES = 2
_LEAST_CLUSTERS = 65_536
_HEADS = (0xFFFF_FFF8, 0xFFFF_FFFF)
_END_OF_CHAIN = 0xFFFF_FFFF
_SYSTEM_ENTRIES = 3
"""Label, bitmap and up-case table, in the root directory."""
_CHANGING_BYTES = (106, 107, 112)
"""Flags and percentage in use, which the checksum of the boot region leaves out."""
_EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
_GHOST_CLUSTER, _GHOST_BYTES = 0x0FFF_FFE0, 1_000_000
"""Far outside the volume."""


class ExfatVolume:
    """A card with one exFAT volume and no partition table, read at any offset."""

    def __init__(self, root: Folder, *, volume_id: int, label: str = "BODYCAM", faults: Faults = NO_FAULTS) -> None:
        """Lay out a tree.

        Args:
            root: What lies on the card.
            volume_id: The volume's serial number, 32 bits.
            label: Label, up to 11 characters.
            faults: Sizes that are not the true ones, and entries that lead nowhere.
        """
        self._volume_id, self._faults = volume_id, faults
        self._clusters = Clusters(CLUSTER_BYTES)
        self._places: dict[str, int] = {}
        directory = Directory()
        directory.append(lambda _: self._system_entries)
        self._reserve(root, "", directory)
        self._lay_out(root, "", directory)
        used = self._clusters.used
        self._cluster_count = max(_LEAST_CLUSTERS, used + used // 8 + used // (8 * CLUSTER_BYTES) + _SYSTEM_ENTRIES)
        self._system_entries = self._make_system_entries(label)
        self._fat_sectors = -(-(self._cluster_count + FIRST_CLUSTER) * 4 // SECTOR_BYTES)
        first_sector = -(-(_FAT_SECTOR + self._fat_sectors) >> _CLUSTER_SHIFT) << _CLUSTER_SHIFT
        self.data_offset = first_sector * SECTOR_BYTES
        self.size_bytes = self.data_offset + self._cluster_count * CLUSTER_BYTES
        self.used_bytes = self.data_offset + self._clusters.used * CLUSTER_BYTES
        self._boot_region = self._make_boot_region() * _BOOT_REGION_COPIES

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
        while length > 0:
            piece = self._read_piece(offset, length)
            pieces.append(piece)
            offset += len(piece)
            length -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def close(self) -> None:
        """Close the host's files."""
        self._clusters.close()

    def _read_piece(self, offset: int, length: int) -> bytes:
        fat_offset, fat_bytes = _FAT_SECTOR * SECTOR_BYTES, self._fat_sectors * SECTOR_BYTES
        if offset < len(self._boot_region):
            return self._boot_region[offset : offset + length]
        if offset < fat_offset:
            return bytes(min(length, fat_offset - offset))
        if offset < fat_offset + fat_bytes:
            within = offset - fat_offset
            return self._clusters.links(within, min(length, fat_bytes - within), heads=_HEADS, end=_END_OF_CHAIN)
        if offset < self.data_offset:
            return bytes(min(length, self.data_offset - offset))
        return self._clusters.read(offset - self.data_offset, length)

    def _reserve(self, folder: Folder, path: str, directory: Directory) -> tuple[int, int]:
        """Give a folder its clusters; answer the first, and how many bytes they hold."""
        names = [each.name for each in folder.folders] + [each.name for each in folder.files] + ghosts_of(self._faults.ghost_entries, path)
        entries = _SYSTEM_ENTRIES + 1 + sum(map(entry_count, names))
        extent = self._clusters.allocate(entries * ENTRY_BYTES, directory)
        return (extent.first, extent.count * CLUSTER_BYTES) if extent else (0, 0)

    def _lay_out(self, folder: Folder, path: str, directory: Directory) -> None:
        for each in folder.folders:
            below, below_path = Directory(), f"{path}{each.name}/"
            first, held = self._reserve(each, below_path, below)
            directory.append(partial(file_set, each.name, attributes=DIRECTORY, first_cluster=first, held_bytes=held, modified=_EPOCH), held)
            self._lay_out(each, below_path, below)
        for file in folder.files:
            self._add_file(directory, file, path)
        for name in ghosts_of(self._faults.ghost_entries, path):
            write = partial(file_set, name, attributes=ARCHIVE, first_cluster=_GHOST_CLUSTER, held_bytes=0, modified=_EPOCH)
            directory.append(write, _GHOST_BYTES)

    def _add_file(self, directory: Directory, file: CardFile, path: str) -> None:
        full_path = path + file.name
        extent = self._clusters.allocate(file.size_bytes, file)
        first, held = (extent.first, extent.count * CLUSTER_BYTES) if extent else (0, 0)
        if first:
            self._places[full_path] = first
        write = partial(file_set, file.name, attributes=ARCHIVE, first_cluster=first, held_bytes=held, modified=file.modified)
        directory.append(write, self._faults.sizes.get(full_path, file.size_bytes), self._faults.growing_files.get(full_path, ()))

    def _make_system_entries(self, label: str) -> bytes:
        """Put bitmap and up-case table behind everything else, and say where they are."""
        table = up_case_table()
        up_case = self._clusters.allocate(len(table), table)
        bitmap_bytes = -(-self._cluster_count // 8)
        used = self._clusters.used + -(-bitmap_bytes // CLUSTER_BYTES)
        marks = (b"\xff" * (used // 8) + bytes([(1 << used % 8) - 1])).ljust(bitmap_bytes, b"\0")[:bitmap_bytes]
        bitmap = self._clusters.allocate(bitmap_bytes, marks)
        places = [extent.first if extent else 0 for extent in (bitmap, up_case)]
        return label_entry(label) + bitmap_entry(places[0], bitmap_bytes) + up_case_entry(places[1], table)

    def _make_boot_region(self) -> bytes:
        boot = struct.pack(
            "<3s8s53xQQIIIIIIHHBBBBB7x",
            b"\xeb\x76\x90", b"EXFAT   ", 0, self.size_bytes // SECTOR_BYTES, _FAT_SECTOR, self._fat_sectors, self.data_offset // SECTOR_BYTES,
            self._cluster_count, FIRST_CLUSTER, self._volume_id, 0x0100, 0, _SECTOR_SHIFT, _CLUSTER_SHIFT, 1, 0x80,
            100 * self._clusters.used // self._cluster_count,
        )  # fmt: skip
        boot = boot.ljust(510, b"\xf4") + b"\x55\xaa"
        extended = bytes(SECTOR_BYTES - 4) + b"\x00\x00\x55\xaa"
        region = boot + extended * 8 + bytes(2 * SECTOR_BYTES)
        checksum = checksum_32(bytes(byte for at, byte in enumerate(region) if at not in _CHANGING_BYTES))
        region += struct.pack("<I", checksum) * (SECTOR_BYTES // 4)
        return region[: _BOOT_SECTORS * SECTOR_BYTES]
