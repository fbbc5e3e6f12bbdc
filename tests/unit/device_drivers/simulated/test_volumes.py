"""The volumes and media of virtual cards, byte by byte."""

import struct
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.simulated.clusters import Clusters, Directory
from device_drivers.simulated.exfat import CLUSTER_BYTES, ExfatVolume
from device_drivers.simulated.exfat_entries import bitmap_entry, checksum_32, entry_count, file_set, up_case_entry, up_case_table
from device_drivers.simulated.fat32 import Fat32Volume, FileTooLargeError
from device_drivers.simulated.faults import Faults
from device_drivers.simulated.footage import CardFile, Folder, ghosts_of
from device_drivers.simulated.overlay import MAX_WRITTEN_BYTES, PAGE_BYTES, Overlay
from device_drivers.simulated.scsi_target import ScsiTarget

WHEN = datetime(2026, 11, 24, 1, 30, 15, tzinfo=UTC)
TREE = Folder(
    folders=[Folder("DCIM", files=[CardFile("A.MP4", 100_000, WHEN, b"a" * 100_000), CardFile("B.MP4", 1, WHEN, b"b")])],
    files=[CardFile("C.MP4", CLUSTER_BYTES, WHEN, b"c" * CLUSTER_BYTES)],
)


@given(st.integers(0, 1_500_000), st.integers(0, 200_000), st.integers(5_000, 70_000))
def test_an_exfat_card_reads_the_same_in_pieces_as_whole(offset, length, step):
    volume = ExfatVolume(TREE, volume_id=1)
    pieces = b"".join(volume.read(at, min(step, offset + length - at)) for at in range(offset, offset + length, step))

    assert pieces == volume.read(offset, length)


def test_both_boot_regions_are_the_same_and_their_checksum_fits():
    volume = ExfatVolume(TREE, volume_id=0x1234ABCD)
    first, second = volume.read(0, 12 * 512), volume.read(12 * 512, 12 * 512)
    counted = bytes(byte for at, byte in enumerate(first[: 11 * 512]) if at not in (106, 107, 112))

    assert first == second
    assert first[11 * 512 :] == struct.pack("<I", checksum_32(counted)) * 128
    assert volume.volume_id == "1234abcd"
    assert struct.unpack_from("<Q", first, 72)[0] * 512 == volume.size_bytes


def test_the_bitmap_marks_what_is_used_and_nothing_else():
    volume = ExfatVolume(TREE, volume_id=1)
    entry = volume.read(volume.data_offset + 32, 32)
    cluster, size = struct.unpack_from("<IQ", entry, 20)
    marks = volume.read(volume.data_offset + (cluster - 2) * CLUSTER_BYTES, size)
    used = (volume.used_bytes - volume.data_offset) // CLUSTER_BYTES

    assert entry[:20] == bitmap_entry(cluster, size)[:20]
    assert int.from_bytes(marks, "little") == (1 << used) - 1


def test_the_up_case_table_has_the_mandatory_mappings_and_says_its_checksum():
    table = up_case_table()
    mappings = struct.unpack("<130H", table)

    assert mappings[:128] == tuple(code - 32 if 0x61 <= code <= 0x7A else code for code in range(128))
    assert mappings[128:] == (0xFFFF, 0x1_0000 - 128)
    assert struct.unpack_from("<I", up_case_entry(9, table), 4)[0] == checksum_32(table)


@given(st.text(min_size=1, max_size=300), st.integers(0, 2**40))
def test_a_set_has_as_many_entries_as_were_counted_and_checks(name, size):
    entries = file_set(name, size, attributes=0x20, first_cluster=7, held_bytes=size, modified=WHEN)
    total = 0
    for at, byte in enumerate(entries):
        if at not in (2, 3):
            total = ((total & 1) << 15 | total >> 1) + byte & 0xFFFF

    assert len(entries) == 32 * entry_count(name) == 32 * (1 + entries[1])
    assert struct.unpack_from("<H", entries, 2)[0] == total


@pytest.mark.parametrize(("size", "held", "contiguous"), [(10, 32_768, True), (32_768, 32_768, True), (32_769, 32_768, False), (0, 0, True)])
def test_only_what_has_room_for_its_size_is_marked_as_one_piece(size, held, contiguous):
    entries = file_set("A", size, attributes=0x20, first_cluster=7, held_bytes=held, modified=WHEN)

    assert bool(entries[33] & 2) is contiguous


def test_an_empty_file_has_no_cluster():
    entries = file_set("A", 0, attributes=0x20, first_cluster=0, held_bytes=0, modified=WHEN)

    assert (entries[33], struct.unpack_from("<I", entries, 52)[0]) == (1, 0)


