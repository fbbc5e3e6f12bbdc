"""Coverage reports between levels: posted by the level below, listed, and handed out as they were signed."""

from datetime import date, datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from api.authentication import bearer_of
from api.bodies import read_body
from api.dependencies import Context, CurrentActor
from integrity.coverage_report import MAX_REPORT_BYTES
from service.coverage_reports.errors import ReportTooLargeError
from service.coverage_reports.make_report import read_document
from service.coverage_reports.receive_report import Reception, receive_posted, which_reporter
from service.coverage_reports.received import list_reports
from service.coverage_reports.send_reports import MEDIA_TYPE

router = APIRouter(prefix="/coverage/reports", tags=["coverage"])


class ReceptionAnswer(BaseModel):
    """That a report was kept; ``faults`` name where it contradicts itself or one before it."""

    report_id: UUID
    reporter: str
    day: date
    received_at: datetime
    faults: list[dict[str, Any]]


class ReceivedItem(BaseModel):
    """A report that came."""

    report_id: UUID
    reporter: str
    agency_code: str
    day: date
    edition: str
    numerator: int
    denominator: int
    replaces: UUID | None
    is_replaced: bool
    faults: list[dict[str, Any]]
    received_at: datetime


class SentItem(BaseModel):
    """A report that was made; ``delivered_at`` is null while it has not arrived, and for one that went as a file."""

    report_id: UUID
    snapshot_id: UUID
    day: date
    edition: str
    replaces: UUID | None
    made_at: datetime
    is_posted: bool
    attempts: int
    delivered_at: datetime | None
    failure: str | None


class ReporterItem(BaseModel):
    """One who may report here, and the days whose report did not come."""

    name: str
    agency_code: str
    newest: date | None
    missing: list[date]


class ReportsAnswer(BaseModel):
    """The newest reports, newest first."""

    received: list[ReceivedItem]
    reporters: list[ReporterItem]
    sent: list[SentItem]


@router.post("", status_code=HTTPStatus.CREATED)
def post_report(request: Request, response: Response, context: Context) -> ReceptionAnswer:
    """Take a signed report from the level below, which shows its token; the body is the document, byte for byte. Again, it answers 200."""
    reporter = which_reporter(context, bearer_of(request) or "")
    document = read_body(request, limit_bytes=MAX_REPORT_BYTES)
    if document is None:
        raise ReportTooLargeError(MAX_REPORT_BYTES)
    reception = receive_posted(context, document, reporter=reporter)
    if not reception.is_new:
        response.status_code = HTTPStatus.OK
    return _told(reception)


@router.get("")
def get_reports(context: Context, actor: CurrentActor) -> ReportsAnswer:
    """List reports sent and received, and who has not reported."""
    found = list_reports(context, actor=actor)
    return ReportsAnswer(
        received=[
            ReceivedItem(
                report_id=row.report.id,
                reporter=row.report.reporter,
                agency_code=row.agency.code,
                day=row.report.day,
                edition=row.report.edition,
                numerator=row.report.numerator,
                denominator=row.report.denominator,
                replaces=row.report.replaces_id,
                is_replaced=row.is_replaced,
                faults=row.report.faults,
                received_at=row.report.received_at,
            )
            for row in found.received
        ],
        reporters=[ReporterItem(name=one.name, agency_code=one.agency_code, newest=one.newest, missing=list(one.missing)) for one in found.reporters],
        sent=[
            SentItem(
                report_id=row.report.id,
                snapshot_id=row.snapshot.id,
                day=row.snapshot.day,
                edition=row.snapshot.edition,
                replaces=row.report.replaces_id,
                made_at=row.report.made_at,
                is_posted=row.delivery is not None,
                attempts=row.delivery.attempts if row.delivery else 0,
                delivered_at=row.delivery.delivered_at if row.delivery else None,
                failure=row.delivery.failure if row.delivery else None,
            )
            for row in found.sent
        ],
    )


@router.get("/{report_id}")
def get_document(report_id: UUID, context: Context, actor: CurrentActor) -> Response:
    """Give a report, sent or received, as it was signed."""
    headers = {"Content-Disposition": f'attachment; filename="coverage-report-{report_id}.json"'}
    return Response(read_document(context, report_id, actor=actor), media_type=MEDIA_TYPE, headers=headers)


def _told(reception: Reception) -> ReceptionAnswer:
    row = reception.report
    return ReceptionAnswer(report_id=row.id, reporter=row.reporter, day=row.day, received_at=row.received_at, faults=row.faults)
