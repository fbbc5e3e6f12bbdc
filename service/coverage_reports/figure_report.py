"""Everything that a file of an agency's coverage on a frozen day shows: its figure, those below, the months before, and the gap by name."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.coverage_facts import FactsAt
from evidence_store.models import CoverageFigure, CoverageSnapshot
from evidence_store.unit_of_work import UnitOfWork
from service.access.permission import require
from service.access.policy import Action
from service.context import ServiceContext
from service.coverage.errors import SnapshotNotFoundError
from service.coverage.measure import MissingOfficer, day_of, find_agency, missing_officer, tree_at

TREND_MONTHS = 12


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """The figure at the end of a month, or on the last day."""

    day: date
    numerator: int
    denominator: int


@dataclass(frozen=True, slots=True)
class FigureReport:
    """What is shown.

    Attributes:
        snapshot: The newest edition of the day.
        figures: The agency and every one below it, as `(depth, figure)`, each after the one it counts below.
        trend: The ends of the months before, and the day itself, by day.
        missing: The gap by name, from the facts as they were known when the figure was frozen, by officer number.
    """

    snapshot: CoverageSnapshot
    figure: CoverageFigure
    figures: tuple[tuple[int, CoverageFigure], ...]
    trend: tuple[TrendPoint, ...]
    missing: tuple[MissingOfficer, ...]


def read_figure_report(
    context: ServiceContext, *, actor: Actor, agency_code: str | None = None, day: date | None = None, snapshot_id: UUID | None = None
) -> FigureReport:
    """Read what a file shows of one frozen figure, or of the last frozen day up to one; of all days when none is given.

    Raises:
        NotPermittedError: This role may not.
        UnknownAgencyError: No such agency within the actor's.
        SnapshotNotFoundError: Nothing was frozen by then, there is none of this id, or the agency was not there.
    """
    require(Action.READ_COVERAGE, actor)
    with context.unit_of_work() as work:
        agency, top = find_agency(work, agency_code, actor=actor), work.agencies.top()
        if snapshot_id is not None:
            snapshot = work.snapshots.get(snapshot_id)
        else:
            snapshot = None if top is None else work.snapshots.newest_on_or_before(top.id, day or day_of(context.clock.now()))
        if snapshot is None:
            raise SnapshotNotFoundError(str(snapshot_id) if snapshot_id else f"up to {day}" if day else "yet")
        return _gather(work, snapshot, agency.id)


def read_whole_report(context: ServiceContext, day: date) -> FigureReport:
    """Read what a file shows of a day's newest edition and the whole installation; for its operator.

    Raises:
        SnapshotNotFoundError: The day is not frozen.
    """
    with context.unit_of_work() as work:
        top = work.agencies.top()
        editions = [] if top is None else work.snapshots.editions(top.id, day)
        if not editions:
            raise SnapshotNotFoundError(f"of {day}")
        return _gather(work, editions[-1], editions[-1].agency_id)


def _gather(work: UnitOfWork, snapshot: CoverageSnapshot, agency_id: UUID) -> FigureReport:
    figures = _downwards(work.snapshots.all_figures(snapshot.id), agency_id)
    if not figures:
        raise SnapshotNotFoundError(f"of {snapshot.day} for this agency")
    return FigureReport(snapshot, figures[0][1], figures, _trend(work, snapshot, agency_id), _missing(work, snapshot, agency_id))


def _downwards(figures: list[CoverageFigure], top: UUID) -> tuple[tuple[int, CoverageFigure], ...]:
    below: dict[UUID | None, list[CoverageFigure]] = {}
    for figure in sorted(figures, key=lambda one: one.code, reverse=True):
        below.setdefault(figure.parent_id, []).append(figure)
    waiting = [(0, figure) for figure in figures if figure.agency_id == top]
    found = []
    while waiting:
        depth, figure = waiting.pop()
        found.append((depth, figure))
        waiting += [(depth + 1, part) for part in below.get(figure.agency_id, [])]
    return tuple(found)


def _trend(work: UnitOfWork, snapshot: CoverageSnapshot, agency_id: UUID) -> tuple[TrendPoint, ...]:
    since = snapshot.day - timedelta(days=31 * TREND_MONTHS)
    frozen = work.snapshots.newest_editions(snapshot.agency_id, since=since, until=snapshot.day)
    chosen = [one for one in frozen if one.day == snapshot.day or (one.day + timedelta(days=1)).day == 1][-TREND_MONTHS - 1 :]
    figures = work.snapshots.figures_over_time([one.id for one in chosen], agency_id)
    points = ((one.day, figures[one.id]) for one in chosen if one.id in figures)
    return tuple(TrendPoint(day, figure.numerator, figure.denominator) for day, figure in points)


def _missing(work: UnitOfWork, snapshot: CoverageSnapshot, agency_id: UUID) -> tuple[MissingOfficer, ...]:
    at = FactsAt(snapshot.day, snapshot.known_until)
    groups = {group.agency_id for group in work.coverage.groups(at, new_after=at.day)}
    tree = tree_at(work, at, serving=groups, asked=work.agencies.get(agency_id))
    rows = work.coverage.roster(at, agencies=tree.within(agency_id), only_missing=True)
    return tuple(found for row in rows if (found := missing_officer(row, tree, at.day)) is not None)
