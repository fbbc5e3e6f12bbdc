"""Sign in, sign out, change one's password."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from api.authentication import clear_session_cookie, cookie_name, refuse_foreign_page, set_session_cookie
from api.dependencies import Context, CurrentActor
from api.web.local_address import local_address
from api.web.rendering import render
from service.accounts.errors import SignInLockedError, SignInRefusedError
from service.accounts.manage_accounts import change_password
from service.accounts.passwords import LEAST_CHARACTERS, MOST_CHARACTERS
from service.accounts.sign_in import sign_in, sign_out
from service.errors import UnacceptableValueError

router = APIRouter()

_NOTICES = ("signed_out", "password_changed")
_Secret = Annotated[str, Form(max_length=1024)]


@router.get("/sign-in")
def get_sign_in(request: Request, notice: str = "") -> Response:
    """Ask for name and password."""
    target = local_address(request.query_params.get("next"))
    return render(request, "accounts/sign_in.html", target=target, notice=notice if notice in _NOTICES else None, fault=None, until=None, username="")


@router.post("/sign-in")
def post_sign_in(
    request: Request,
    context: Context,
    username: Annotated[str, Form(max_length=128)] = "",
    password: _Secret = "",
    target: Annotated[str, Form(alias="next", max_length=2000)] = "",
) -> Response:
    """Sign in and go on to what was wanted; a wrong password asks again."""
    refuse_foreign_page(request)
    values: dict[str, Any] = {"target": local_address(target), "notice": None, "until": None, "username": username}
    try:
        signed_in = sign_in(context, username, password)
    except SignInLockedError as error:
        return render(request, "accounts/sign_in.html", status=HTTPStatus.TOO_MANY_REQUESTS, **values | {"fault": "locked", "until": error.until})
    except SignInRefusedError:
        return render(request, "accounts/sign_in.html", status=HTTPStatus.UNAUTHORIZED, **values, fault="refused")
    response = RedirectResponse(local_address(target), HTTPStatus.SEE_OTHER)
    set_session_cookie(response, context, signed_in)
    return response


@router.post("/sign-out")
def post_sign_out(request: Request, context: Context) -> Response:
    """Give the token back."""
    refuse_foreign_page(request)
    token = request.cookies.get(cookie_name(context))
    if token is not None:
        sign_out(context, token)
    response = RedirectResponse("/sign-in?notice=signed_out", HTTPStatus.SEE_OTHER)
    clear_session_cookie(response, context)
    return response


@router.get("/account/password")
def get_password(request: Request, actor: CurrentActor) -> Response:
    """Ask for the old and the new password."""
    return _password_page(request, actor, fault=None)


@router.post("/account/password")
def post_password(request: Request, context: Context, actor: CurrentActor, old: _Secret = "", new: _Secret = "", again: _Secret = "") -> Response:
    """Change the password; one signs in again afterwards."""
    if new != again:
        return _password_page(request, actor, fault="differs")
    try:
        change_password(context, old=old, new=new, actor=actor)
    except SignInRefusedError:
        return _password_page(request, actor, fault="wrong")
    except UnacceptableValueError:
        return _password_page(request, actor, fault="rule")
    response = RedirectResponse("/sign-in?notice=password_changed", HTTPStatus.SEE_OTHER)
    clear_session_cookie(response, context)
    return response


def _password_page(request: Request, actor: CurrentActor, *, fault: str | None) -> Response:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK
    return render(request, "accounts/password.html", actor=actor, status=status, fault=fault, least=LEAST_CHARACTERS, most=MOST_CHARACTERS)
