import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.errors import MalformedReplyError
from device_drivers.simulated.fat32 import Fat32Volume
from device_drivers.simulated.footage import Folder
from device_drivers.transports.filesystem_child.cluster_chain import follow_chain
from device_drivers.transports.filesystem_child.layout import VolumeLayout, parse_boot_sector, parse_fat32_info


def layout(kind="FAT32", count=100):
    return VolumeLayout(
        kind=kind, sector_bytes=512, cluster_bytes=512, fat_offset=0, entries_offset=4096, clusters_offset=4096, cluster_count=count, root_cluster=2,
        root_bytes=0, size_bytes=1_000_000, volume_id="00000000", label=None,
    )  # fmt: skip


def table(kind, links, count=100):
    """An allocation table with the given links, and a reader over it."""
    width = {"FAT12": 1.5, "FAT16": 2, "FAT32": 4, "exFAT": 4}[kind]
    raw = bytearray(int((count + 2) * width) + 8)
    for cluster, value in links.items():
        if kind == "FAT12":
            at = cluster + cluster // 2
            old = int.from_bytes(raw[at : at + 2], "little")
            new = (old & 0x000F) | value << 4 if cluster & 1 else (old & 0xF000) | value
            raw[at : at + 2] = new.to_bytes(2, "little")
        else:
            raw[int(cluster * width) : int((cluster + 1) * width)] = value.to_bytes(int(width), "little")
    return lambda offset, length: bytes(raw[offset : offset + length])


@given(st.binary(min_size=512, max_size=512), st.sampled_from([b"\xeb\x58\x90", b"\xeb\x76\x90EXFAT   "]))
def test_any_sector_is_a_volume_with_sane_bounds_or_malformed(raw, head):
    sector = head + raw[len(head) : 510] + b"\x55\xaa"

    try:
        found = parse_boot_sector(sector)
    except MalformedReplyError:
        return
    assert found.cluster_count > 0
    assert found.cluster_bytes <= 2**25
    assert found.fat_offset < found.clusters_offset
    assert found.root_bytes or found.is_cluster(found.root_cluster)


def test_a_sector_without_signature_is_no_volume():
    with pytest.raises(MalformedReplyError):
        parse_boot_sector(bytes(512))


def test_the_geometry_of_our_own_card_is_read_back():
    volume = Fat32Volume(Folder(), volume_id=0xCAFE)

    found = parse_boot_sector(volume.read(0, 512))

    assert (found.kind, found.volume_id, found.label, found.size_bytes) == ("FAT32", "0000cafe", "BODYCAM", volume.size_bytes)


def test_the_allocation_table_in_use_is_taken_when_they_are_not_mirrored():
    sector = bytearray(Fat32Volume(Folder(), volume_id=1).read(0, 512))
    mirrored = parse_boot_sector(bytes(sector))
    struct.pack_into("<H", sector, 40, 0x81)

    assert parse_boot_sector(bytes(sector)).fat_offset > mirrored.fat_offset


@pytest.mark.parametrize(("kind", "end"), [("FAT12", 0xFFF), ("FAT16", 0xFFFF), ("FAT32", 0xFFFFFFFF), ("exFAT", 0xFFFFFFFF)])
def test_a_chain_is_joined_into_stretches(kind, end):
    links = {2: 3, 3: 4, 4: 9, 9: 10, 10: 7, 7: end}

    runs = list(follow_chain(layout(kind), 2, 6 * 512, table(kind, links), is_contiguous=False))

    assert runs == [(4096, 3 * 512), (4096 + 7 * 512, 2 * 512), (4096 + 5 * 512, 512)]


@given(st.dictionaries(st.integers(2, 101), st.integers(0, 0xFFFFFFFF), max_size=60), st.integers(0, 200), st.integers(0, 10**6))
def test_any_chain_ends_inside_the_volume_and_never_exceeds_the_length(links, first, length):
    runs = list(follow_chain(layout(), first, length, table("FAT32", links), is_contiguous=False))

    assert sum(size for _, size in runs) <= -(-length // 512) * 512
    assert all(start >= 4096 and start + size <= 4096 + 100 * 512 for start, size in runs)


@given(st.permutations(range(2, 12)))
def test_a_chain_that_bites_its_tail_is_read_once(order):
    links = dict(zip(order, [*order[1:], order[0]], strict=True))

    runs = list(follow_chain(layout(), order[0], 10**6, table("FAT32", links), is_contiguous=False))

    assert sum(size for _, size in runs) == 10 * 512


def test_a_contiguous_content_needs_no_table_and_ends_with_the_volume():
    runs = list(follow_chain(layout("exFAT"), 100, 10**6, lambda *_: b"", is_contiguous=True))

    assert runs == [(4096 + 98 * 512, 2 * 512)]


def info_of(volume):
    return volume.read(512, 512)


def test_the_room_left_is_what_the_volume_notes():
    volume = Fat32Volume(Folder(), volume_id=1)
    found = parse_boot_sector(volume.read(0, 512))

    free = parse_fat32_info(info_of(volume), found)

    assert found.info_offset == 512
    assert 0 < free < found.size_bytes
    assert free % found.cluster_bytes == 0


@pytest.mark.parametrize(
    "spoiled",
    [
        lambda info: b"XXXX" + info[4:],
        lambda info: info[:484] + b"XXXX" + info[488:],
        lambda info: info[:488] + b"\xff\xff\xff\xff" + info[492:],
        lambda info: info[:100],
    ],
)
def test_the_room_left_is_unknown_where_it_is_not_noted(spoiled):
    volume = Fat32Volume(Folder(), volume_id=1)
    found = parse_boot_sector(volume.read(0, 512))

    assert parse_fat32_info(spoiled(info_of(volume)), found) is None


@pytest.mark.parametrize(("percent", "free_clusters"), [(0, 1_000), (37, 630), (100, 0), (255, None), (101, None)])
def test_the_room_left_on_exfat_follows_from_the_share_in_use(percent, free_clusters):
    boot = bytearray(b"\xeb\x76\x90EXFAT   ".ljust(512, b"\0"))
    struct.pack_into("<QQIIIIIIHHBBBBB", boot, 64, 0, 20_000, 24, 16, 64, 1_000, 4, 0x1234ABCD, 0x100, 0, 9, 4, 1, 0x80, percent)
    boot[510:] = b"\x55\xaa"

    found = parse_boot_sector(bytes(boot))

    assert found.free_bytes == (None if free_clusters is None else free_clusters * 8_192)
    assert found.info_offset is None
