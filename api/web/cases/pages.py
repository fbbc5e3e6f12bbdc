"""Cases: find and open them, and gather clips for one."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.dependencies import Context, CurrentActor
from api.web.local_address import local_address
from api.web.rendering import render
from evidence_store.actor import Actor
from service.cases.errors import CaseNumberTakenError
from service.cases.link_clips import LONGEST_TEXT, link_clip, unlink_clip
from service.cases.open_case import LONGEST_NUMBER, LONGEST_TITLE, open_case, read_case, search_cases
from service.context import ServiceContext
from service.errors import UnacceptableValueError
from service.roster.list_agencies import list_agencies

router = APIRouter(prefix="/cases")


@router.get("")
def get_cases(request: Request, context: Context, actor: CurrentActor, text: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Show cases, newest first, and the form that opens one."""
    return _cases_page(request, context, actor, text=text)


@router.post("")
def post_case(
    request: Request,
    context: Context,
    actor: CurrentActor,
    number: Annotated[str, Form(max_length=1000)] = "",
    title: Annotated[str, Form(max_length=1000)] = "",
    agency: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Open a case and go to it; a number that is taken asks again."""
    try:
        case_id = open_case(context, number=number, title=title, agency_code=agency or None, actor=actor)
    except CaseNumberTakenError:
        return _cases_page(request, context, actor, text="", number=number, title=title, agency=agency, fault="case-number-taken")
    return RedirectResponse(f"/cases/{case_id}", HTTPStatus.SEE_OTHER)


@router.get("/{case_id}")
def get_case(case_id: UUID, request: Request, context: Context, actor: CurrentActor) -> Response:
    """Show a case with its clips."""
    details = read_case(context, case_id, actor=actor)
    return render(request, "cases/case.html", actor=actor, details=details, longest_text=LONGEST_TEXT)


@router.post("/links")
def post_link(
    context: Context,
    actor: CurrentActor,
    clip: Annotated[UUID, Form()],
    case: Annotated[UUID, Form()],
    purpose: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Link a clip to a case, and go back to the clip."""
    link_clip(context, case, clip, purpose=purpose, actor=actor)
    return RedirectResponse(f"/clips/{clip}", HTTPStatus.SEE_OTHER)


@router.post("/{case_id}/clips/{clip_id}/unlink")
def post_unlink(
    case_id: UUID,
    clip_id: UUID,
    context: Context,
    actor: CurrentActor,
    reason: Annotated[str, Form(max_length=1000)] = "",
    target: Annotated[str, Form(alias="next", max_length=2000)] = "",
) -> Response:
    """Unlink a clip from a case, and go back to where that was asked."""
    unlink_clip(context, case_id, clip_id, reason=reason, actor=actor)
    return RedirectResponse(local_address(target), HTTPStatus.SEE_OTHER)


def _cases_page(
    request: Request,
    context: ServiceContext,
    actor: Actor,
    *,
    text: str,
    fault: str | None = None,
    **typed: str,
) -> Response:
    if "\0" in text:
        raise UnacceptableValueError("text", "holds a NUL")
    return render(
        request,
        "cases/cases.html",
        actor=actor,
        status=HTTPStatus.CONFLICT if fault else HTTPStatus.OK,
        text=text,
        rows=search_cases(context, actor=actor, text=text or None),
        agencies=list_agencies(context, actor=actor),
        longest={"number": LONGEST_NUMBER, "title": LONGEST_TITLE},
        fault=fault,
        typed={"number": "", "title": "", "agency": ""} | typed,
    )
