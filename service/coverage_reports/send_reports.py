"""Reports go to the level above: made when a month's figure, or a new edition of one, is sealed; posted until it has arrived."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from uuid import UUID

from evidence_store.actor import WORKER
from evidence_store.models import ReportDelivery, SnapshotKind
from service.context import ServiceContext
from service.coverage.measure import day_of
from service.coverage_reports.errors import SnapshotNotSealedError
from service.coverage_reports.make_report import REPORT_SUBJECT, WantedReport, make_report
from service.elsewhere import ReportsElsewhere
from service.jobs import job
from service.outgoing import OutgoingFailedError, OutgoingRefusedError, OutgoingRequest

MEDIA_TYPE = "application/vnd.bodycam.coverage-report"
REPORTED_DAYS = 400
"""How far back figures are reported that nobody reported yet."""
LONGEST_WAIT = timedelta(hours=6)
_FIRST_WAIT = timedelta(minutes=1)
_MOST_DOUBLINGS = 12
_ANSWER_BYTES = 16 * 1024
_TIMEOUT_S = 60.0
_TAKEN = frozenset({HTTPStatus.OK, HTTPStatus.CREATED})


@job("coverage.send_reports")
def send_reports(context: ServiceContext) -> None:
    """Make the reports that are due, and try again those that have not arrived and whose wait is over; without BODYCAM_REPORT_TO do nothing."""
    told = context.settings.report_to
    if told is None:
        return
    for wanted in _due(context, told):
        try:
            make_report(context, wanted)
        except SnapshotNotSealedError:
            break  # it is sealed within a minute, and the timetable comes back
    with context.unit_of_work() as work:
        waiting = work.coverage_reports.undelivered()
    for delivery in waiting:
        if next_try(delivery) <= context.clock.now():
            _deliver(context, delivery.report_id, told)


def next_try(delivery: ReportDelivery) -> datetime:
    """When a delivery is tried next, UTC: after 1, 2, 4 ... minutes, at most 6 hours."""
    if delivery.tried_at is None:
        return datetime.min.replace(tzinfo=UTC)
    doublings: int = min(delivery.attempts - 1, _MOST_DOUBLINGS)
    return delivery.tried_at + min(_FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


def _due(context: ServiceContext, told: ReportsElsewhere) -> list[WantedReport]:
    since = day_of(context.clock.now()) - timedelta(days=REPORTED_DAYS)
    with context.unit_of_work() as work:
        top = work.agencies.top()
        newest = [] if top is None else work.snapshots.newest_editions(top.id, since=since)
        wanted = [one for one in newest if told.days == "daily" or one.kind != SnapshotKind.DAILY]
        reported = work.coverage_reports.reported([one.id for one in wanted])
    return [WantedReport(one.day, told.include_names, is_delivered=True) for one in wanted if one.id not in reported]


def _deliver(context: ServiceContext, report_id: UUID, told: ReportsElsewhere) -> None:
    with context.unit_of_work() as work:
        sent = work.coverage_reports.sent(report_id)
    if sent is None:
        return
    failure = _post(context, sent.document.encode(), told)
    now = context.clock.now()
    with context.unit_of_work() as work:
        delivery = work.coverage_reports.delivery(report_id)
        if delivery is None or delivery.delivered_at is not None:
            return
        delivery.attempts += 1
        delivery.tried_at, delivery.failure = now, failure
        if failure is None:
            delivery.delivered_at = now
            work.custody.append(REPORT_SUBJECT, report_id, "report.sent", actor=WORKER, at=now, details={"to": told.url, "agency": told.agency})


def _post(context: ServiceContext, document: bytes, told: ReportsElsewhere) -> str | None:
    """Why it did not arrive; ``None`` when it did."""
    try:
        token = told.token_file.read_text(encoding="utf-8").strip()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": MEDIA_TYPE, "Accept": "application/json"}
        request = OutgoingRequest(told.url, document, headers, timeout_s=_TIMEOUT_S, limit_bytes=_ANSWER_BYTES, ca_file=told.ca_file)
        answer = context.outgoing.post(request)
    except (OutgoingFailedError, OutgoingRefusedError, OSError, UnicodeDecodeError) as error:
        return str(error)[:500]
    if answer.status in _TAKEN:
        return None
    return f"{told.url} answered {answer.status}: {answer.body.decode(errors='replace')[:400]}"
