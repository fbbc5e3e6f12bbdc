import json
import re
from pathlib import Path

from device_drivers.kit.udev_rules import RULES_FILE, write_udev_rules
from device_drivers.profile import parse_profile
from device_drivers.registry import installed_families


def rules_for(**match):
    data = {"title": "a recorder", "interface": "08/06/50", "verified_by": "nobody", **match}
    text = write_udev_rules([parse_profile(json.dumps({"family": "one", "matches": [data]}))])
    return [line for line in text.splitlines() if 'GROUP="bodycam"' in line or "UDISKS" in line]


def test_a_disk_may_be_opened_by_the_dock_and_is_left_alone_by_the_desktop():
    device, block = rules_for()

    assert 'ENV{ID_USB_INTERFACES}=="*:080650:*"' in device
    assert 'MODE="0660"' in device
    assert 'ATTRS{bInterfaceClass}=="08"' in block
    assert 'ENV{UDISKS_IGNORE}="1", ENV{UDISKS_AUTO}="0"' in block


def test_ids_narrow_a_rule():
    device, block = rules_for(vendor_id="0603", product_id="8611")

    assert 'ATTR{idVendor}=="0603", ATTR{idProduct}=="8611"' in device
    assert 'ATTRS{idVendor}=="0603", ATTRS{idProduct}=="8611"' in block


def test_what_is_no_disk_has_no_rule_for_disks():
    (device,) = rules_for(interface="06/01/01")

    assert 'ENV{ID_MTP_DEVICE}="", ENV{ID_GPHOTO2}=""' in device


def test_a_title_cannot_add_a_rule():
    text = write_udev_rules(
        [parse_profile(json.dumps({"family": "one", "matches": [{"title": 'a\nRUN+="x"', "interface": "06/01/01", "verified_by": "nobody"}]}))]
    )

    assert [line for line in text.splitlines() if line.startswith("RUN")] == []


def test_the_same_rule_is_written_once_for_a_family():
    match = {"title": "one", "interface": "08/06/50", "verified_by": "nobody"}
    text = write_udev_rules([parse_profile(json.dumps({"family": "one", "matches": [match, {**match, "title": "two", "inquiry": "X"}]}))])

    assert text.count('GROUP="bodycam"') == 1


KEY = r'[A-Z]+(\{[A-Za-z0-9_]+\})?(==|!=|=)"[^"]*"'


def test_every_shipped_rule_is_keys_and_values_and_nothing_is_run():
    text = write_udev_rules([family.profile for family in installed_families()])

    rules = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert len(rules) > 6
    for rule in rules:
        assert re.fullmatch(rf"{KEY}(, {KEY})*", rule), rule
        assert "RUN" not in rule


def test_the_rules_that_are_shipped_are_those_of_the_profiles():
    shipped = {"ambarella", "jieli", "mass-storage", "mtp"}
    profiles = [family.profile for family in installed_families() if family.profile.family in shipped]

    assert (Path(__file__).parents[4] / "deploy" / RULES_FILE).read_text() == write_udev_rules(profiles)