def test_a_growing_entry_grows_when_it_is_read_and_not_when_others_are():
    directory = Directory()
    directory.append(lambda size: b"first" + bytes([size]), 1)
    directory.append(lambda size: b"grows" + bytes([size]), 9, (2, 3))

    assert [directory.read(0, 6), directory.read(0, 6)] == [b"first\1"] * 2
    assert [directory.read(6, 6), directory.read(11, 1), directory.read(0, 99)[6:]] == [b"grows\2", b"\3", b"grows\3"]


def test_clusters_end_where_a_content_ends():
    clusters = Clusters(100)
    first, second = clusters.allocate(150, b"a" * 150), clusters.allocate(1, b"b")

    assert (first.first, first.count, second.first, clusters.used) == (2, 2, 4, 3)
    assert clusters.allocate(0, b"") is None
    assert clusters.read(140, 999) == b"a" * 10 + bytes(50)
    assert clusters.read(200, 50) == b"b".ljust(50, b"\0")
    assert clusters.read(900, 5) == bytes(5)


def test_a_growing_size_beyond_fat32_is_refused():
    with pytest.raises(FileTooLargeError):
        Fat32Volume(TREE, volume_id=1, faults=Faults(growing_files={"C.MP4": (1, 2**32)}))


def test_ghosts_lie_in_the_folder_that_their_path_names():
    paths = ["A", "DCIM/B", "DCIM/sub/C"]

    assert [ghosts_of(paths, parent) for parent in ("", "DCIM/", "DCIM/sub/", "X/")] == [["A"], ["B"], ["C"], []]


class Zeros:
    size_bytes = 100_000 * 512

    def read(self, offset, length):
        return bytes(length)


@given(st.lists(st.tuples(st.integers(0, 60_000), st.binary(min_size=1, max_size=9_000)), max_size=8))
def test_what_was_written_is_read_and_the_rest_is_what_lies_under_it(writes):
    overlay, expected = Overlay(Zeros()), bytearray(80_000)
    for offset, data in writes:
        assert overlay.write(offset, data)
        expected[offset : offset + len(data)] = data

    assert overlay.read(0, 80_000) == bytes(expected)
    assert overlay.read(4_000, 9_000) == bytes(expected[4_000:13_000])


def test_an_overlay_is_bounded(monkeypatch):
    monkeypatch.setattr("device_drivers.simulated.overlay.MAX_WRITTEN_BYTES", 2 * PAGE_BYTES)
    overlay = Overlay(Zeros())

    assert overlay.write(0, b"x" * 2 * PAGE_BYTES)
    assert not overlay.write(2 * PAGE_BYTES, b"y")
    assert overlay.write(1, b"z")
    assert overlay.read(0, 3) == b"xzx"
    assert MAX_WRITTEN_BYTES > 1024**2


def write_10(first, count):
    return struct.pack(">BBIBHB", 0x2A, 0, first, 0, count, 0)


def test_a_disk_takes_writes_and_gives_them_back():
    target = ScsiTarget(Overlay(Zeros()))
    block = write_10(7, 2)

    assert target.room_for(block, 1024)
    assert target.run(block, 0, b"w" * 1024).passed
    assert target.run(struct.pack(">BBIBHB", 0x28, 0, 7, 0, 2, 0), 1024).data == b"w" * 1024
    assert target.run(bytes([0x35]) + bytes(9), 0).passed


@pytest.mark.parametrize(
    ("block", "length", "faults"),
    [
        (write_10(7, 2), 512, Faults()),
        (write_10(7, 1), 512, Faults(write_protected=True)),
        (b"\x04" + bytes(9), 512, Faults()),
        (b"\x2a", 0, Faults()),
    ],
)
def test_a_disk_has_no_room_for_what_it_does_not_take(block, length, faults):
    assert not ScsiTarget(Overlay(Zeros()), faults=faults).room_for(block, length)


@pytest.mark.parametrize(("protected", "bit"), [(True, 0x80), (False, 0)])
def test_a_disk_says_whether_it_takes_writes(protected, bit):
    target = ScsiTarget(Overlay(Zeros()), faults=Faults(write_protected=protected))

    assert target.run(bytes([0x1A, 0, 0x3F, 0, 192, 0]), 192).data == bytes([3, 0, bit, 0])
    assert target.run(struct.pack(">BBBIHB", 0x5A, 0, 0x3F, 0, 192, 0), 192).data[3] == bit


def test_an_empty_slot_says_so_and_still_says_who_it_is():
    target = ScsiTarget(None)

    assert not target.run(bytes(6), 0).passed
    sense = target.run(bytes([3, 0, 0, 0, 18, 0]), 18).data
    assert (sense[2], sense[12]) == (2, 0x3A)
    assert target.run(bytes([0x12, 0, 0, 0, 36, 0]), 36).data[8:15] == b"BODYCAM"
