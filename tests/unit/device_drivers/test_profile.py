import json

import pytest

from device_drivers.errors import ProfileError
from device_drivers.profile import DeviceMatch, parse_profile, read_profile_folder
from device_drivers.transports.bulk_only_scsi import Inquiry

MATCH = {"title": "a", "interface": "08/06/50", "verified_by": "b"}


@pytest.mark.parametrize(
    "data",
    [
        "no json",
        "[]",
        json.dumps({"family": "", "matches": []}),
        json.dumps({"family": "mass-storage", "matches": [{**MATCH, "quirks": "slow"}]}),
        json.dumps({"family": "mass-storage", "matches": [{**MATCH, "quirks": ["fast"]}]}),
        json.dumps({"family": "mass-storage", "matches": [{**MATCH, "extra": "c"}]}),
        json.dumps({"family": "mass-storage", "matches": [{**MATCH, "verified_by": ""}]}),
        json.dumps({"family": "mass-storage", "matches": [{**MATCH, "interface": "8/6/50"}]}),
        json.dumps({"family": "mass-storage", "matches": [{**MATCH, "vendor_id": "0603"}]}),
        json.dumps({"family": "mass-storage", "matches": [{**MATCH, "vendor_id": "0603", "product_id": "86"}]}),
        json.dumps({"family": "mass-storage", "matches": [{"title": "a"}]}),
        json.dumps({"family": "mass-storage", "matches": [{**MATCH, "interface": "03/01/01"}]}),
        json.dumps({"family": "mass-storage", "matches": [{**MATCH, "interface": "0a/00/00"}]}),
    ],
)
def test_a_wrong_profile_is_refused_whole(data):
    with pytest.raises(ProfileError):
        parse_profile(data, quirks=frozenset({"slow"}))


def test_a_profile_names_what_its_driver_knows():
    (match,) = parse_profile(json.dumps({"family": "a", "matches": [{**MATCH, "quirks": ["slow"]}]}), quirks=frozenset({"slow"})).matches

    assert match == DeviceMatch("a", (8, 6, 0x50), "b", quirks=frozenset({"slow"}))


@pytest.mark.parametrize(
    ("said", "fits"),
    [
        (("DV16", "DEVICE V1.00", ""), True),
        (("DV16", "DEVICE", "V1.00"), True),
        (("DV16 DEV", "ICE V1.00", "0"), True),
        (("DV17", "DEVICE", "V1.00"), False),
    ],
)
def test_an_inquiry_is_compared_without_its_padding(said, fits):
    match = DeviceMatch("t", (8, 6, 0x50), "v", inquiry="DV16 DEVICE V1.00")

    assert match.fits_inquiry(Inquiry(0, True, *said)) is fits


def test_a_folder_of_profiles_is_read_by_name(tmp_path):
    for name in ("b", "a"):
        (tmp_path / f"{name}.yaml").write_text(json.dumps({"family": name, "matches": [MATCH]}))
    (tmp_path / "note.txt").write_text("no profile")

    assert [profile.family for profile in read_profile_folder(tmp_path)] == ["a", "b"]


def test_a_site_profile_comes_before_the_shipped_one():
    shipped, site = (parse_profile(json.dumps({"family": "a", "matches": [{**MATCH, "title": title}]})) for title in ("shipped", "site"))

    assert [match.title for match in shipped.extended([site]).matches] == ["site", "shipped"]
