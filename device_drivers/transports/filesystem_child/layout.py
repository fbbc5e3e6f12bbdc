"""Where things lie on a FAT or exFAT volume, from its boot sector. Pure; no input or output.

Sources: Microsoft's FAT specification (fatgen103, "Boot Sector and BPB") and exFAT specification, section 3.1.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

from device_drivers.errors import MalformedReplyError

BOOT_BYTES = 512
ENTRY_BYTES = 32
FIRST_CLUSTER = 2
_SIGNATURE = b"\x55\xaa"
_FAT_BLOCK = struct.Struct("<3x8xHBHBHHBHHHII")
_FAT32_BLOCK = struct.Struct("<IHHIH")
_EXFAT_BLOCK = struct.Struct("<QQIIIIIIHHBBBBB")
_NO_LABEL = "NO NAME"
_ONE_FAT_ACTIVE = 0x80
"""BPB_ExtFlags: the tables are not mirrored, bits 3-0 name the one in use."""


@dataclass(frozen=True, slots=True)
class VolumeLayout:
    """Geometry of one volume; every offset is in bytes from the volume's start.

    Attributes:
        kind: ``FAT12``, ``FAT16``, ``FAT32`` or ``exFAT``.
        sector_bytes: Size of a sector.
        cluster_bytes: Size of a cluster.
        fat_offset: Where the first allocation table begins.
        entries_offset: Where The Sleuth Kit begins to number directory entries: the fixed root directory, else the first cluster.
        clusters_offset: Where cluster 2 begins.
        cluster_count: How many clusters there are.
        root_cluster: First cluster of the root directory; 0 where it is fixed (FAT12, FAT16).
        root_bytes: Size of a fixed root directory, else 0.
        size_bytes: Size of the volume.
        volume_id: Its serial number, 8 hexadecimal digits.
        label: Label in the boot sector, if any; the one in the root directory outranks it.
        info_offset: Where FAT32 notes what is free; ``None`` on other kinds.
        free_bytes: Room left, where the boot sector notes it (exFAT, to the nearest hundredth of the volume).
    """

    kind: str
    sector_bytes: int
    cluster_bytes: int
    fat_offset: int
    entries_offset: int
    clusters_offset: int
    cluster_count: int
    root_cluster: int
    root_bytes: int
    size_bytes: int
    volume_id: str
    label: str | None
    info_offset: int | None = None
    free_bytes: int | None = None

    @property
    def is_exfat(self) -> bool:
        """Whether directories and tables are exFAT's."""
        return self.kind == "exFAT"

    def cluster_offset(self, cluster: int) -> int:
        """Where a cluster begins."""
        return self.clusters_offset + (cluster - FIRST_CLUSTER) * self.cluster_bytes

    def holds_clusters(self, offset: int, length: int) -> bool:
        """Whether a stretch lies among the clusters."""
        return self.clusters_offset <= offset and offset + length <= self.clusters_offset + self.cluster_count * self.cluster_bytes

    def is_cluster(self, number: int) -> bool:
        """Whether a number names a cluster of this volume."""
        return FIRST_CLUSTER <= number < FIRST_CLUSTER + self.cluster_count

    def within(self, size_bytes: int) -> VolumeLayout:
        """Give the layout without the clusters that lie beyond so many bytes, so that a boot sector cannot claim more than there is."""
        held = max(0, -(-(size_bytes - self.clusters_offset) // self.cluster_bytes))
        return replace(self, cluster_count=min(self.cluster_count, held))


def parse_boot_sector(sector: bytes) -> VolumeLayout:
    """Read a volume's first 512 bytes.

    Raises:
        MalformedReplyError: They are no boot sector of FAT or exFAT.
    """
    if len(sector) < BOOT_BYTES or sector[510:512] != _SIGNATURE:
        raise MalformedReplyError("boot sector", "the signature 55 AA is missing")
    if sector[3:11] == b"EXFAT   ":
        return _parse_exfat(sector)
    return _parse_fat(sector)


def _parse_exfat(sector: bytes) -> VolumeLayout:
    _, sectors, fat, fat_sectors, heap, count, root, serial, _, _, sector_shift, cluster_shift, _, _, percent = _EXFAT_BLOCK.unpack_from(sector, 64)
    if not 9 <= sector_shift <= 12 or sector_shift + cluster_shift > 25:
        raise MalformedReplyError("exFAT boot sector", "sector or cluster size is out of bounds")
    if not count or not fat_sectors or fat + fat_sectors > heap:
        raise MalformedReplyError("exFAT boot sector", "tables and clusters overlap")
    layout = VolumeLayout(
        kind="exFAT",
        sector_bytes=1 << sector_shift,
        cluster_bytes=1 << (sector_shift + cluster_shift),
        fat_offset=fat << sector_shift,
        entries_offset=heap << sector_shift,
        clusters_offset=heap << sector_shift,
        cluster_count=count,
        root_cluster=root,
        root_bytes=0,
        size_bytes=sectors << sector_shift,
        volume_id=f"{serial:08x}",
        label=None,
        free_bytes=(count * (100 - percent) // 100) << (sector_shift + cluster_shift) if percent <= 100 else None,
    )
    if not layout.is_cluster(root):
        raise MalformedReplyError("exFAT boot sector", "the root directory lies outside the volume")
    return layout


def _parse_fat(sector: bytes) -> VolumeLayout:
    sector_bytes, per_cluster, reserved, fats, root_entries, sectors16, _, fat16, _, _, _, sectors32 = _FAT_BLOCK.unpack_from(sector)
    fat32, fat_flags, _, root_cluster, info_sector = _FAT32_BLOCK.unpack_from(sector, 36)
    if sector[0] not in (0xEB, 0xE9) or sector_bytes not in (512, 1024, 2048, 4096):
        raise MalformedReplyError("FAT boot sector", "jump or sector size is wrong")
    if per_cluster not in (1, 2, 4, 8, 16, 32, 64, 128) or not reserved or fats not in (1, 2):
        raise MalformedReplyError("FAT boot sector", "cluster size or table count is wrong")
    fat_sectors = fat16 or fat32
    root_sectors = -(-root_entries * ENTRY_BYTES // sector_bytes)
    entries_sector = reserved + fats * fat_sectors
    sectors = sectors16 or sectors32
    if not fat_sectors or sectors <= entries_sector + root_sectors:
        raise MalformedReplyError("FAT boot sector", "there is no room for clusters")
    count = (sectors - entries_sector - root_sectors) // per_cluster
    is_fat32 = not fat16
    extended = 64 if is_fat32 else 36
    active = fat_flags & 0x0F if is_fat32 and fat_flags & _ONE_FAT_ACTIVE else 0
    layout = VolumeLayout(
        kind="FAT32" if is_fat32 else "FAT12" if count < 4085 else "FAT16",
        sector_bytes=sector_bytes,
        cluster_bytes=per_cluster * sector_bytes,
        fat_offset=(reserved + min(active, fats - 1) * fat_sectors) * sector_bytes,
        entries_offset=entries_sector * sector_bytes,
        clusters_offset=(entries_sector + root_sectors) * sector_bytes,
        cluster_count=count,
        root_cluster=root_cluster if is_fat32 else 0,
        root_bytes=0 if is_fat32 else root_sectors * sector_bytes,
        size_bytes=sectors * sector_bytes,
        volume_id=f"{struct.unpack_from('<I', sector, extended + 3)[0]:08x}",
        label=_label(sector[extended + 7 : extended + 18]) if sector[extended + 2] == 0x29 else None,
        info_offset=info_sector * sector_bytes if is_fat32 and 0 < info_sector < reserved else None,
    )
    if is_fat32 and not layout.is_cluster(root_cluster):
        raise MalformedReplyError("FAT boot sector", "the root directory lies outside the volume")
    return layout


def parse_fat32_info(sector: bytes, layout: VolumeLayout) -> int | None:
    """Read FAT32's FSInfo sector: the room left in bytes, or ``None`` where it is unknown. A hint; it may be stale."""
    if len(sector) < BOOT_BYTES or sector[:4] != b"RRaA" or sector[484:488] != b"rrAa":
        return None
    free = int(struct.unpack_from("<I", sector, 488)[0])
    return free * layout.cluster_bytes if free <= layout.cluster_count else None


def _label(raw: bytes) -> str | None:
    text = raw.split(b"\0")[0].decode("ascii", "replace").rstrip()
    return None if text in ("", _NO_LABEL) else text
