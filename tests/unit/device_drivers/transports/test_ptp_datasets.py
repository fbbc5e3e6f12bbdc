import struct
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.errors import MalformedReplyError
from device_drivers.transports.ptp import datasets
from device_drivers.transports.ptp.date_times import format_date_time, parse_date_time
from device_drivers.transports.ptp.fields import Fields

CHINA = timezone(timedelta(hours=8))
DEVICE_INFO = bytes.fromhex(
    "6400 06000000 6400 00 0000"
    "02000000 0110 0210"  # operations
    "00000000"  # events
    "01000000 1150"  # properties
    "00000000 00000000"  # capture and playback formats
    "03 4100 4200 0000"  # AB
    "02 5a00 0000"  # Z
    "00"
    "05 4200 5700 4300 3700 0000"  # BWC7
)
OBJECT_INFO = bytes.fromhex(
    "01000100 82b9 0100 ffffffff 0000"
    "00000000 00000000 00000000 00000000 00000000 00000000"
    "07000000 0000 00000000 00000000"
    "03 3100 00d8 0000"  # 1 and half a surrogate pair
    "00"
    "10 3200 3000 3200 3600 3100 3100 3200 3400 5400 3000 3900 3300 3000 3100 3500 0000"
    "00"
)


def units(text):
    return text.encode("utf-16-le", "surrogatepass")


def element(handle, code, value):
    return struct.pack("<IHH", handle, code, 0x0008) + struct.pack("<Q", value)


def test_a_device_tells_its_operations_properties_and_names():
    info = datasets.parse_device_info(DEVICE_INFO)

    assert (info.operations, info.properties) == ({0x1001, 0x1002}, {0x5011})
    assert (info.manufacturer, info.model, info.device_version, info.serial) == (units("AB"), units("Z"), b"", units("BWC7"))


def test_texts_that_are_missing_at_the_end_are_empty():
    assert datasets.parse_device_info(DEVICE_INFO[:-11]).serial == b""


def test_an_object_tells_its_place_size_and_name_verbatim():
    info = datasets.parse_object_info(OBJECT_INFO)

    assert (info.storage, info.object_format, info.protection, info.size_bytes, info.parent) == (0x10001, 0xB982, 1, 0xFFFFFFFF, 7)
    assert info.name == bytes.fromhex("310000d8")
    assert info.modified == units("20261124T093015")


def test_a_storage_tells_its_room():
    raw = struct.pack("<HHHQQI", 4, 2, 1, 64 * 10**9, 5 * 10**9, 0xFFFFFFFF) + b"\x02A\0\0\0" + b"\0"

    assert datasets.parse_storage_info(raw) == datasets.StorageInfo(1, 64 * 10**9, 5 * 10**9, units("A"), b"")


@pytest.mark.parametrize("parse", [datasets.parse_device_info, datasets.parse_object_info])
def test_a_dataset_that_is_cut_is_malformed(parse):
    raw = DEVICE_INFO if parse is datasets.parse_device_info else OBJECT_INFO[:53]

    with pytest.raises(MalformedReplyError):
        parse(raw[:-1])


@pytest.mark.parametrize("count", [3, 2**16, 2**32 - 1])
def test_an_array_longer_than_the_dataset_is_malformed(count):
    with pytest.raises(MalformedReplyError):
        datasets.parse_numbers("handles", struct.pack("<III", count, 1, 2))


def test_a_property_list_gives_the_value_of_each_object():
    raw = struct.pack("<I", 2) + element(7, 0xDC04, 2**33) + element(8, 0xDC04, 1)

    assert datasets.parse_property_list(raw, 0xDC04) == {7: 2**33, 8: 1}


@pytest.mark.parametrize(
    "raw",
    [
        struct.pack("<I", 2) + element(7, 0xDC04, 1),  # one is missing
        struct.pack("<I", 2) + element(7, 0xDC04, 1) * 2,  # twice the same object
        struct.pack("<I", 1) + element(7, 0xDC07, 1),  # another property
        struct.pack("<I", 2**32 - 1),
        struct.pack("<IIHH", 1, 7, 0xDC04, 0x000B) + bytes(8),  # a type that there is not
    ],
)
def test_a_property_list_that_is_not_what_was_asked_for_is_malformed(raw):
    with pytest.raises(MalformedReplyError):
        datasets.parse_property_list(raw, 0xDC04)


