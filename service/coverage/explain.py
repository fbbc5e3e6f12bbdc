"""Why did it change: recorders gained and lost against officers gained and lost, down to names, and like for like where agencies merged."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.coverage_facts import CountedRow, FactsAt, PlaceRow
from evidence_store.unit_of_work import UnitOfWork
from service.access.permission import require
from service.access.policy import Action
from service.context import ServiceContext
from service.coverage.measure import MOST_NAMES, find_agency, tree_at
from service.coverage.rate import Figure, GapReason, figures_by_agency, new_after, why_missing
from service.coverage.tree import AgencyTree
from service.errors import UnacceptableValueError

SPLIT = "split"


class ChangeKind(StrEnum):
    """What happened to one officer's part in the figure."""

    RECORDER_GAINED = "recorder_gained"
    RECORDER_LOST = "recorder_lost"
    JOINED_EQUIPPED = "joined_equipped"
    JOINED_MISSING = "joined_missing"
    LEFT_EQUIPPED = "left_equipped"
    LEFT_MISSING = "left_missing"


class Side(NamedTuple):
    """One officer on one of the two days: where they counted, and why they were missing, if they were."""

    agency_id: UUID
    reason: GapReason | None
    recorders: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class OfficerChange:
    """An officer whose part in the figure changed.

    Attributes:
        before: Where they counted on the earlier day; ``None`` when they did not; likewise `after`.
    """

    code: str
    name: str
    kind: ChangeKind
    before: Side | None
    after: Side | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """From one figure to another.

    Attributes:
        before: The figure of the earlier day as it was then, in the tree of then.
        like_for_like: The earlier figure of all that makes up the agency on the later day; changes are counted from it.
        undivided: Agencies that were split in between, with a part of them here: whom they had before cannot be told apart by agency, so the
            like-for-like figure holds nobody of theirs.
        counts: How many officers changed, by kind.
        changes: Who, by officer number; no more than were asked for.
        agencies: Every agency named in `changes`.
    """

    agency: PlaceRow
    earlier: FactsAt
    later: FactsAt
    before: Figure
    like_for_like: Figure
    after: Figure
    undivided: tuple[PlaceRow, ...]
    counts: dict[ChangeKind, int]
    changes: tuple[OfficerChange, ...]
    agencies: dict[UUID, PlaceRow]


def explain_change(
    context: ServiceContext, earlier: FactsAt, later: FactsAt, *, actor: Actor, agency_code: str | None = None, most_names: int = MOST_NAMES
) -> Explanation:
    """Explain how an agency's figure came from an earlier one.

    Args:
        context: What the service needs.
        earlier: The facts of the earlier figure: its day, as far as it was known then or is known now.
        later: Those of the later one; the same day with later knowledge explains a restatement.
        actor: Who asks.
        agency_code: Which agency; the actor's own when not given.
        most_names: How many officers are named at most.

    Raises:
        NotPermittedError: This role may not.
        UnknownAgencyError: No such agency within the actor's.
        UnacceptableValueError: The earlier day is not before the later, or the same with earlier knowledge.
    """
    require(Action.READ_COVERAGE, actor)
    if (earlier.day, earlier.known) > (later.day, later.known):
        raise UnacceptableValueError("from", "expected a day before the other")
    with context.unit_of_work() as work:
        agency = find_agency(work, agency_code, actor=actor)
        own_before, own_after = (figures_by_agency(work.coverage.groups(at, new_after=new_after(at.day))) for at in (earlier, later))
        old = tree_at(work, earlier, serving=own_before.keys(), asked=agency)
        new = tree_at(work, later, serving={*own_after, *own_before}, asked=agency)
        within = new.within(agency.id)
        counts = dict.fromkeys(ChangeKind, 0)
        changes: list[OfficerChange] = []
        for change in _changes(work, earlier, later, within):
            counts[change.kind] += 1
            if len(changes) < most_names:
                changes.append(change)
        undivided = _undivided(work, earlier, later, new, set(within))
    like_for_like = sum((own_before.get(one, Figure()) for one in within), Figure())
    before, after = old.add_up(own_before)[agency.id], new.add_up(own_after)[agency.id]
    return Explanation(new.node(agency.id), earlier, later, before, like_for_like, after, undivided, counts, tuple(changes), _named(changes, new))


def _changes(work: UnitOfWork, earlier: FactsAt, later: FactsAt, within: list[UUID]) -> Iterator[OfficerChange]:
    """Merge both rosters, which are sorted by officer number."""
    before, after = work.coverage.roster(earlier, agencies=within), work.coverage.roster(later, agencies=within)
    one, other = next(before, None), next(after, None)
    while one is not None or other is not None:
        if other is None or (one is not None and _order(one) < _order(other)):
            change, one = _change(one, None, earlier, later), next(before, None)
        elif one is None or _order(other) < _order(one):
            change, other = _change(None, other, earlier, later), next(after, None)
        else:
            change, one, other = _change(one, other, earlier, later), next(before, None), next(after, None)
        if change is not None:
            yield change


def _order(row: CountedRow) -> bytes:
    return row.code.encode()


def _change(one: CountedRow | None, other: CountedRow | None, earlier: FactsAt, later: FactsAt) -> OfficerChange | None:
    before = _side(one, earlier) if one is not None else None
    after = _side(other, later) if other is not None else None
    kind = kind_of_change(before, after)
    row = other if one is None else one
    return None if kind is None or row is None else OfficerChange(row.code, row.name, kind, before, after)


def _side(row: CountedRow, at: FactsAt) -> Side:
    return Side(row.agency_id, why_missing(row.holding, is_new=row.certified_since > new_after(at.day)), row.recorders)


def kind_of_change(before: Side | None, after: Side | None) -> ChangeKind | None:
    """What happened to one officer's part in the figure; ``None`` when nothing did. Pure."""
    if before is None:
        return None if after is None else ChangeKind.JOINED_MISSING if after.reason else ChangeKind.JOINED_EQUIPPED
    if after is None:
        return ChangeKind.LEFT_MISSING if before.reason else ChangeKind.LEFT_EQUIPPED
    if bool(before.reason) == bool(after.reason):
        return None
    return ChangeKind.RECORDER_GAINED if before.reason else ChangeKind.RECORDER_LOST


def _undivided(work: UnitOfWork, earlier: FactsAt, later: FactsAt, tree: AgencyTree, within: set[UUID]) -> tuple[PlaceRow, ...]:
    """Agencies that were split between the two days, with a part inside and not the whole."""
    splits = [row for row in work.coverage.successions(later) if row.kind == SPLIT and earlier.day < row.since]
    parts: dict[UUID, set[bool]] = {}
    for row in splits:
        parts.setdefault(row.predecessor_id, {row.predecessor_id in within}).add(row.successor_id in within)
    return tuple(tree.node(agency_id) for agency_id, sides in parts.items() if len(sides) > 1 and agency_id in tree)


def _named(changes: list[OfficerChange], tree: AgencyTree) -> dict[UUID, PlaceRow]:
    named = {side.agency_id for change in changes for side in (change.before, change.after) if side is not None}
    return {agency_id: tree.node(agency_id) for agency_id in named if agency_id in tree}
