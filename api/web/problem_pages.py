"""Errors as pages: the same table as the API's, in the visitor's language. Who is not signed in is led to the sign-in page."""

from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from api.problems import Problem
from api.web.local_address import path_of, sign_in_address
from api.web.rendering import is_fragment_wanted, render, texts_of
from service.accounts.errors import NotSignedInError
from service.errors import UnacceptableValueError

_OTHER = "other"


def problem_page(request: Request, problem: Problem) -> Response:
    """Answer a problem to a browser."""
    if isinstance(problem.error, NotSignedInError):
        return _lead_to_sign_in(request)
    return render(request, "problem.html", status=problem.status, **_told(request, problem))


def _lead_to_sign_in(request: Request) -> Response:
    if is_fragment_wanted(request):
        address = sign_in_address(path_of(request.headers.get("hx-current-url", "")))
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"HX-Redirect": address})
    wanted = path_of(str(request.url)) if request.method in {"GET", "HEAD"} else ""
    return RedirectResponse(sign_in_address(wanted), HTTPStatus.SEE_OTHER)


def _told(request: Request, problem: Problem) -> dict[str, Any]:
    texts = texts_of(request)
    slug = problem.slug if texts.has(f"problem.title.{problem.slug}") else _OTHER
    field = problem.error.field if isinstance(problem.error, UnacceptableValueError) else None
    return {"slug": slug, "problem_status": int(problem.status), "field": field, "correlation_id": problem.extras.get("correlation_id")}
