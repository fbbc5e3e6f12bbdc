"""How far a family has come, worked out from its ``quality.yaml``. Pure.

Written, as ``profile.yaml`` is, in the part of YAML that is JSON::

    {"family": "mtp", "bronze": {"lists": {"state": "done"}, ...}, "silver": {...}, "gold": {...}}

A rule is ``done``, ``todo`` or ``exempt``; the last two give their reason.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from device_drivers.kit.errors import QualityError

QUALITY_FILE = "quality.yaml"
_LONGEST_TEXT = 65_536


class Level(StrEnum):
    """What a dock may expect of a family, each level with those before it."""

    NONE = "none"
    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"


RULES: dict[Level, frozenset[str]] = {
    Level.BRONZE: frozenset({"lists", "reads", "survives-unplugging"}),
    Level.SILVER: frozenset({"resumes", "reports-battery", "reports-clock-drift", "authenticates"}),
    Level.GOLD: frozenset({"erases-only-after-commit", "tested-on-hardware"}),
}
"""Rules of each level, in the order of the levels."""


@dataclass(frozen=True, slots=True)
class Quality:
    """A family's level and what keeps it from the next.

    Attributes:
        level: The highest whose rules, and those below, are all done or exempt.
        missing: Rules that are to do, with their reasons, of all levels.
    """

    level: Level
    missing: Mapping[str, str]


def parse_quality(text: str, family: str) -> Quality:
    """Read ``quality.yaml`` and work out the level.

    Args:
        text: Its content.
        family: Name of the family it must speak of.

    Raises:
        QualityError: It is no JSON, of another family, leaves out or invents a rule, or gives no reason where one is due.
    """
    try:
        data = json.loads(text[:_LONGEST_TEXT])
    except (ValueError, RecursionError) as error:
        raise QualityError(family, str(error)) from error
    if not isinstance(data, dict) or set(data) != {"family", *RULES} or data["family"] != family:
        raise QualityError(family, f"expected the family's name, and rules under {', '.join(RULES)}")
    missing: dict[str, str] = {}
    level, is_unbroken = Level.NONE, True
    for each, names in RULES.items():
        to_do = _read_level(family, each, data[each], names)
        missing.update(to_do)
        is_unbroken = is_unbroken and not to_do
        level = each if is_unbroken else level
    return Quality(level, missing)


def _read_level(family: str, level: Level, rules: Any, names: frozenset[str]) -> dict[str, str]:
    if not isinstance(rules, dict) or set(rules) != names:
        raise QualityError(family, f"{level} has the rules {', '.join(sorted(names))}, and no others")
    to_do = {}
    for name, rule in rules.items():
        state = rule.get("state") if isinstance(rule, dict) else None
        reason = rule.get("reason") if isinstance(rule, dict) else None
        if state == "done" and reason is None:
            continue
        if state not in ("todo", "exempt") or not isinstance(reason, str) or not reason:
            raise QualityError(family, f"{name} is done, or it is todo or exempt with a reason")
        if state == "todo":
            to_do[name] = reason
    return to_do
