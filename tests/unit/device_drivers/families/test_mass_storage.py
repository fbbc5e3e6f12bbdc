import json
from importlib.resources import files

from device_drivers.families import mass_storage
from device_drivers.families.mass_storage import FAMILY
from device_drivers.transports.usb import UsbDescription, UsbInterface

DISK = UsbInterface(0, 0x08, 0x06, 0x50)


def device(*interfaces, vendor=0x1209, product=1):
    return UsbDescription(vendor, product, 0, 1, 2, "1-1", 3, interfaces)


def test_the_shipped_profile_is_sound_and_names_its_sources():
    assert all(each.verified_by for each in FAMILY.profile.matches)
    assert FAMILY.profile.family == "mass-storage"
    assert sorted(each.find_interface(device(DISK, vendor=0x0603, product=0x8611)) == DISK for each in FAMILY.profile.matches) == [True, True]


def test_quality_rules_are_done_todo_or_exempt_with_a_reason():
    quality = json.loads(files(mass_storage).joinpath("quality.yaml").read_text(encoding="utf-8"))

    assert set(quality) == {"family", "bronze", "silver", "gold"}
    for level in ("bronze", "silver", "gold"):
        for rule in quality[level].values():
            assert rule["state"] in ("done", "todo", "exempt")
            assert rule["state"] == "done" or rule["reason"]
