import base64
import json
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.errors import ProfileError, UnsupportedRecorderError
from device_drivers.families import mass_storage
from device_drivers.families.mass_storage import FAMILY
from device_drivers.families.mass_storage.profile import load_profile, parse_profile
from device_drivers.families.mass_storage.protocol import is_identity_file, parse_identity_file
from device_drivers.transports.usb import UsbDescription, UsbInterface
from integrity.listing import RecorderIdentity

DISK = UsbInterface(0, 0x08, 0x06, 0x50)


def device(*interfaces, vendor=0x1209, product=1):
    return UsbDescription(vendor, product, 0, 1, 2, "1-1", 3, interfaces)


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


def test_the_shipped_profile_is_sound_and_names_its_sources():
    assert all(each.verified_by for each in load_profile().matches)
    assert load_profile().find_interface(device(DISK)) == DISK
    assert load_profile().find_interface(device(DISK, vendor=0x0603, product=0x8611)) == DISK


@pytest.mark.parametrize("triple", [(0x08, 0x04, 0x50), (0x08, 0x06, 0x62), (0x03, 0x01, 0x01), (0xFF, 0x06, 0x50)])
def test_devices_of_another_kind_do_not_match(triple):
    assert not FAMILY.matches(device(UsbInterface(0, *triple)))


@pytest.mark.parametrize("usb_class", [0x02, 0x03, 0x0A, 0xE0, 0xFF])
def test_a_disk_with_another_interface_is_refused(usb_class):
    both = device(DISK, UsbInterface(1, usb_class, 0, 0))

    assert FAMILY.matches(both)
    assert f"class {usb_class:02x}" in FAMILY.refusal(both)
    with pytest.raises(UnsupportedRecorderError):
        FAMILY.open_usb(None, both)


def test_a_plain_disk_is_not_refused():
    assert FAMILY.refusal(device(DISK)) is None


MATCH = {"title": "a", "interface": "08/06/50", "verified_by": "b"}


@pytest.mark.parametrize(
    "data",
    [
        "no json",
        "[]",
        json.dumps({"family": "other", "matches": []}),
        json.dumps({"family": "mass-storage", "matches": [{**MATCH, "extra": "c"}]}),
        json.dumps({"family": "mass-storage", "matches": [{**MATCH, "verified_by": ""}]}),
        json.dumps({"family": "mass-storage", "matches": [{**MATCH, "interface": "8/6/50"}]}),
        json.dumps({"family": "mass-storage", "matches": [{**MATCH, "vendor_id": "0603"}]}),
        json.dumps({"family": "mass-storage", "matches": [{**MATCH, "vendor_id": "0603", "product_id": "86"}]}),
        json.dumps({"family": "mass-storage", "matches": [{"title": "a"}]}),
    ],
)
def test_a_wrong_profile_is_refused_whole(data):
    with pytest.raises(ProfileError):
        parse_profile(data)


def test_quality_rules_are_done_todo_or_exempt_with_a_reason():
    quality = json.loads(files(mass_storage).joinpath("quality.yaml").read_text(encoding="utf-8"))

    assert set(quality) == {"family", "bronze", "silver", "gold"}
    for level in ("bronze", "silver", "gold"):
        for rule in quality[level].values():
            assert rule["state"] in ("done", "todo", "exempt")
            assert rule["state"] == "done" or rule["reason"]
