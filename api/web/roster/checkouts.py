"""Take a recorder from the pool and bring it back, so that its footage finds its officer."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from api.dependencies import Context, CurrentActor
from api.web.rendering import render
from service.roster.pool_checkouts import check_in, check_out, list_open_checkouts

router = APIRouter(prefix="/checkouts")


@router.get("")
def get_checkouts(request: Request, context: Context, actor: CurrentActor) -> Response:
    """Show who has a recorder from the pool now, and the form to take one."""
    return render(request, "roster/checkouts.html", actor=actor, rows=list_open_checkouts(context, actor=actor))


@router.post("")
def post_checkout(
    context: Context,
    actor: CurrentActor,
    recorder: Annotated[str, Form(max_length=64)] = "",
    officer: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Take a recorder now, and go back to the list."""
    check_out(context, recorder.strip(), officer_code=officer.strip() or None, actor=actor)
    return RedirectResponse("/checkouts", HTTPStatus.SEE_OTHER)


@router.post("/return")
def post_return(context: Context, actor: CurrentActor, recorder: Annotated[str, Form(max_length=64)] = "") -> Response:
    """Bring a recorder back now, and go back to the list."""
    check_in(context, recorder.strip(), actor=actor)
    return RedirectResponse("/checkouts", HTTPStatus.SEE_OTHER)
