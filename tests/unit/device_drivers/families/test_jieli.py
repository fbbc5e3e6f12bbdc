import base64
import struct
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.errors import MalformedReplyError
from device_drivers.families.jieli import FAMILY
from device_drivers.families.jieli.protocol import (
    decode_id_code,
    decode_number,
    decode_percent,
    decode_record,
    decode_resolution,
    decode_text,
    encode_time,
)
from device_drivers.simulated.jieli_target import RecorderRecord
from integrity.listing import RecorderIdentity

NAMES = ("serial", "officer_code", "officer_name", "unit_code", "unit_name")
FIELDS = ("BWC7001", "100234", "示范人员", "110100000000", "示范中队")


@pytest.mark.parametrize("encoding", ["gbk", "utf-8"])
@pytest.mark.parametrize("widths", [(8, 7, 33, 13, 33), (7, 6, 32, 12, 32)])
def test_both_layouts_are_read_in_both_encodings(encoding, widths):
    raw = b"".join(text.encode(encoding).ljust(width, b"\0") for text, width in zip(FIELDS, widths, strict=True))

    record = decode_record(raw)

    assert tuple(getattr(record, name) for name in NAMES) == FIELDS
    assert base64.b64decode(record.record_base64) == raw


def test_what_follows_a_nul_is_not_read():
    raw = b"BWC7\0XYZ" + b"1\0" + b"23456"[:5] + bytes(33 + 13 + 33)

    record = decode_record(raw)

    assert (record.serial, record.officer_code) == ("BWC7", None)


@pytest.mark.parametrize("length", [0, 1, 88, 90, 93, 95, 512])
def test_a_record_of_another_length_is_kept_and_says_nothing(length):
    record = decode_record(b"x" * length)

    assert all(getattr(record, name) is None for name in NAMES)
    assert base64.b64decode(record.record_base64) == b"x" * length


@pytest.mark.parametrize("serial", ["", "0000000", "FFFFFFF", "unknown"])
def test_what_a_factory_leaves_behind_is_no_serial(serial):
    assert decode_record(RecorderRecord(serial).encode()).serial is None


@given(st.binary(max_size=5_000) | st.binary(min_size=94, max_size=94) | st.binary(min_size=89, max_size=89))
def test_any_bytes_make_an_identity_that_may_be_attested(raw):
    record = decode_record(raw)

    identity = RecorderIdentity(family="jieli", record_base64=record.record_base64, **{name: getattr(record, name) for name in NAMES})
    assert base64.b64decode(identity.record_base64) == raw[:4_096]


@given(st.binary(max_size=64))
def test_any_text_can_be_shown(raw):
    text = decode_text(raw)

    assert text.isprintable()
    assert text == text.strip()


@given(st.binary(max_size=20))
def test_any_answer_is_read_or_malformed(raw):
    for decode, length in ((decode_number, 4), (decode_percent, 4), (decode_resolution, 8)):
        try:
            decode(raw)
        except MalformedReplyError:
            assert len(raw) != length
    try:
        assert decode_id_code(raw) is None or len(raw) >= 5
    except MalformedReplyError:
        assert len(raw) < 5


@pytest.mark.parametrize(("value", "expected"), [(0, 0), (3, 3), (100, 100), (101, None), (-1, None)])
def test_a_charge_is_a_percentage_or_unknown(value, expected):
    assert decode_percent(struct.pack("<i", value)) == expected


@pytest.mark.parametrize(("pair", "expected"), [((1920, 1080), (1920, 1080)), ((0, 1080), None), ((1920, -1), None), ((2**31 - 1, 1), None)])
def test_a_resolution_is_two_plausible_numbers_or_unknown(pair, expected):
    assert decode_resolution(struct.pack("<ii", *pair)) == expected


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)), st.integers(-12, 14))  # noqa: DTZ001 - bounds are naive
def test_a_time_is_written_as_the_wall_time_of_a_zone(moment, hours):
    zone = timezone(timedelta(hours=hours))

    raw = encode_time(moment, zone)

    assert len(raw) == 8
    assert datetime(*struct.unpack("<HBBBBBx", raw), tzinfo=zone) == moment.replace(microsecond=0)


def test_it_asks_for_an_inquiry_and_takes_no_disk_without_usb():
    assert [match.inquiry for match in FAMILY.profile.matches] == ["DV16 DEVICE V1.00"]
    assert FAMILY.open_disk(None) is None
