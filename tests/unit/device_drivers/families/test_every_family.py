import json
import tomllib
from importlib import import_module
from importlib.resources import files
from pathlib import Path

import pytest

from device_drivers.registry import ENTRY_POINT_GROUP

ROOT = Path(__file__).resolve().parents[4]
POINTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"][ENTRY_POINT_GROUP]
RULES = {
    "bronze": {"lists", "reads", "survives-unplugging"},
    "silver": {"resumes", "reports-battery", "reports-clock-drift", "authenticates"},
    "gold": {"erases-only-after-commit", "tested-on-hardware"},
}
FILES = ("driver.py", "protocol.py", "profile.yaml", "quality.yaml", "README.md")


def package_of(name):
    return import_module(POINTS[name].partition(":")[0])


def test_every_folder_of_a_family_has_an_entry_point():
    folders = {path.parent.name for path in (ROOT / "device_drivers" / "families").glob("*/__init__.py")}

    assert folders == {target.partition(":")[0].rpartition(".")[2] for target in POINTS.values()}


@pytest.mark.parametrize("name", POINTS)
@pytest.mark.parametrize("file", FILES)
def test_every_family_has_all_its_files(name, file):
    assert files(package_of(name)).joinpath(file).read_text(encoding="utf-8").strip()


@pytest.mark.parametrize("name", POINTS)
def test_quality_is_told_by_the_rules_of_the_house(name):
    quality = json.loads(files(package_of(name)).joinpath("quality.yaml").read_text(encoding="utf-8"))

    assert quality.pop("family") == name
    assert {level: set(rules) for level, rules in quality.items()} == RULES
    for rules in quality.values():
        for rule in rules.values():
            assert rule["state"] in ("done", "todo", "exempt")
            assert set(rule) == ({"state"} if rule["state"] == "done" else {"state", "reason"})
            assert rule.get("reason", "a reason")


@pytest.mark.parametrize("name", POINTS)
def test_nobody_claims_hardware_that_was_not_at_hand(name):
    quality = json.loads(files(package_of(name)).joinpath("quality.yaml").read_text(encoding="utf-8"))
    readme = files(package_of(name)).joinpath("README.md").read_text(encoding="utf-8")

    assert (quality["gold"]["tested-on-hardware"]["state"] == "done") == ("## What was seen on hardware" in readme)
    assert "## What has never been seen on hardware" in readme


@pytest.mark.parametrize("name", POINTS)
def test_every_match_of_a_profile_says_how_it_is_known(name):
    family = getattr(package_of(name), POINTS[name].partition(":")[2])

    assert family.profile.family == name
    assert family.profile.matches
    assert all(match.verified_by for match in family.profile.matches)
