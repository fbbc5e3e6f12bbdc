import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.transports.filesystem_child.names import attribute_letters, long_name, short_name, wall_time


@given(st.binary(max_size=510).map(lambda raw: raw[: len(raw) // 2 * 2]))
def test_any_utf_16_has_a_readable_form_that_can_be_encoded_and_holds_no_separator(raw):
    name = long_name(raw)

    name.readable.encode()
    assert name.raw == raw
    assert "/" not in name.readable
    assert name.readable.isprintable() or " " in name.readable or not any(ord(each) < 32 for each in name.readable)
    assert name.readable not in (".", "..")


@given(st.binary(min_size=11, max_size=11), st.integers(0, 255))
def test_any_short_name_has_a_readable_form_and_keeps_its_bytes(stored, case):
    name = short_name(stored, case)

    name.readable.encode()
    assert "/" not in name.readable
    assert name.raw.replace(b".", b"") == (stored[:8].rstrip(b" ") + stored[8:].rstrip(b" ")).replace(b".", b"")


@pytest.mark.parametrize(
    ("stored", "case", "readable"),
    [
        (b"A       MP4", 0x00, "A.MP4"),
        (b"A       MP4", 0x08, "a.MP4"),
        (b"A       MP4", 0x18, "a.mp4"),
        (b"NOEXT      ", 0x00, "NOEXT"),
        ("执法记录".encode("gbk") + b"MP4", 0x00, "执法记录.MP4"),
        (b"\x80       MP4", 0x00, "\\x80.MP4"),
        (b"A/B\\    \x7f  ", 0x00, "A\\x2fB\\x5c.\\x7f"),
    ],
)
def test_short_names_are_read_as_people_know_them(stored, case, readable):
    assert short_name(stored, case).readable == readable


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.integers(0, 255), st.integers(0, 255))
def test_any_time_is_a_wall_time_or_none(date, time, hundredths, zone):
    text = wall_time(date, time, hundredths=hundredths, utc_offset=zone)

    assert text is None or text[:2] in ("19", "20", "21")


@pytest.mark.parametrize(
    ("zone", "ending"),
    [(0x00, "T09:30:15"), (0x80, "T09:30:15+00:00"), (0xA0, "T09:30:15+08:00"), (0xEC, "T09:30:15-05:00"), (0x96, "T09:30:15+05:30")],
)
def test_an_exfat_offset_is_told_only_where_it_is_valid(zone, ending):
    date, time = 46 << 9 | 11 << 5 | 24, 9 << 11 | 30 << 5 | 7

    assert wall_time(date, time, hundredths=100, utc_offset=zone) == f"2026-11-24{ending}"


def test_no_date_is_no_time():
    assert wall_time(0, 0) is None


def test_attributes_are_spelled():
    assert attribute_letters(0x21) == "RA"
    assert attribute_letters(0x3F) == "RHSA"
