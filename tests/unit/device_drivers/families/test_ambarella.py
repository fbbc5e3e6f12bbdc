import base64
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.errors import MalformedReplyError
from device_drivers.families.ambarella import FAMILY
from device_drivers.families.ambarella.dialects import QUIRKS
from device_drivers.families.ambarella.protocol import (
    LOG_IN,
    answers,
    ask_device_id,
    binary_enter_storage_mode,
    binary_set_clock,
    decode_device_id,
    enter_storage_mode,
    fitting_passwords,
    is_device_id,
    is_logged_in,
    set_date,
    set_time,
)
from integrity.listing import RecorderIdentity

CHINA = timezone(timedelta(hours=8))
MOMENT = datetime(2026, 11, 24, 23, 59, 58, tzinfo=UTC)


def test_messages_are_laid_out_as_the_vendor_has_them():
    assert LOG_IN == b"@Ver;8;00000000;#"
    assert ask_device_id("12345678") == b"@Gdv;8;12345678;#"
    assert ask_device_id("888888") == b"@Gdv;8;88888800;#"
    assert enter_storage_mode("000000") == b"@ATH;8;00000000;#"
    assert set_date(MOMENT, CHINA) == b"@Sdt;8;20261125;#"
    assert set_time(MOMENT, CHINA) == b"@Stm;6;07595800;#"


def test_frames_are_laid_out_as_the_tool_has_them():
    assert binary_set_clock(MOMENT.astimezone(CHINA)) == (
        bytes.fromhex("453a0267 d400000f 17000000 bac5fd98"),
        b"\x13\0\0\0" + b"2026/11/24/23/59/58",
    )
    assert binary_enter_storage_mode("888888") == (bytes.fromhex("453a0267 f700000f 0a000000 bac5fd98"), b"\x06\0\0\0888888")


@pytest.mark.parametrize(("reply", "expected"), [(b"@Ver;OK;#", True), (b"\0Ver;OK", True), (b"@Ver;NG;#", False), (b"", False)])
def test_a_log_in_is_taken_when_the_reply_says_so(reply, expected):
    assert is_logged_in(reply) is expected


@pytest.mark.parametrize(
    ("reply", "serial"),
    [
        (b"@Gdv;7;BWC7001#", "BWC7001"),
        (b"@Gdv;7;BWC7001;#", "BWC7001"),
        (b"@Gdv;8;BWC7001;#", "BWC7001"),
        (b"@Gdv;8;BWC7001#", None),
        (b"@Gdv;8;00000000#", None),
        (b"@Gdv;0;#", None),
        (b"@Gdv;2;\xff\xfe#", "\\xff\\xfe"),
        (b"@Gdv;2;a\x07#", None),
    ],
)
def test_a_device_id_is_a_serial_where_it_is_whole_and_no_factorys(reply, serial):
    record = decode_device_id(reply)

    assert record.serial == serial
    assert base64.b64decode(record.record_base64) == reply


@given(st.binary(max_size=64) | st.builds(lambda length, text: b"@Gdv;%d;%s#" % (length, text), st.integers(0, 999), st.binary(max_size=50)))
def test_any_reply_makes_an_identity_that_may_be_attested_or_is_malformed(reply):
    try:
        record = decode_device_id(reply)
    except MalformedReplyError:
        assert not is_device_id(reply)
        return

    RecorderIdentity(family="ambarella", serial=record.serial, record_base64=record.record_base64)
    assert is_device_id(reply)


def test_a_reply_names_what_it_answers():
    assert answers(b"@Sdt;OK;#", set_date(MOMENT, UTC))
    assert not answers(b"@Stm;OK;#", set_date(MOMENT, UTC))


@given(st.lists(st.text(max_size=12)))
def test_only_passwords_that_fit_their_field_are_tried(passwords):
    fitting = fitting_passwords(passwords, 8)

    assert len(set(fitting)) == len(fitting)
    assert all(len(ask_device_id(each)) == len(LOG_IN) and b";" not in each.encode() for each in fitting)


def test_the_binary_dialect_takes_passwords_of_six_only():
    assert fitting_passwords(FAMILY.passwords, 6, shortest=6) == ("000000", "888888")


def test_a_family_shows_no_password():
    family = FAMILY.with_passwords(("s3cret",))

    assert family.passwords[0] == "s3cret"
    assert not any(password in repr(family) for password in family.passwords)


def test_its_profile_is_limited_to_known_ids_and_known_quirks():
    matches = FAMILY.profile.matches

    assert {(match.vendor_id, match.product_id) for match in matches} == {(0x4255, 0x0001), (0x4255, 0x1000)}
    assert all(match.quirks <= QUIRKS for match in matches)
    assert FAMILY.open_disk(None) is None
