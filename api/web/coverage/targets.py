"""Targets: which ones an agency follows, what it was given itself, and the form that sets one."""

from datetime import date
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.dependencies import Context, CurrentActor
from api.web.rendering import render
from service.coverage_outlook.list_targets import list_targets
from service.roster.list_agencies import list_agencies
from service.roster.set_target import set_target

router = APIRouter(prefix="/coverage/targets")


@router.get("")
def get_targets(request: Request, context: Context, actor: CurrentActor, agency: Annotated[str, Query(max_length=64)] = "") -> Response:
    """Show an agency's targets."""
    listed = list_targets(context, actor=actor, agency_code=agency or None)
    agencies = list_agencies(context, actor=actor)
    return render(request, "coverage/targets.html", actor=actor, listed=listed, agencies=agencies, agency_code=listed.agency.code)


@router.post("")
def post_target(
    context: Context,
    actor: CurrentActor,
    *,
    agency: Annotated[str, Form(max_length=64)],
    due_on: Annotated[date, Form()],
    percent: Annotated[Decimal, Form(gt=0, le=100, max_digits=7, decimal_places=4)],
    document_number: Annotated[str, Form(max_length=120)] = "",
    withdrawn: Annotated[bool, Form()] = False,
) -> Response:
    """Set a target, or withdraw one, and show what the agency follows now."""
    set_target(
        context, agency_code=agency, due_on=due_on, share=percent / 100, document_number=document_number.strip(), withdrawn=withdrawn, actor=actor
    )
    return RedirectResponse(f"/coverage/targets?{urlencode({'agency': agency})}", HTTPStatus.SEE_OTHER)
