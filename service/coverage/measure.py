"""The coverage of an agency and those below it, at an instant, made of the facts anew."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from evidence_store.actor import Actor
from evidence_store.coverage_facts import CountedRow, FactsAt, PlaceRow
from evidence_store.models import Agency
from evidence_store.unit_of_work import UnitOfWork
from service.access.permission import require
from service.access.policy import Action
from service.context import ServiceContext
from service.coverage.rate import METHOD, Figure, GapReason, figures_by_agency, new_after, why_missing
from service.coverage.tree import AgencyTree
from service.errors import UnacceptableValueError, UnknownAgencyError

DAYS = ZoneInfo("Asia/Shanghai")
"""Facts of the roster hold by whole days of this zone."""
MOST_NAMES = 100


@dataclass(frozen=True, slots=True)
class MissingOfficer:
    """An officer without a recorder that counts, and why.

    Attributes:
        recorders: Of their own, as ``(serial, state)``.
    """

    code: str
    name: str
    agency: PlaceRow
    reason: GapReason
    recorders: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CoverageMeasurement:
    """A rate with what it was measured of.

    Attributes:
        agency: Where it stood on the day.
        above: Those above it, from the top, as far as the asker may see them.
        at: Which facts counted.
        as_of: The instant that was asked for, UTC.
        is_future: Whether the day is still to come, so that today's facts stand for it.
        figure: The agency with everything below it.
        own: The agency alone.
        parts: Each agency directly below, with everything below that; those that are closed and empty are left out.
        missing: The gap by name, by officer number; no more than were asked for.
    """

    agency: PlaceRow
    above: tuple[PlaceRow, ...]
    at: FactsAt
    as_of: datetime
    is_future: bool
    method: str
    figure: Figure
    own: Figure
    parts: tuple[tuple[PlaceRow, Figure], ...]
    missing: tuple[MissingOfficer, ...]


def parse_as_of(text: str | None, now: datetime) -> datetime:
    """Read an instant; a date alone, or its 24:00, means its end in Asia/Shanghai, nothing means now.

    Raises:
        UnacceptableValueError: It is neither an RFC 3339 instant with an offset nor a date.
    """
    if text is None:
        return now
    try:
        if len(text) == len("2026-12-31"):
            return _end_of(date.fromisoformat(text))
        if text[10:] in {"T24:00+08:00", "T24:00:00+08:00"}:
            return _end_of(date.fromisoformat(text[:10]))
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UnacceptableValueError("as_of", "expected a date or an RFC 3339 instant") from error
    raise UnacceptableValueError("as_of", "expected an offset, for instance +08:00")


def _end_of(day: date) -> datetime:
    """The last instant that still belongs to a day; 24:00 precedes everything that takes effect on the next."""
    return datetime.combine(day, time.max, tzinfo=DAYS).astimezone(UTC)


def cut_off(day: date) -> datetime:
    """24:00 of a day in Asia/Shanghai, UTC."""
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=DAYS).astimezone(UTC)


def day_of(moment: datetime) -> date:
    """The day in Asia/Shanghai that an instant belongs to."""
    return moment.astimezone(DAYS).date()


def measure_coverage(
    context: ServiceContext,
    *,
    actor: Actor,
    agency_code: str | None = None,
    as_of: datetime | None = None,
    known: datetime | None = None,
    most_names: int = MOST_NAMES,
) -> CoverageMeasurement:
    """Measure the coverage of an agency within the actor's, from the facts that hold on the day.

    Args:
        context: What the service needs.
        actor: Who asks.
        agency_code: Which agency; the actor's own when not given.
        as_of: The instant whose day counts; now when not given.
        known: As far as it was known then; now when not given.
        most_names: How many of the gap are named at most.

    Raises:
        NotPermittedError: This role may not.
        UnknownAgencyError: No such agency within the actor's.
    """
    require(Action.READ_COVERAGE, actor)
    now = context.clock.now()
    moment = as_of or now
    with context.unit_of_work() as work:
        at = FactsAt(day_of(moment), known or known_now(context, work))
        agency = find_agency(work, agency_code, actor=actor)
        within = tree_at(work, at, asked=agency).within(agency.id)
        groups, named = work.coverage.count(at, new_after=new_after(at.day), within=within, most=most_names)
        own = figures_by_agency(groups)
        tree = tree_at(work, at, serving=own.keys(), asked=agency)
    totals = tree.add_up(own)
    missing = tuple(found for row in named if (found := missing_officer(row, tree, at.day)) is not None)
    parts = tuple((place, totals[place.agency_id]) for place in tree.below(agency.id) if place.is_open or totals[place.agency_id].denominator)
    above = tuple(place for place in tree.above(agency.id) if place.path.startswith(actor.scope.agency_path))
    figure, alone = totals[agency.id], own.get(agency.id, Figure())
    return CoverageMeasurement(tree.node(agency.id), above, at, moment, moment > now, METHOD, figure, alone, parts, missing)


def known_now(context: ServiceContext, work: UnitOfWork) -> datetime:
    """The instant that stands for everything known by now, UTC: a change of the roster may be recorded a moment later than the clock shows."""
    now = context.clock.now()
    return max(now, work.snapshots.known_until() or now)


def find_agency(work: UnitOfWork, code: str | None, *, actor: Actor) -> Agency:
    """Find the agency an actor means; their own when they name none.

    Raises:
        UnknownAgencyError: No such agency within the actor's.
    """
    own = work.agencies.get(actor.agency_id) if actor.agency_id else work.agencies.top()
    agency = work.agencies.by_code(code) if code else own
    if agency is None or not agency.path.startswith(actor.scope.agency_path):
        raise UnknownAgencyError(code or "")
    return agency


def tree_at(work: UnitOfWork, at: FactsAt, *, serving: Collection[UUID] = (), asked: Agency | None = None) -> AgencyTree:
    """The agency tree of a day.

    Args:
        work: The transaction.
        at: Which facts count.
        serving: Agencies that somebody serves at; those that had no place yet on that day count where they stand now.
        asked: An agency that is in the tree in any case.
    """
    places = work.coverage.tree(at)
    placeless = {*serving, *([asked.id] if asked else [])} - {place.agency_id for place in places}
    places += [
        PlaceRow(agency.id, agency.code, agency.name, agency.level, agency.parent_id, is_open=False, path=agency.path)
        for agency in work.agencies.named(placeless).values()
    ]
    return AgencyTree(places, work.coverage.successions(at))


def missing_officer(row: CountedRow, tree: AgencyTree, day: date) -> MissingOfficer | None:
    """Why an officer of the denominator is missing; ``None`` when they are not."""
    reason = why_missing(row.holding, is_new=row.certified_since > new_after(day))
    return None if reason is None else MissingOfficer(row.code, row.name, tree.node(row.agency_id), reason, row.recorders)
