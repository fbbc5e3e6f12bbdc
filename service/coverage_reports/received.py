"""What was reported from below: the figures beside one's own, who reported what, who did not, and how far one's own reports got."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.models import Agency, ReportReceived
from evidence_store.repositories.coverage_reports import ReceivedRow, SentRow
from evidence_store.unit_of_work import UnitOfWork
from integrity.coverage_report import CoverageReport, ReportedFigure, parse_report
from service.access.permission import require
from service.access.policy import Action
from service.context import ServiceContext
from service.coverage.measure import day_of
from service.coverage_reports.errors import ReportNotFoundError
from service.coverage_reports.history import expected_days
from service.elsewhere import ReporterBelow

MOST_LISTED = 200
_KEPT_READ = 64


@dataclass(frozen=True, slots=True)
class ReceivedFigure:
    """The figure of one agency as its reporter told it; never mixed with one's own.

    Attributes:
        code: The agency's code in one's own tree.
        has_faults: Whether the report contradicts itself or one before it.
    """

    code: str
    name: str
    level: str
    numerator: int
    denominator: int
    reporter: str
    day: date
    report_id: UUID
    has_faults: bool


@dataclass(frozen=True, slots=True)
class ReporterState:
    """One who may report here.

    Attributes:
        agency: Whom they speak for; ``None`` when the settings name an agency that is not in the tree.
        missing: Ends of months whose report did not come, newest first.
        newest: Last day that was reported; ``None`` before the first.
    """

    name: str
    agency_code: str
    agency: Agency | None
    missing: tuple[date, ...]
    newest: date | None


@dataclass(frozen=True, slots=True)
class ReportsOverview:
    """Everything about reports, newest first."""

    received: list[ReceivedRow]
    reporters: list[ReporterState]
    sent: list[SentRow]
    sent_to: str | None


@dataclass(frozen=True, slots=True)
class ReceivedReport:
    """One report that came, with all its figures."""

    row: ReportReceived
    agency: Agency
    report: CoverageReport


def newest_received(context: ServiceContext, *, actor: Actor, day: date, codes: Collection[str] | None = None) -> dict[str, ReceivedFigure]:
    """Give what was reported last up to a day, by agency code in one's own tree.

    Args:
        context: What the service needs.
        actor: Who asks; only agencies within theirs are told.
        day: The last day that counts.
        codes: Only these agencies; the reports of others are not even read. All when not given.

    Raises:
        NotPermittedError: This role may not.
    """
    require(Action.READ_COVERAGE, actor)
    with context.unit_of_work() as work:
        rows = work.coverage_reports.newest_received(actor.scope, day)
        found = {row.agency.code: _figure(row) for row in rows}
        if codes is not None and set(codes) <= found.keys():
            return {code: found[code] for code in codes}
        documents = work.coverage_reports.documents([row.report.id for row in rows])
    for row in rows:
        for figure in _read(documents[row.report.id]).figures:
            if figure.parent is not None and (codes is None or figure.code in codes):
                found[figure.code] = _figure(row, figure)
    return {code: figure for code, figure in found.items() if codes is None or code in codes}


def list_reports(context: ServiceContext, *, actor: Actor) -> ReportsOverview:
    """List the newest reports sent and received, and who has not reported.

    Raises:
        NotPermittedError: This role may not.
    """
    require(Action.READ_COVERAGE, actor)
    today = day_of(context.clock.now())
    told = context.settings.report_to
    with context.unit_of_work() as work:
        states = [_state(work, reporter, today) for reporter in context.settings.reporters]
        received = work.coverage_reports.list_received(actor.scope, limit=MOST_LISTED)
        top = work.agencies.top()
        is_whole = top is not None and top.path.startswith(actor.scope.agency_path)
        sent = work.coverage_reports.list_sent(limit=MOST_LISTED) if is_whole else []
    seen = [one for one in states if is_whole or (one.agency is not None and one.agency.path.startswith(actor.scope.agency_path))]
    return ReportsOverview(received, seen, sent, told.url if told else None)


def read_received(context: ServiceContext, report_id: UUID, *, actor: Actor) -> ReceivedReport:
    """Read one report that came, with all its figures; no names are among them.

    Raises:
        NotPermittedError: This role may not.
        ReportNotFoundError: There is none, or it is about an agency that is not the actor's.
    """
    require(Action.READ_COVERAGE, actor)
    with context.unit_of_work() as work:
        row = work.coverage_reports.received(report_id)
        agency = None if row is None else work.agencies.get(row.agency_id)
    if row is None or agency is None or not agency.path.startswith(actor.scope.agency_path):
        raise ReportNotFoundError(str(report_id))
    return ReceivedReport(row, agency, _read(row.document))


def _state(work: UnitOfWork, reporter: ReporterBelow, today: date) -> ReporterState:
    came = {day for day, _ in work.coverage_reports.days_received(reporter.name, since=date.min)}
    expected = expected_days(today, first=min(came, default=None))
    missing = tuple(day for day in expected if day not in came)
    return ReporterState(reporter.name, reporter.agency, work.agencies.by_code(reporter.agency), missing, max(came, default=None))


def _figure(row: ReceivedRow, figure: ReportedFigure | None = None) -> ReceivedFigure:
    """What a report tells of an agency below; without one, of the agency that it is about."""
    return ReceivedFigure(
        code=figure.code if figure else row.agency.code,
        name=figure.name if figure else row.agency.name,
        level=figure.level if figure else row.agency.level,
        numerator=figure.numerator if figure else row.report.numerator,
        denominator=figure.denominator if figure else row.report.denominator,
        reporter=row.report.reporter,
        day=row.report.day,
        report_id=row.report.id,
        has_faults=bool(row.report.faults),
    )


@lru_cache(maxsize=_KEPT_READ)
def _read(document: str) -> CoverageReport:
    """Documents never change, and pages ask for the same ones again."""
    return parse_report(document.encode()).report
