"""Follow a chain of clusters through the allocation table, as far as it makes sense.

The Sleuth Kit refuses whole files whose entries or chains are odd (a size beyond the volume, a chain that bites its tail). What a recorder
holds is evidence all the same, so the sound part of such a chain is found here. It ends cleanly at the first link that is free, bad, outside the
volume or was met before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from device_drivers.transports.filesystem_child.layout import FIRST_CLUSTER, VolumeLayout

ReadAt = Callable[[int, int], bytes]
"""Reads ``length`` bytes at an offset of the volume: ``read_at(offset, length)``."""

_WINDOW_BYTES = 65_536


def follow_chain(layout: VolumeLayout, first_cluster: int, length: int, read_at: ReadAt, *, is_contiguous: bool) -> Iterator[tuple[int, int]]:
    """List where a content lies, as pairs of offset in the volume and length, up to ``length`` bytes in all."""
    if not layout.is_cluster(first_cluster) or length <= 0:
        return
    start = previous = first_cluster
    needed = -(-length // layout.cluster_bytes)
    if is_contiguous:
        held = min(needed, FIRST_CLUSTER + layout.cluster_count - first_cluster)
        yield layout.cluster_offset(first_cluster), held * layout.cluster_bytes
        return
    for count, cluster in enumerate(_links(layout, first_cluster, read_at), start=1):
        if count > needed:
            break
        if cluster not in (previous + 1, start):
            yield layout.cluster_offset(start), (previous + 1 - start) * layout.cluster_bytes
            start = cluster
        previous = cluster
    yield layout.cluster_offset(start), (previous + 1 - start) * layout.cluster_bytes


def _links(layout: VolumeLayout, cluster: int, read_at: ReadAt) -> Iterator[int]:
    met = bytearray((FIRST_CLUSTER + layout.cluster_count + 7) // 8)
    window_start, window = 0, b""
    while layout.is_cluster(cluster) and not met[cluster >> 3] & 1 << (cluster & 7):
        met[cluster >> 3] |= 1 << (cluster & 7)
        yield cluster
        offset, width = _link_place(layout, cluster)
        if not window_start <= offset <= window_start + len(window) - width:
            window_start = offset - offset % 4096
            window = read_at(layout.fat_offset + window_start, _WINDOW_BYTES)
        raw = window[offset - window_start : offset - window_start + width]
        cluster = _link(layout, cluster, raw) if len(raw) == width else 0


def _link_place(layout: VolumeLayout, cluster: int) -> tuple[int, int]:
    if layout.kind == "FAT12":
        return cluster + cluster // 2, 2
    if layout.kind == "FAT16":
        return 2 * cluster, 2
    return 4 * cluster, 4


def _link(layout: VolumeLayout, cluster: int, raw: bytes) -> int:
    value = int.from_bytes(raw, "little")
    if layout.kind == "FAT12":
        return value >> 4 if cluster & 1 else value & 0xFFF
    return value & 0x0FFFFFFF if layout.kind == "FAT32" else value
