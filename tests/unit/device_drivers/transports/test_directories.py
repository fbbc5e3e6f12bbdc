import struct

from hypothesis import given
from hypothesis import strategies as st

from device_drivers.simulated.fat32_entries import ARCHIVE, named_entry
from device_drivers.transports.filesystem_child.exfat_directory import parse_exfat_directory
from device_drivers.transports.filesystem_child.fat_directory import parse_fat_directory, short_name_checksum
from tests.integration.device_drivers.media import WHEN

NAMES = st.text(st.characters(codec="utf-16-le", exclude_characters="\0"), min_size=1, max_size=80)


def entry(name, number=1):
    return named_entry(name, number, 7, attributes=ARCHIVE, first_cluster=0x12345, modified=WHEN)


@given(st.binary(max_size=4_096))
def test_any_bytes_parse_as_a_fat_directory_without_an_error(data):
    parsed = parse_fat_directory(data)

    assert 0 <= parsed.consumed <= len(data)
    assert all(each.position % 32 == 0 for each in parsed.entries)


@given(st.binary(max_size=4_096))
def test_any_bytes_parse_as_an_exfat_directory_without_an_error(data):
    parsed = parse_exfat_directory(data)

    assert 0 <= parsed.consumed <= len(data)


@given(st.lists(NAMES, max_size=20))
def test_long_names_come_back_in_order(names):
    data = b"".join(entry(name, number) for number, name in enumerate(names)) + bytes(32)

    parsed = parse_fat_directory(data)

    assert [each.name.raw.decode("utf-16-le") for each in parsed.entries] == names
    assert parsed.ended


@given(st.lists(NAMES, min_size=1, max_size=8), st.data())
def test_a_directory_cut_anywhere_goes_on_where_it_stopped(names, data):
    whole = b"".join(entry(name, number) for number, name in enumerate(names))
    cut = data.draw(st.integers(0, len(whole)))

    first = parse_fat_directory(whole[:cut])
    second = parse_fat_directory(whole[first.consumed :])

    assert [each.name.raw.decode("utf-16-le") for each in (*first.entries, *second.entries)] == names


def test_a_long_name_of_another_file_is_not_taken():
    data = bytearray(entry("long name.mp4"))
    data[13] ^= 1  # its checksum

    (found,) = parse_fat_directory(bytes(data)).entries

    assert found.name.readable == "F0000001"
    assert found.first_cluster == 0x12345


def test_deleted_entries_and_labels_and_dots_are_no_files():
    label = b"BODYCAM    \x08" + bytes(20)
    dots = b".          \x10" + bytes(20) + b"..         \x10" + bytes(20)
    deleted = b"\xe5" + entry("gone.mp4")[-32:][1:]

    parsed = parse_fat_directory(label + dots + deleted + entry("there.mp4"))

    assert [each.name.readable for each in parsed.entries] == ["there.mp4"]
    assert parsed.label == "BODYCAM"


def test_the_checksum_is_that_of_the_specification():
    total = 0
    for byte in b"F0000001   ":
        total = ((0x80 if total & 1 else 0) + (total >> 1) + byte) & 0xFF

    assert short_name_checksum(b"F0000001   ") == total


def test_an_exfat_set_gives_what_it_says():
    head = struct.pack("<BBHHHIIIBBBBB7x", 0x85, 2, 0, 0x21, 0, 0, (46 << 9 | 11 << 5 | 24) << 16, 0, 0, 150, 0, 0xA0, 0)
    stream = struct.pack("<BBBBHHQIIQ", 0xC0, 3, 0, 5, 0, 0, 4, 0, 9, 5 * 2**30)
    data = head + stream + b"\xc1\0" + "A.MP4".encode("utf-16-le").ljust(30, b"\0")

    (found,) = parse_exfat_directory(data).entries

    assert (found.name.readable, found.size_bytes, found.valid_bytes, found.first_cluster) == ("A.MP4", 5 * 2**30, 4, 9)
    assert (found.is_contiguous, found.attributes, found.created) == (True, "RA", None)
    assert found.modified == "2026-11-24T00:00:01.500+08:00"


def test_an_exfat_entry_no_longer_in_use_is_no_file():
    data = bytes([0x05, 2]) + bytes(30) + bytes([0x40]) + bytes(31) + bytes([0x41]) + bytes(31)

    assert parse_exfat_directory(data).entries == []
