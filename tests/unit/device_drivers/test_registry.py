import json
import tomllib
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest

from device_drivers import registry
from device_drivers.errors import BrokenFamilyError, UnsupportedRecorderError
from device_drivers.families.mass_storage import FAMILY
from device_drivers.profile import Profile, parse_profile
from device_drivers.registry import ENTRY_POINT_GROUP, EnrolledDevice, find_usb_recorders, installed_families, open_image
from device_drivers.transports.bulk_only_scsi import Inquiry
from device_drivers.transports.usb import UsbDescription, UsbInterface

DISK = UsbInterface(0, 0x08, 0x06, 0x50)


def device(*interfaces, vendor=0x1209, product=1):
    return UsbDescription(vendor, product, 0, 1, 2, "1-1", 3, interfaces)


class Bus:
    def __init__(self, *descriptions):
        self._descriptions = descriptions

    def devices(self):
        return [(object(), each) for each in self._descriptions]


class AskedFamily:
    def __init__(self, name, **match):
        data = {"title": name, "interface": "08/06/50", "verified_by": "nobody", **match}
        self.profile = parse_profile(json.dumps({"family": name, "matches": [data]}))
        self.opened = []

    def open_usb(self, plugged):
        self.opened.append(plugged)
        return self.profile.family


def find(*descriptions, families=(FAMILY,), **options):
    return find_usb_recorders(Bus(*descriptions), families=families, **options)


class DisklessFamily:
    name = "diskless"

    def open_disk(self, disk):
        return None


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "card.img"
    path.write_bytes(bytes(4_096))
    return path


def test_an_image_that_no_family_takes_is_refused(image):
    with pytest.raises(UnsupportedRecorderError, match="no installed driver family"):
        open_image(image, families=[DisklessFamily()])


def test_a_refused_recorder_is_never_opened():
    family = AskedFamily("asked")
    (found,) = find(device(DISK, UsbInterface(1, 0x03, 1, 1)), families=[family])

    with pytest.raises(UnsupportedRecorderError, match="class 03"):
        found.open()
    assert family.opened == []


def test_what_no_driver_knows_is_reported_and_refused():
    (found,) = find(device(UsbInterface(0, 0x03, 0x01, 0x01)))

    assert "03/01/01" in found.refusal
    with pytest.raises(UnsupportedRecorderError):
        found.open()


@pytest.mark.parametrize("usb_class", [0x02, 0x03, 0x0A, 0xE0, 0xFF])
def test_a_disk_that_is_something_else_besides_is_refused(usb_class):
    (found,) = find(device(DISK, UsbInterface(1, usb_class, 0, 0)))

    assert f"class {usb_class:02x}" in found.refusal


@pytest.mark.parametrize("usb_class", [0x06, 0x08])
def test_a_recorder_may_show_another_way_to_its_files(usb_class):
    (found,) = find(device(DISK, UsbInterface(1, usb_class, 0, 0)))

    assert found.refusal is None


def test_a_plain_disk_is_not_refused():
    (found,) = find(device(DISK))

    assert found.refusal is None
    assert found.candidates[0].interface == DISK


@pytest.mark.parametrize("triple", [(0x08, 0x04, 0x50), (0x08, 0x06, 0x62), (0x03, 0x01, 0x01), (0xFF, 0x06, 0x50)])
def test_devices_of_another_kind_do_not_match(triple):
    (found,) = find(device(UsbInterface(0, *triple)))

    assert found.candidates == ()


@pytest.mark.parametrize(("text", "is_passed_over"), [("1209:0001", True), ("1209:0001@1-1", True), ("1209:0001@1-2", False), ("1209:0002", False)])
def test_enrolled_devices_are_passed_over(text, is_passed_over):
    found = find(device(UsbInterface(0, 3, 1, 1)), enrolled=[EnrolledDevice.parse(text)])

    assert (found == []) is is_passed_over


@pytest.mark.parametrize("text", ["", "1209", "1209:1", "12g9:0001", "1209:0001@"])
def test_an_enrolment_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match="vvvv:pppp"):
        EnrolledDevice.parse(text)


@pytest.mark.parametrize(("said", "expected"), [("DV16", "narrow"), ("OTHER", "wide")])
def test_a_profile_with_an_inquiry_is_preferred_where_it_fits(monkeypatch, said, expected):
    monkeypatch.setattr(registry, "_inquire", lambda _: Inquiry(0, True, said, "DEVICE", "V1.0"))
    wide, narrow = AskedFamily("wide"), AskedFamily("narrow", inquiry="DV16 DEVICE")
    (found,) = find(device(DISK), families=[wide, narrow])

    assert found.open() == expected


def test_nothing_is_asked_where_no_profile_needs_it(monkeypatch):
    monkeypatch.setattr(registry, "_inquire", lambda _: pytest.fail("asked"))
    (found,) = find(device(DISK), families=[AskedFamily("wide")])

    assert found.open() == "wide"


def test_a_device_that_only_an_inquiry_could_have_matched_is_refused(monkeypatch):
    monkeypatch.setattr(registry, "_inquire", lambda _: Inquiry(0, True, "OTHER", "DEVICE", "V1.0"))
    (found,) = find(device(DISK), families=[AskedFamily("narrow", inquiry="DV16 DEVICE")])

    with pytest.raises(UnsupportedRecorderError, match="OTHER"):
        found.open()


def test_a_family_that_cannot_be_loaded_costs_nobody_else_anything(monkeypatch):
    broken = EntryPoint("broken", "nowhere.at_all:FAMILY", ENTRY_POINT_GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [broken, *entry_points(group=group)])
    told = []

    families = installed_families(on_broken=told.append)

    assert "mass-storage" in {family.profile.family for family in families}
    assert [error.family for error in told] == ["broken"]
    with pytest.raises(BrokenFamilyError, match="nowhere"):
        installed_families()


def test_a_site_adds_models_to_an_installed_family():
    added = parse_profile(json.dumps({"family": "mass-storage", "matches": [{"title": "t", "interface": "ff/06/50", "verified_by": "v"}]}))

    families = {family.profile.family: family for family in installed_families([added, Profile("another", ())])}

    (found,) = find(device(UsbInterface(0, 0xFF, 0x06, 0x50)), families=[families["mass-storage"]])
    assert found.refusal is None


def test_every_entry_point_of_the_package_names_a_family():
    project = tomllib.loads((Path(__file__).resolve().parents[3] / "pyproject.toml").read_text())["project"]
    points = project["entry-points"][ENTRY_POINT_GROUP]

    families = {}
    for name, target in points.items():
        module, _, attribute = target.partition(":")
        families[name] = getattr(import_module(module), attribute)

    assert families["mass-storage"] is FAMILY
    assert all(family.profile.family == name for name, family in families.items())
