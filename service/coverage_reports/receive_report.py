"""A report from the level below: checked, compared with those before it, and kept for good; a refused one leaves nothing behind."""

import hmac
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from uuid import UUID

from evidence_store.actor import WORKER, Actor
from evidence_store.models import Agency, ReportReceived
from evidence_store.unit_of_work import UnitOfWork
from integrity.coverage_report import MAX_REPORT_BYTES, CoverageReport, SignedReport, parse_report
from integrity.coverage_report_checks import ReportFault, find_faults
from integrity.errors import IntegrityError, MalformedValueError
from integrity.hashing import sha256_hex
from service.access.permission import require
from service.access.policy import Action
from service.context import ServiceContext
from service.coverage.measure import day_of
from service.coverage_reports.errors import (
    ReportAgencyError,
    ReportConflictError,
    ReportDamagedError,
    ReportFromFutureError,
    ReportSignatureError,
    ReportTooLargeError,
    UnknownReporterError,
)
from service.coverage_reports.history import find_contradictions
from service.coverage_reports.make_report import REPORT_SUBJECT
from service.elsewhere import ReporterBelow
from service.errors import UnknownAgencyError

_CLOCKS_DIFFER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Reception:
    """What came of a report.

    Attributes:
        is_new: Whether it was not there before.
    """

    report: ReportReceived
    is_new: bool


def which_reporter(context: ServiceContext, token: str) -> ReporterBelow:
    """Find the reporter that has a token.

    Raises:
        UnknownReporterError: None has it.
    """
    found = [one for one in context.settings.reporters if hmac.compare_digest(one.token.get_secret_value().encode(), token.encode())]
    if not found:
        raise UnknownReporterError
    return found[0]


def receive_posted(context: ServiceContext, document: bytes, *, reporter: ReporterBelow) -> Reception:
    """Take a report that its reporter posted.

    Raises:
        ReportTooLargeError: It is longer than reports are.
        ReportDamagedError: It is no report, or not in its one spelling.
        ReportSignatureError: The reporter's key did not sign it.
        ReportAgencyError: It is about another agency than the reporter's.
        ReportFromFutureError: Its day is not over, or it was made later than now.
        ReportConflictError: Another report has its id.
        UnknownAgencyError: The settings name an agency that is not in the tree.
    """
    return _receive(context, document, [reporter], actor=WORKER)


def receive_carried(context: ServiceContext, document: bytes, *, actor: Actor) -> Reception:
    """Take a report that was carried here as a file; its signature tells whose it is.

    Raises:
        NotPermittedError: This role may not.
        UnknownAgencyError: It is about an agency that is not the actor's.
        ServiceError: As :func:`receive_posted` raises.
    """
    require(Action.EXCHANGE_REPORTS, actor)
    return _receive(context, document, context.settings.reporters, actor=actor)


def _receive(context: ServiceContext, document: bytes, reporters: Iterable[ReporterBelow], *, actor: Actor) -> Reception:
    if len(document) > MAX_REPORT_BYTES:
        raise ReportTooLargeError(MAX_REPORT_BYTES)
    try:
        signed = parse_report(document)
    except MalformedValueError as error:
        raise ReportDamagedError(str(error)) from error
    report, reporter = signed.report, _signer(signed, reporters)
    if report.reporter.agency != reporter.agency:
        raise ReportAgencyError(reporter.name, report.reporter.agency)
    now, day = context.clock.now(), date.fromisoformat(report.snapshot.day)
    if day >= day_of(now) or report.made_at - now > _CLOCKS_DIFFER:
        raise ReportFromFutureError(day)
    faults = find_faults(report, key=reporter.key)
    with context.unit_of_work() as work:
        work.coverage_reports.lock_receiving()
        agency = work.agencies.by_code(reporter.agency)
        if agency is None or not agency.path.startswith(actor.scope.agency_path):
            raise UnknownAgencyError(reporter.agency)
        known = work.coverage_reports.received(UUID(report.report_id))
        if known is not None:
            if known.document.encode() != document:
                raise ReportConflictError(report.report_id)
            return Reception(known, is_new=False)
        faults += _contradictions(work, report, agency, day)
        kept = ReportReceived(
            id=UUID(report.report_id),
            reporter=reporter.name,
            agency_id=agency.id,
            day=day,
            snapshot_id=UUID(report.snapshot.id),
            replaces_id=_replaced(work, report, agency),
            edition=report.snapshot.edition,
            method=report.snapshot.method,
            numerator=_top(report)[0],
            denominator=_top(report)[1],
            faults=[asdict(fault) for fault in faults],
            document=document.decode(),
            received_at=now,
        )
        work.coverage_reports.add_received(kept)
        details = {"reporter": reporter.name, "agency": agency.code, "day": report.snapshot.day, "snapshot": report.snapshot.id}
        details |= {"replaces": report.replaces or "", "sha256": sha256_hex(document), "faults": str(len(faults))}
        work.custody.append(REPORT_SUBJECT, kept.id, "report.received", actor=actor, at=now, details=details)
    return Reception(kept, is_new=True)


def _signer(signed: SignedReport, reporters: Iterable[ReporterBelow]) -> ReporterBelow:
    for reporter in reporters:
        try:
            signed.check_signature(reporter.key)
        except IntegrityError:
            continue
        return reporter
    raise ReportSignatureError(signed.report.reporter.log_origin)


def _contradictions(work: UnitOfWork, report: CoverageReport, agency: Agency, day: date) -> list[ReportFault]:
    of_the_day = [parse_report(one.document.encode()).report for one in work.coverage_reports.received_of(agency.id, day=day)]
    before = work.coverage_reports.received_before(agency.id, day)
    return find_contradictions(report, of_the_day=of_the_day, before=None if before is None else parse_report(before.document.encode()).report)


def _replaced(work: UnitOfWork, report: CoverageReport, agency: Agency) -> UUID | None:
    """The report it replaces, where that came and is about the same agency and day."""
    if report.replaces is None:
        return None
    found = work.coverage_reports.received(UUID(report.replaces))
    return found.id if found is not None and found.agency_id == agency.id and found.day == date.fromisoformat(report.snapshot.day) else None


def _top(report: CoverageReport) -> tuple[int, int]:
    top = next((figure for figure in report.figures if figure.parent is None), report.figures[0])
    return top.numerator, top.denominator
