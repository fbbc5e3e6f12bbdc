"""Templates to HTML: in the visitor's language and appearance, whole page or fragment, everything escaped."""

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.web.local_address import path_of
from evidence_store.actor import Actor
from evidence_store.errors import StoreUnavailableError
from integrity.hashing import sha256_hex
from service import language as languages
from service.access.policy import Action, is_allowed
from service.context import ServiceContext
from service.coverage_outlook.list_alarms import count_open_alarms
from service.language import Language, Texts, choose_language, texts_in

STATIC = Path(__file__).parent / "static"
LANGUAGE_COOKIE = "bodycam_language"
THEME_COOKIE = "bodycam_theme"
THEMES = ("auto", "light", "dark")
LANGUAGE_NAMES = {Language.ZH_CN: "简体中文", Language.ZH_TW: "繁體中文", Language.EN: "English"}
NAVIGATION = (
    ("/board", "board", Action.SEE_BOARD),
    ("/clips", "clips", Action.FIND_CLIPS),
    ("/cases", "cases", Action.FIND_CASES),
    ("/packages", "packages", Action.MAKE_PACKAGE),
    ("/coverage", "coverage", Action.READ_COVERAGE),
    ("/roster", "roster", Action.CHANGE_ROSTER),
    ("/health", "health", Action.READ_HEALTH),
)
_TEMPLATES = Path(__file__).parent / "templates"
_FILTERS = {
    "time": languages.format_time,
    "utc": languages.format_utc,
    "day": languages.format_day,
    "bytes": languages.format_bytes,
    "metres": languages.format_metres,
    "number": languages.format_number,
    "duration": languages.format_duration,
    "share": languages.format_share,
    "visible": languages.show_hidden,
}


def render(request: Request, template: str, *, actor: Actor | None = None, status: int = HTTPStatus.OK, **values: Any) -> HTMLResponse:
    """Answer with a page, or with its main part alone when htmx asks (``HX-Request``).

    Args:
        request: Whose cookies choose language and appearance.
        template: Name below ``templates/``.
        actor: Who is signed in, if anybody.
        status: Of the answer.
        values: For the template.
    """
    return HTMLResponse(render_text(request, template, actor=actor, **values), status_code=status)


def render_text(request: Request, template: str, *, actor: Actor | None = None, **values: Any) -> str:
    """Render a template; its arguments are those of :func:`render`."""
    return _environment().get_template(template).render(_surroundings(request, actor) | values)


def texts_of(request: Request) -> Texts:
    """Texts in the visitor's language."""
    return texts_in(choose_language(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language")))


def is_fragment_wanted(request: Request) -> bool:
    """Whether htmx asks, for a part of the page it stands on."""
    return request.headers.get("hx-request") == "true"


def asset(name: str) -> str:
    """Address of a static file; it changes with the file, so that browsers may keep it."""
    digest = _digests().get(name)
    return f"/static/{name}?v={digest}" if digest else f"/static/{name}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, auto_reload=False
    )
    environment.filters.update(_FILTERS)
    environment.globals.update(asset=asset, language_names=LANGUAGE_NAMES, themes=THEMES)
    return environment


@cache
def _digests() -> Mapping[str, str]:
    files = (path for path in STATIC.rglob("*") if path.is_file())
    return {path.relative_to(STATIC).as_posix(): sha256_hex(path.read_bytes())[:12] for path in files}


def _surroundings(request: Request, actor: Actor | None) -> dict[str, Any]:
    context: ServiceContext = request.app.state.context
    texts = texts_of(request)
    theme = request.cookies.get(THEME_COOKIE)

    def may(action: Action) -> bool:
        return actor is not None and actor.role is not None and is_allowed(actor.role, action)

    return {
        "t": texts,
        "code": texts.of_code,
        "theme": theme if theme in THEMES else "auto",
        "actor": actor,
        "may": {str(action): may(action) for action in Action},
        "navigation": [(path, key) for path, key, action in NAVIGATION if may(action)],
        "open_alarms": _count_alarms(context, actor) if may(Action.CHANGE_ROSTER) and not is_fragment_wanted(request) else None,
        "here": request.url.path,
        "address": path_of(str(request.url) if request.method == "GET" else request.headers.get("referer", "")),
        "is_demo": context.settings.is_demo,
        "site_name": context.settings.site_name,
        "layout": "fragment.html" if is_fragment_wanted(request) else "page.html",
    }


def _count_alarms(context: ServiceContext, actor: Actor | None) -> int | None:
    """How many alarms wait for an administrator; ``None`` when that cannot be told, which is no reason to show no page."""
    try:
        return None if actor is None else count_open_alarms(context, actor=actor)
    except StoreUnavailableError:
        return None
