"""Language and appearance: kept in cookies of their own, changed before signing in as well."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from api.authentication import refuse_foreign_page
from api.dependencies import Context
from api.web.local_address import local_address
from api.web.rendering import LANGUAGE_COOKIE, THEME_COOKIE, THEMES
from service.language import Language

router = APIRouter()

_YEAR_S = 365 * 24 * 3600


@router.post("/preferences")
def post_preferences(
    request: Request,
    context: Context,
    language: Annotated[str, Form(max_length=16)] = "",
    theme: Annotated[str, Form(max_length=16)] = "",
    target: Annotated[str, Form(alias="next", max_length=2000)] = "",
) -> Response:
    """Keep what was chosen, and go back to where the visitor was."""
    refuse_foreign_page(request)
    response = RedirectResponse(local_address(target), HTTPStatus.SEE_OTHER)
    chosen = ((LANGUAGE_COOKIE, language, set(Language)), (THEME_COOKIE, theme, set(THEMES)))
    for name, value, known in chosen:
        if value in known:
            is_secure = context.settings.public_url.startswith("https://")
            response.set_cookie(name, value, max_age=_YEAR_S, path="/", secure=is_secure, httponly=True, samesite="lax")
    return response
