"""A month in numbers, for an agency and those below it: dockings, hours of footage, clips without a case, recorders without footage."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from evidence_store.actor import Actor
from evidence_store.coverage_facts import FactsAt, PlaceRow
from evidence_store.repositories.statistics import MonthRow
from service.access.permission import require
from service.access.policy import Action
from service.context import ServiceContext
from service.coverage.measure import cut_off, day_of, find_agency, known_now, tree_at
from service.documents.sheet import Column, Sheet, Value
from service.errors import UnacceptableValueError
from service.language import Texts

_EARLIEST = date(2000, 1, 1)
_SECONDS_OF_AN_HOUR = 3600


@dataclass(frozen=True, slots=True)
class MonthCounts:
    """Counts that add up over agencies; the fields are those of :class:`evidence_store.repositories.statistics.MonthRow`."""

    dockings: int = 0
    late_dockings: int = 0
    clips: int = 0
    footage_s: float = 0.0
    clips_without_case: int = 0
    recorders: int = 0
    recorders_without_footage: int = 0

    @property
    def footage_hours(self) -> float:
        """Hours of footage, to a tenth."""
        return round(self.footage_s / _SECONDS_OF_AN_HOUR, 1)

    def __add__(self, other: "MonthCounts") -> "MonthCounts":
        """Both together."""
        return MonthCounts(
            self.dockings + other.dockings,
            self.late_dockings + other.late_dockings,
            self.clips + other.clips,
            self.footage_s + other.footage_s,
            self.clips_without_case + other.clips_without_case,
            self.recorders + other.recorders,
            self.recorders_without_footage + other.recorders_without_footage,
        )


@dataclass(frozen=True, slots=True)
class MonthlyStatistics:
    """A month of an agency.

    Attributes:
        month: Its first day, Asia/Shanghai.
        is_over: Whether the month is; else it is told up to now.
        above: The agencies above, from the top, as far as the asker may see them.
        total: The agency with everything below it.
        parts: Each agency directly below, with everything below that.
        everything: The agency and each below it, as `(depth, agency, counts)`, each after the one it counts below.
    """

    month: date
    is_over: bool
    agency: PlaceRow
    above: tuple[PlaceRow, ...]
    total: MonthCounts
    parts: tuple[tuple[PlaceRow, MonthCounts], ...]
    everything: tuple[tuple[int, PlaceRow, MonthCounts], ...]


def parse_month(text: str, today: date) -> date:
    """Read a month, ``2026-11``, as its first day; nothing is the present one.

    Raises:
        UnacceptableValueError: It is no month, or one to come.
    """
    if not text:
        return today.replace(day=1)
    try:
        month = datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
    except ValueError as error:
        raise UnacceptableValueError("month", "expected a month such as 2026-11") from error
    if not _EARLIEST <= month <= today:
        raise UnacceptableValueError("month", "is before 2000, or still to come")
    return month


def read_statistics(context: ServiceContext, *, actor: Actor, month: str = "", agency_code: str | None = None) -> MonthlyStatistics:
    """Count a month of an agency and those below it.

    Raises:
        NotPermittedError: This role may not.
        UnknownAgencyError: No such agency within the actor's.
        UnacceptableValueError: It is no month, or one to come.
    """
    require(Action.READ_COVERAGE, actor)
    today = day_of(context.clock.now())
    first = parse_month(month, today)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    with context.unit_of_work() as work:
        at = FactsAt(min(last, today), known_now(context, work))
        agency = find_agency(work, agency_code, actor=actor)
        rows = work.statistics.month(at, starts=cut_off(first - timedelta(days=1)), ends=cut_off(last))
        tree = tree_at(work, at, serving={row.agency_id for row in rows}, asked=agency)
    totals = tree.add({row.agency_id: _counts(row) for row in rows}, MonthCounts(), lambda one, other: one + other)
    depth = len(tree.above(agency.id))
    within = [tree.node(one) for one in tree.within(agency.id)]
    told = [place for place in within if place.is_open or totals[place.agency_id] != MonthCounts()]
    return MonthlyStatistics(
        month=first,
        is_over=last < today,
        agency=tree.node(agency.id),
        above=tuple(place for place in tree.above(agency.id) if place.path.startswith(actor.scope.agency_path)),
        total=totals[agency.id],
        parts=tuple((place, totals[place.agency_id]) for place in tree.below(agency.id) if place in told),
        everything=tuple((len(tree.above(place.agency_id)) - depth, place, totals[place.agency_id]) for place in told),
    )


def statistics_sheet(statistics: MonthlyStatistics, t: Texts) -> Sheet:
    """A month as a table: the agency and each below it."""
    columns = (
        Column(t("coverage_file.code"), width=16),
        Column(t("coverage.agency"), width=36),
        *(Column(t(f"statistics.{name}"), "decimal" if name == "footage_hours" else "number", width=16) for name in COLUMNS),
    )
    rows: list[Sequence[Value]] = [
        (place.code, "\u3000" * depth + place.name, *(getattr(counts, name) for name in COLUMNS)) for depth, place, counts in statistics.everything
    ]
    return Sheet(f"{statistics.month:%Y-%m}", columns, rows)


COLUMNS = ("dockings", "late_dockings", "footage_hours", "clips", "clips_without_case", "recorders", "recorders_without_footage")
"""What is shown, in this order; words are under ``[statistics]``."""


def _counts(row: MonthRow) -> MonthCounts:
    return MonthCounts(
        row.dockings, row.late_dockings, row.clips, row.footage_s, row.clips_without_case, row.recorders, row.recorders_without_footage
    )
