"""The roster: a file is shown first and then taken in, sources and confirmations are looked after."""

from typing import Annotated

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import RedirectResponse

from api.dependencies import Context, CurrentActor
from api.roster_files import attachment
from api.web.rendering import render, texts_of
from evidence_store.actor import Actor
from service.context import ServiceContext
from service.roster.columns import MOST_BYTES, MOST_ROWS, SHEETS
from service.roster.confirm_roster import confirm_roster, list_confirmations
from service.roster.errors import RosterFileRefusedError
from service.roster.export_roster import export_roster
from service.roster.import_file import FileImport, import_file
from service.roster.pull_roster import list_sources
from service.roster.tell_plan import MOST_SHOWN, change_lines, fault_text, first_changes, totals_of
from service.roster.write_workbook import csv_template_named, template

router = APIRouter(prefix="/roster")

RosterFile = Annotated[UploadFile, File()]


@router.get("")
def get_roster(request: Request, context: Context, actor: CurrentActor) -> Response:
    """Show how a roster is handed over, where rosters are pulled from, and who has confirmed this month."""
    return _page(request, context, actor)


@router.post("/check")
def post_check(request: Request, context: Context, actor: CurrentActor, file: RosterFile) -> Response:
    """Show what a file would change, and everything that forbids it."""
    return _take(request, context, actor, file)


@router.post("/apply")
def post_apply(request: Request, context: Context, actor: CurrentActor, file: RosterFile, sha256: Annotated[str, Form(max_length=64)]) -> Response:
    """Take in the very file that was shown."""
    return _take(request, context, actor, file, expected_sha256=sha256)


@router.get("/current.xlsx")
def get_current(context: Context, actor: CurrentActor) -> Response:
    """Give the current roster."""
    return attachment(export_roster(context, actor=actor), "roster.xlsx")


@router.get("/template.xlsx")
def get_template(_actor: CurrentActor) -> Response:
    """Give the workbook to fill in."""
    return attachment(template(), "roster-template.xlsx")


@router.get("/template/{sheet}.csv")
def get_csv_template(sheet: str, _actor: CurrentActor) -> Response:
    """Give the headings of one sheet."""
    return attachment(csv_template_named(sheet), f"{sheet}.csv")


@router.post("/confirmations")
def post_confirmation(context: Context, actor: CurrentActor, agency: Annotated[str, Form(max_length=64)]) -> Response:
    """Confirm an agency's roster for this month, and go back."""
    confirm_roster(context, actor=actor, agency_code=agency)
    return RedirectResponse("/roster#confirmations", 303)


def _take(request: Request, context: ServiceContext, actor: Actor, file: UploadFile, *, expected_sha256: str | None = None) -> Response:
    content, name = file.file.read(MOST_BYTES + 1), file.filename or ""
    is_dry_run = expected_sha256 is None
    try:
        taken = import_file(context, content, name, actor=actor, is_dry_run=is_dry_run, expected_sha256=expected_sha256)
    except RosterFileRefusedError as error:
        told = {"faults": [fault_text(fault, texts_of(request)) for fault in error.faults[:MOST_SHOWN]], "fault_count": len(error.faults)}
        return _page(request, context, actor, status=422, shown={"name": name, "is_applied": False, "plan": None, **told})
    return _page(request, context, actor, shown=_shown(request, taken, is_applied=not is_dry_run))


def _shown(request: Request, taken: FileImport, *, is_applied: bool) -> dict[str, object]:
    texts, plan = texts_of(request), taken.result.plan
    return {
        "name": taken.name,
        "sha256": taken.sha256,
        "is_applied": is_applied,
        "plan": plan,
        "totals": totals_of(plan),
        "lines": change_lines(first_changes(plan), texts, taken.place_of),
        "faults": [fault_text(fault, texts) for fault in plan.faults[:MOST_SHOWN]],
        "fault_count": len(plan.faults),
    }


def _page(request: Request, context: ServiceContext, actor: Actor, *, status: int = 200, shown: dict[str, object] | None = None) -> Response:
    told = list_confirmations(context, actor=actor)
    values = {
        "shown": shown,
        "sheets": SHEETS,
        "most_rows": MOST_ROWS,
        "confirmations": told,
        "first_agencies": sorted(told.agencies, key=lambda one: one.confirmed_at is not None)[:MOST_SHOWN],
        "sources": list_sources(context, actor=actor),
    }
    return render(request, "roster/roster.html", actor=actor, status=status, **values)
