"""An agency's figures over time, like for like: always of the agencies that make it up on the day that is looked at.

Frozen figures are added up where there are any, as their newest edition has them. Days before the first frozen figure are made of the facts as they
are known now, unless the roster has so many officers that this would keep somebody waiting.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from evidence_store.coverage_facts import FactsAt
from evidence_store.models import CoverageSnapshot
from evidence_store.unit_of_work import UnitOfWork
from service.coverage.rate import Figure, figures_by_agency, new_after
from service.coverage_outlook.targets import Tally

MOST_LIVE_OFFICERS = 20_000
"""Where the roster has more, days without a frozen figure are left out."""
MONTHS = 24


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """The figure at the end of a day.

    Attributes:
        snapshot: What was frozen; ``None`` where the figure was made of the facts anew.
    """

    day: date
    tally: Tally
    snapshot: CoverageSnapshot | None = None


class History:
    """Figures of past days, as far as known at one instant.

    Args:
        work: The transaction.
        known: Facts that were known by then, UTC, make the figures that were not frozen.
    """

    def __init__(self, work: UnitOfWork, known: datetime) -> None:
        self._work, self._known = work, known
        self._top = work.agencies.top()
        self._own: dict[date, Mapping[UUID, Figure]] = {}
        self._is_large = work.outlook.count_officers() > MOST_LIVE_OFFICERS

    def points(self, days: Collection[date], within: Sequence[UUID], *, as_known_now: bool = False) -> list[TrendPoint]:
        """The figures of some agencies together on some days, by day; days on which nobody counted, or that cannot be told, are left out.

        Args:
            days: The days.
            within: The agencies.
            as_known_now: Rather from the facts as they are known now than from what was frozen, where that keeps nobody waiting: a roster that
                came late is no gain of the week in which it came.
        """
        if not days:
            return []
        snapshots = {} if as_known_now and not self._is_large else self.frozen(min(days), max(days))
        wanted = [snapshots[day].id for day in days if day in snapshots]
        sums = self._work.outlook.frozen_sums(wanted, within)
        found = []
        for day in sorted(days):
            snapshot = snapshots.get(day)
            tally = self._live(day, within) if snapshot is None else Tally(*sums.get(snapshot.id, (0, 0)))
            if tally is not None and tally.denominator:
                found.append(TrendPoint(day, tally, snapshot))
        return found

    def own_at(self, day: date) -> Mapping[UUID, Figure]:
        """Every agency's own figure at the end of a day, frozen or else from the facts as known now, however many officers there are."""
        snapshot = self.frozen(day, day).get(day)
        if snapshot is None:
            return self._counted(day)
        figures = self._work.snapshots.all_figures(snapshot.id)
        return {figure.agency_id: Figure(figure.own_numerator, figure.own_denominator) for figure in figures}

    def frozen(self, since: date, until: date) -> dict[date, CoverageSnapshot]:
        """The newest edition of every frozen day from one to another."""
        if self._top is None:
            return {}
        return {snapshot.day: snapshot for snapshot in self._work.snapshots.newest_editions(self._top.id, since=since, until=until)}

    def _live(self, day: date, within: Sequence[UUID]) -> Tally | None:
        if self._is_large:
            return None
        own = self._counted(day)
        figures = [own[agency_id] for agency_id in within if agency_id in own]
        return Tally(sum(figure.numerator for figure in figures), sum(figure.denominator for figure in figures))

    def _counted(self, day: date) -> Mapping[UUID, Figure]:
        if day not in self._own:
            at = FactsAt(day, self._known)
            self._own[day] = figures_by_agency(self._work.coverage.groups(at, new_after=new_after(day)))
        return self._own[day]


def month_ends(day: date, *, count: int = MONTHS) -> list[date]:
    """The last days of so many months before a day's, oldest first."""
    ends: list[date] = []
    first = day.replace(day=1)
    for _ in range(count):
        last = first - timedelta(days=1)
        ends.insert(0, last)
        first = last.replace(day=1)
    return ends


def weeks_before(day: date, *, count: int) -> list[date]:
    """The days so many weeks before a day, oldest first, without the day itself."""
    return [day - timedelta(weeks=number) for number in range(count, 0, -1)]
