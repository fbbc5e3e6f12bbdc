import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.identity_file import is_identity_file, parse_identity_file
from integrity.listing import RecorderIdentity


def test_an_identity_file_is_read_in_utf_8_and_gbk():
    text = "serial=BWC7\r\nofficer: 100234\nofficer name = 示范人员\nunit_code\uff1a110100\n# note=1\nunknown=1\nserial=second\n"

    for encoding in ("utf-8", "utf-8-sig", "gbk"):
        record = parse_identity_file(text.encode(encoding))

        assert (record.serial, record.officer_code, record.officer_name, record.unit_code) == ("BWC7", "100234", "示范人员", "110100")
        assert base64.b64decode(record.record_base64) == text.encode(encoding)


@given(st.binary(max_size=5_000))
def test_any_bytes_make_an_identity_that_may_be_attested(content):
    record = parse_identity_file(content)

    RecorderIdentity(
        family="mass-storage",
        serial=record.serial,
        id_code=record.id_code,
        officer_code=record.officer_code,
        officer_name=record.officer_name,
        unit_code=record.unit_code,
        unit_name=record.unit_name,
        record_base64=record.record_base64,
    )


@given(st.text(max_size=600), st.sampled_from(["serial", "officer", "unit_name"]))
def test_a_value_is_kept_whole_or_left_unknown(value, key):
    record = parse_identity_file(f"{key}={value}".encode("utf-8", "surrogatepass"))

    field = {"serial": record.serial, "officer": record.officer_code, "unit_name": record.unit_name}[key]
    assert field is None or field in value


@pytest.mark.parametrize(
    ("path", "size", "expected"),
    [
        ("RECORDER.TXT", 1, True),
        ("device.txt", 4_096, True),
        ("recorder.txt", 0, False),
        ("recorder.txt", 4_097, False),
        ("DCIM/recorder.txt", 9, False),
    ],
)
def test_an_identity_file_is_known_by_name_place_and_size(path, size, expected):
    assert is_identity_file(path, size) is expected


def test_what_a_factory_leaves_behind_is_no_identity():
    record = parse_identity_file(b"serial=0123456789ABCDEF\nid_code=00000\nofficer=000000\nunit=000000\n")

    assert (record.serial, record.id_code, record.officer_code, record.unit_code) == (None, None, None, "000000")
    assert b"0123456789ABCDEF" in base64.b64decode(record.record_base64)
