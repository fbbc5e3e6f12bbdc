"""Hand over a roster, as JSON or as a file; fetch it; confirm it."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.bodies import read_body
from api.dependencies import Context, CurrentActor
from api.roster_files import CSV, XLSX, attachment
from api.v1.roster.schemas import (
    ConfirmationItem,
    ConfirmationList,
    ConfirmationRequest,
    FileAnswer,
    ImportAnswer,
    confirmation_item,
    import_members,
)
from service.roster.apply_import import RosterSource, import_roster
from service.roster.columns import MOST_BYTES
from service.roster.confirm_roster import confirm_roster, list_confirmations
from service.roster.errors import RosterFileRefusedError
from service.roster.export_roster import export_roster
from service.roster.faults import About, Fault
from service.roster.import_file import LONGEST_NAME, import_file
from service.roster.rows import Roster
from service.roster.write_workbook import csv_template_named, template

router = APIRouter(prefix="/roster", tags=["roster"])

Digest = Annotated[str | None, Query(pattern="^[0-9a-f]{64}$")]


@router.post("/imports")
def post_import(roster: Roster, context: Context, actor: CurrentActor, *, dry_run: bool = False) -> ImportAnswer:
    """Take a roster in, all of it or nothing; the same again adds nothing."""
    result = import_roster(context, roster, actor=actor, is_dry_run=dry_run, source=RosterSource("push", actor.name))
    return ImportAnswer(**import_members(result, is_dry_run=dry_run))


@router.post("/files", openapi_extra={"requestBody": {"content": {XLSX: {}, CSV: {}}, "required": True}})
def post_file(
    request: Request,
    context: Context,
    actor: CurrentActor,
    *,
    name: Annotated[str, Query(max_length=LONGEST_NAME)] = "",
    dry_run: bool = False,
    sha256: Digest = None,
) -> FileAnswer:
    """Take a file in, XLSX or CSV as the request's whole body, all of it or nothing; with ``sha256``, only that very file."""
    content = read_body(request, limit_bytes=MOST_BYTES)
    if content is None:
        raise RosterFileRefusedError([Fault("too_large", About("file"), {"most": str(MOST_BYTES // 1024**2)})])
    taken = import_file(context, content, name, actor=actor, is_dry_run=dry_run, expected_sha256=sha256)
    return FileAnswer(**import_members(taken.result, is_dry_run=dry_run, place_of=taken.place_of), sha256=taken.sha256)


@router.get("/files/roster.xlsx", response_class=Response)
def get_roster(context: Context, actor: CurrentActor) -> Response:
    """Give the current roster as a workbook; taken in again, it changes nothing."""
    return attachment(export_roster(context, actor=actor), "roster.xlsx")


@router.get("/files/template.xlsx", response_class=Response)
def get_template(_actor: CurrentActor) -> Response:
    """Give the workbook to fill in."""
    return attachment(template(), "roster-template.xlsx")


@router.get("/files/{sheet}.csv", response_class=Response)
def get_csv_template(sheet: str, _actor: CurrentActor) -> Response:
    """Give the headings of one sheet as CSV: officers, certificates, recorders or assignments."""
    return attachment(csv_template_named(sheet), f"{sheet}.csv")


@router.get("/confirmations")
def get_confirmations(context: Context, actor: CurrentActor) -> ConfirmationList:
    """Tell who has confirmed this month's roster, and who has not."""
    told = list_confirmations(context, actor=actor)
    return ConfirmationList(month=told.month, items=[confirmation_item(one) for one in told.agencies])


@router.post("/confirmations")
def post_confirmation(request: ConfirmationRequest, context: Context, actor: CurrentActor) -> ConfirmationItem:
    """Say that an agency's roster is right for this month; said again, the first time stands."""
    return confirmation_item(confirm_roster(context, actor=actor, agency_code=request.agency))