@pytest.mark.parametrize(
    ("form", "least", "greatest"),
    [(b"\1\0\x64\1", 0, 100), (b"\2\3\0\0\x32\x64", 0, 100), (b"\0", 40, 40), (b"", 40, 40)],
)
def test_a_number_property_tells_its_range(form, least, greatest):
    raw = struct.pack("<HHBBB", 0x5001, 0x0002, 0, 0, 40) + form

    assert datasets.parse_number_property(raw) == datasets.PropertyRange(40, least, greatest)


def test_signed_numbers_are_signed():
    assert Fields("number", b"\xff\xff").value(0x0003) == -1


@given(st.binary(max_size=200))
@pytest.mark.parametrize(
    "parse",
    [
        datasets.parse_device_info,
        datasets.parse_storage_info,
        datasets.parse_object_info,
        datasets.parse_number_property,
        lambda raw: datasets.parse_numbers("handles", raw),
        lambda raw: datasets.parse_property_list(raw, 0xDC07),
    ],
)
def test_any_bytes_are_a_dataset_or_malformed(parse, raw):
    try:
        parse(raw)
    except MalformedReplyError:
        return


@given(st.integers(0, len(OBJECT_INFO) - 1), st.integers(0, 255))
def test_a_dataset_with_one_wrong_byte_is_read_or_malformed(at, value):
    raw = bytearray(OBJECT_INFO)
    raw[at] = value
    try:
        info = datasets.parse_object_info(bytes(raw))
    except MalformedReplyError:
        return
    assert len(info.name) <= 510


@pytest.mark.parametrize(
    ("text", "wall_time", "resolution"),
    [
        ("20261124T093015", "2026-11-24T09:30:15", 1.0),
        ("20261124T093015.7", "2026-11-24T09:30:15.7", 0.1),
        ("20261124T093015Z", "2026-11-24T09:30:15+00:00", 1.0),
        ("20261124T093015.25+0800", "2026-11-24T09:30:15.25+08:00", 0.01),
        ("20261124T093015-0330\0", "2026-11-24T09:30:15-03:30", 1.0),
    ],
)
def test_a_date_time_is_spelled_as_a_wall_time(text, wall_time, resolution):
    read = parse_date_time(units(text))

    assert (read.wall_time, read.resolution_s) == (wall_time, pytest.approx(resolution))


@pytest.mark.parametrize(
    "text",
    ["", "2026", "20261324T093015", "20261124T093060", "20261124T093015+0860", "20261124T093015+9900", "2026-11-24T09:30:15", "٢0261124T093015"],
)
def test_what_is_no_date_time_is_none(text):
    assert parse_date_time(units(text)) is None


def test_a_time_without_an_offset_is_wall_time_of_the_zone_that_is_given():
    moment = datetime(2026, 11, 24, 1, 30, 15, tzinfo=UTC)

    assert parse_date_time(units("20261124T093015")).instant(CHINA) == moment
    assert parse_date_time(units("20261124T013015Z")).instant(CHINA) == moment


@pytest.mark.parametrize(
    ("like", "expected"),
    [
        (None, "20261124T093015"),
        ("20000101T000000", "20261124T093015"),
        ("20000101T000000Z", "20261124T013015+0000"),
        ("20000101T000000-0500", "20261123T203015-0500"),
    ],
)
def test_a_time_is_spelled_as_the_device_spells_its_own(like, expected):
    moment = datetime(2026, 11, 24, 1, 30, 15, tzinfo=UTC)
    own = None if like is None else parse_date_time(units(like))

    assert format_date_time(moment, CHINA, like=own) == units(expected)


@given(st.datetimes(min_value=datetime(1980, 1, 1), max_value=datetime(2107, 1, 1)))  # noqa: DTZ001 - wall times
def test_a_time_that_was_spelled_is_read_back(moment):
    aware = moment.replace(microsecond=0, tzinfo=CHINA)

    assert parse_date_time(format_date_time(aware, CHINA, like=None)).instant(CHINA) == aware


@given(st.binary(max_size=80))
def test_any_bytes_are_a_date_time_or_none(raw):
    read = parse_date_time(raw)
    assert read is None or read.wall_time[4] == "-"
