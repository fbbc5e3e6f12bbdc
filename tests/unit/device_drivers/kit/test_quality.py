import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.kit.errors import QualityError
from device_drivers.kit.families import describe_families
from device_drivers.kit.quality import RULES, Level, parse_quality

DONE = {"family": "one", **{level.value: {name: {"state": "done"} for name in sorted(names)} for level, names in RULES.items()}}


def quality_of(**to_do):
    data = copy.deepcopy(DONE)
    for level, name in to_do.items():
        data[level][name] = {"state": "todo", "reason": "not yet"}
    return parse_quality(json.dumps(data), "one")


@pytest.mark.parametrize(
    ("to_do", "level"),
    [
        ({}, Level.GOLD),
        ({"gold": "tested-on-hardware"}, Level.SILVER),
        ({"silver": "resumes"}, Level.BRONZE),
        ({"bronze": "reads"}, Level.NONE),
        ({"bronze": "reads", "gold": "tested-on-hardware"}, Level.NONE),
    ],
)
def test_a_level_needs_its_rules_and_those_below(to_do, level):
    quality = quality_of(**to_do)

    assert quality.level is level
    assert dict(quality.missing) == dict.fromkeys(to_do.values(), "not yet")


def test_a_rule_that_is_exempt_for_a_reason_counts():
    data = copy.deepcopy(DONE)
    data["silver"]["authenticates"] = {"state": "exempt", "reason": "no passwords"}

    assert parse_quality(json.dumps(data), "one").level is Level.GOLD


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.pop("gold"),
        lambda data: data.update(platinum={}),
        lambda data: data.update(family="other"),
        lambda data: data["bronze"].pop("reads"),
        lambda data: data["bronze"].update(sings={"state": "done"}),
        lambda data: data["bronze"].update(reads={"state": "todo"}),
        lambda data: data["bronze"].update(reads={"state": "done", "reason": "because"}),
        lambda data: data["bronze"].update(reads="done"),
        lambda data: data.update(bronze=[]),
    ],
)
def test_what_does_not_follow_the_rules_gives_no_level(change):
    data = copy.deepcopy(DONE)
    change(data)

    with pytest.raises(QualityError):
        parse_quality(json.dumps(data), "one")


@given(st.one_of(st.text(), st.recursive(st.none() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)).map(json.dumps)))
def test_any_other_text_is_refused(text):
    with pytest.raises(QualityError):
        parse_quality(text, "one")


def test_every_shipped_family_reads_lists_and_survives():
    described = {each.family.profile.family: each for each in describe_families()}

    assert {"ambarella", "jieli", "mass-storage", "mtp"} <= set(described)
    assert all(each.quality.level in (Level.SILVER, Level.GOLD) for each in described.values())
