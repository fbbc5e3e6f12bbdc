"""Coverage reports: what was received and sent, who is missing, one report's figures; and a report that was carried here as a file."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Request, Response, UploadFile
from fastapi.responses import RedirectResponse

from api.dependencies import Context, CurrentActor
from api.web.coverage.pages import show_rate
from api.web.rendering import render
from integrity.coverage_report import MAX_REPORT_BYTES
from service.coverage_reports.make_report import read_document
from service.coverage_reports.receive_report import receive_carried
from service.coverage_reports.received import list_reports, read_received
from service.coverage_reports.send_reports import MEDIA_TYPE

router = APIRouter(prefix="/coverage/reports")

_MOST_SHOWN = 400
"""Agencies of one report that its page lists; the document has all of them."""


@router.get("")
def get_reports(request: Request, context: Context, actor: CurrentActor) -> Response:
    """Show reports received and sent, newest first, and whose are missing."""
    return render(request, "coverage/reports.html", actor=actor, overview=list_reports(context, actor=actor), show_rate=show_rate)


@router.post("")
def post_report(context: Context, actor: CurrentActor, report: Annotated[UploadFile, File()]) -> Response:
    """Take a report that was carried here as a file, and show it."""
    document = report.file.read(MAX_REPORT_BYTES + 1)
    reception = receive_carried(context, document, actor=actor)
    return RedirectResponse(f"/coverage/reports/{reception.report.id}", status_code=303)


@router.get("/{report_id}")
def get_report(request: Request, report_id: UUID, context: Context, actor: CurrentActor) -> Response:
    """Show the figures of a report that came, and its faults."""
    received = read_received(context, report_id, actor=actor)
    return render(request, "coverage/report.html", actor=actor, received=received, show_rate=show_rate, most=_MOST_SHOWN)


@router.get("/{report_id}/file")
def get_file(report_id: UUID, context: Context, actor: CurrentActor) -> Response:
    """Give a report, sent or received, as it was signed."""
    headers = {"Content-Disposition": f'attachment; filename="coverage-report-{report_id}.json"'}
    return Response(read_document(context, report_id, actor=actor), media_type=MEDIA_TYPE, headers=headers)
