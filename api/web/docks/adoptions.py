"""Adopt a recorder without identity from its tile, and end an adoption."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from api.dependencies import Context, CurrentActor
from api.web.rendering import render
from service.access.reasons import LONGEST_REASON
from service.docks.adopt_recorder import adopt_recorder, end_adoption, list_adoptions

router = APIRouter(prefix="/adoptions")


@router.get("")
def get_adoptions(request: Request, context: Context, actor: CurrentActor, session: UUID | None = None) -> Response:
    """Show the adoptions that last, and the form for one session."""
    rows = list_adoptions(context, actor=actor)
    return render(request, "docks/adoptions.html", actor=actor, rows=rows, session_id=session, longest=LONGEST_REASON)


@router.post("")
def post_adoption(
    context: Context,
    actor: CurrentActor,
    session: Annotated[UUID, Form()],
    recorder: Annotated[str, Form(max_length=64)] = "",
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Adopt, and go back to the list."""
    adopt_recorder(context, session, recorder.strip(), reason=reason, actor=actor)
    return RedirectResponse("/adoptions", HTTPStatus.SEE_OTHER)


@router.post("/{adoption_id}/end")
def post_end(adoption_id: UUID, context: Context, actor: CurrentActor, reason: Annotated[str, Form(max_length=1000)] = "") -> Response:
    """End an adoption, and go back to the list."""
    end_adoption(context, adoption_id, reason=reason, actor=actor)
    return RedirectResponse("/adoptions", HTTPStatus.SEE_OTHER)
