"""How an agency stands with its targets and will stand: decision, pipeline, band, and the figures over time behind them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.coverage_facts import FactsAt, PlaceRow
from evidence_store.unit_of_work import UnitOfWork
from service.access.permission import require
from service.access.policy import Action
from service.context import ServiceContext
from service.coverage.measure import CoverageMeasurement, day_of, tree_at
from service.coverage.rate import Figure
from service.coverage.tree import AgencyTree
from service.coverage_outlook.forecast import WEEKS, Band, LeadTimes, Pipeline, Waiting, WaitingState, draw_band, follow_pipeline
from service.coverage_outlook.targets import Decision, Tally, Target, Verdict, decide, follow, in_force, needed_for
from service.coverage_outlook.trend import History, TrendPoint, month_ends, weeks_before

_NEWLY = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Outlook:
    """How an agency stands on the day of a measurement, and what comes.

    Attributes:
        targets: The targets it follows, by day.
        parts: How each agency directly below stands, in the order of the measurement.
        pipeline: ``None`` for a day to come.
        band: ``None`` for a day to come, when nobody is missing, and where too few weeks are known.
        trend: Ends of months and the day itself, by day.
        waiting_new: Officers certified within a year who have waited for a recorder ever since, for longer than they should; counted by the last
            look for alarms.
    """

    targets: tuple[Target, ...]
    decision: Decision
    parts: tuple[tuple[PlaceRow, Figure, Decision], ...]
    pipeline: Pipeline | None
    band: Band | None
    trend: tuple[TrendPoint, ...]
    waiting_new: int


def read_outlook(context: ServiceContext, measured: CoverageMeasurement, *, actor: Actor) -> Outlook:
    """Read how an agency stands with its targets and will stand, for the day it was measured.

    Raises:
        NotPermittedError: This role may not.
    """
    require(Action.READ_COVERAGE, actor)
    day = measured.at.day
    with context.unit_of_work() as work:
        tree = tree_at(work, measured.at, serving={place.agency_id for place in _places(measured)})
        standing = _Standing(work, tree, History(work, measured.at.known), day)
        decision = standing.decide(measured.agency, measured.figure)
        parts = tuple((place, figure, standing.decide(place, figure)) for place, figure in measured.parts)
        within = tree.within(measured.agency.agency_id)
        pipeline, band = None, None
        if not measured.is_future:
            pipeline = _pipeline(work, measured.at, within, short=decision.short)
            band = standing.band(measured, decision, within)
        last = min(day, day_of(context.clock.now()))
        trend = standing.history.points([end for end in month_ends(last) if end < day], within)
        waiting_new = work.alarms.count_newly_certified(measured.agency.path, since=last - _NEWLY)
    if measured.figure.denominator:
        trend.append(TrendPoint(day, _tally(measured.figure)))
    return Outlook(standing.targets_of(measured.agency), decision, parts, pipeline, band, tuple(trend), waiting_new)


def targets_by_agency(work: UnitOfWork) -> dict[UUID, list[Target]]:
    """Every target that stands now, by the agency it was set for."""
    found: dict[UUID, list[Target]] = {}
    for row in work.outlook.targets():
        found.setdefault(row.agency_id, []).append(Target(row.due_on, row.share, row.agency_code, row.document_number))
    return found


def targets_in_tree(targets: Mapping[UUID, Sequence[Target]], tree: AgencyTree, agency_id: UUID) -> tuple[Target, ...]:
    """The targets an agency follows."""
    chain = [*(place.agency_id for place in tree.above(agency_id)), agency_id]
    return follow(targets, chain)


class _Standing:
    """Decides for agencies on one day; figures at a target's day are added up once for all."""

    def __init__(self, work: UnitOfWork, tree: AgencyTree, history: History, day: date) -> None:
        self._tree, self.history, self._day = tree, history, day
        self._targets = targets_by_agency(work)
        self._at_due: dict[date, dict[UUID, Figure]] = {}

    def targets_of(self, place: PlaceRow) -> tuple[Target, ...]:
        return targets_in_tree(self._targets, self._tree, place.agency_id)

    def decide(self, place: PlaceRow, figure: Figure) -> Decision:
        targets, now = self.targets_of(place), _tally(figure)
        target = in_force(targets, self._day)
        if target is None or target.due_on >= self._day:
            return decide(targets, now, self._day)
        at_due = self._figure_at(target.due_on, place.agency_id)
        decision = decide(targets, now, self._day, at_due=at_due)
        if decision.verdict is not Verdict.REACHED_LATE:
            return decision
        return decide(targets, now, self._day, at_due=at_due, reached_on=self._reached_on(target, place.agency_id))

    def band(self, measured: CoverageMeasurement, decision: Decision, within: Sequence[UUID]) -> Band | None:
        if decision.target is None:
            return None
        share = decision.target.share
        points = self.history.points(weeks_before(self._day, count=WEEKS), within, as_known_now=True)
        tallies = [point.tally for point in points if measured.figure.denominator] + [_tally(measured.figure)]
        missing = [needed_for(share, tally.denominator) - tally.numerator for tally in tallies]
        gains = [before - after for before, after in pairwise(missing)]
        return draw_band(gains, short=decision.short, today=self._day, seed=f"{measured.agency.code} {self._day}")

    def _figure_at(self, due_on: date, agency_id: UUID) -> Tally:
        if due_on not in self._at_due:
            own = self.history.own_at(due_on)
            self._at_due[due_on] = self._tree.add_up({key: figure for key, figure in own.items() if key in self._tree})
        return _tally(self._at_due[due_on][agency_id])

    def _reached_on(self, target: Target, agency_id: UUID) -> date | None:
        """The first frozen day after a target's on which its share was reached."""
        days = [day for day in self.history.frozen(target.due_on, self._day) if target.due_on < day < self._day]
        for point in self.history.points(days, self._tree.within(agency_id)):
            if point.tally.numerator >= needed_for(target.share, point.tally.denominator):
                return point.day
        return self._day


def _pipeline(work: UnitOfWork, at: FactsAt, within: Sequence[UUID], *, short: int) -> Pipeline:
    waiting = [Waiting(WaitingState(state), since, count) for state, since, count in work.outlook.waiting(at, within)]
    return follow_pipeline(waiting, LeadTimes(*work.outlook.lead_times(at, within)), short=short, today=at.day)


def _tally(figure: Figure) -> Tally:
    return Tally(figure.numerator, figure.denominator)


def _places(measured: CoverageMeasurement) -> list[PlaceRow]:
    return [measured.agency, *(place for place, _ in measured.parts)]
