"""What a roster would change and what forbids it, as members of an answer and as words; long lists are cut, their totals never."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from service.language import Texts
from service.roster.faults import About, Fault, Place
from service.roster.plan import FactChange, ImportPlan

MOST_SHOWN = 200
_ORDER = ("changed", "withdrawn", "created")
"""What is otherwise afterwards comes before what is new."""
_WORDS = frozenset({"level", "kind", "duty_state", "state"})
"""Fields whose values are codes with words of their own."""

PlaceOf = Callable[[About], Place | None]


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One change in words.

    Attributes:
        differences: Field, before and after; either is empty where there was, or is, nothing.
    """

    kind: str
    table: str
    about: str
    place: str
    differences: tuple[tuple[str, str, str], ...]


def nowhere(_about: About) -> None:
    """The place of what came in no file."""


def totals_of(plan: ImportPlan) -> dict[str, int]:
    """How many facts are created, changed and withdrawn, and how many faults there are."""
    counts = Counter(change.kind for change in plan.changes)
    return {"created": counts["created"], "changed": counts["changed"], "withdrawn": counts["withdrawn"], "conflicts": len(plan.faults)}


def first_changes(plan: ImportPlan, most: int = MOST_SHOWN) -> list[FactChange]:
    """The changes that are shown: those of what stands first."""
    return sorted(plan.changes, key=lambda change: _ORDER.index(change.kind))[:most]


def plan_members(plan: ImportPlan, texts: Texts, place_of: PlaceOf = nowhere, *, most: int = MOST_SHOWN) -> dict[str, Any]:
    """A plan as members of a JSON answer."""
    return {
        "totals": totals_of(plan),
        "changes": [_change_members(change, place_of) for change in first_changes(plan, most)],
        "conflicts": [fault_members(fault, texts) for fault in plan.faults[:most]],
        "touches_from": plan.touches_from.isoformat() if plan.touches_from else None,
    }


def fault_members(fault: Fault, texts: Texts) -> dict[str, Any]:
    """A fault as members of a JSON answer; ``sheet``, ``row`` and ``column`` where it came in a file."""
    members: dict[str, Any] = {
        "code": fault.code,
        "kind": fault.about.kind,
        "key": [str(part) for part in fault.about.key],
        "text": fault.told(texts),
    }
    return {**members, **_place_members(fault.place)}


def fault_text(fault: Fault, texts: Texts) -> str:
    """A fault in one sentence, its place in a file first."""
    return texts("roster.fault_about", about=fault.place.told(texts), what=fault.told(texts)) if fault.place else fault.told(texts)


def change_lines(changes: Iterable[FactChange], texts: Texts, place_of: PlaceOf = nowhere) -> list[ChangeLine]:
    """Changes in words."""
    return [_line(change, texts, place_of(change.telling.about)) for change in changes]


def _line(change: FactChange, texts: Texts, place: Place | None) -> ChangeLine:
    before: Mapping[str, Any] = change.before.content if change.before is not None else {}
    after: Mapping[str, Any] = change.after or {}
    names = [name for name in {**before, **after} if change.kind != "changed" or before.get(name) != after.get(name)]
    told = (
        (
            texts.of_code("roster.field", name),
            _spell(name, before[name], texts) if before else "",
            _spell(name, after[name], texts) if after else "",
        )
        for name in names
    )
    table = texts.of_code("roster.table", change.telling.table)
    differences = tuple(one for one in told if any(one[1:]))
    return ChangeLine(change.kind, table, change.telling.about.told(texts), place.told(texts) if place else "", differences)


def _spell(name: str, value: Any, texts: Texts) -> str:
    if value is None:
        return texts("roster.open_end") if name == "valid_until" else ""
    if isinstance(value, bool):
        return texts("roster.yes" if value else "roster.no")
    if isinstance(value, Mapping):
        return ", ".join(str(part) for part in value.values())
    family = "roster.duty_state" if name == "duty_state" else "roster.value"
    return texts.of_code(family, value) if isinstance(value, str) and name in _WORDS else str(value)


def _change_members(change: FactChange, place_of: PlaceOf) -> dict[str, Any]:
    members: dict[str, Any] = {"change": change.kind, "table": change.telling.table, "key": [_plain(part) for part in change.telling.key]}
    members["before"] = _plain(change.before.content) if change.before is not None else None
    members["after"] = _plain(change.after) if change.after is not None else None
    return {**members, **_place_members(place_of(change.telling.about))}


def _place_members(place: Place | None) -> dict[str, Any]:
    if place is None:
        return {}
    return {"sheet": place.sheet, "row": place.row, "column": place.column}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | str) else str(value)
