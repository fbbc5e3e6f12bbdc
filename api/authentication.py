"""Who asks: from a cookie or a bearer token to an actor; and whether a page of another site made the browser ask."""

from http import HTTPStatus
from urllib.parse import urlsplit

from fastapi import Request, Response
from starlette.exceptions import HTTPException

from evidence_store.actor import Actor
from service.accounts.errors import NotSignedInError
from service.accounts.sessions import who_holds
from service.accounts.sign_in import SignedIn
from service.context import ServiceContext
from service.docks.credentials import agree_on_protocol, which_dock
from service.docks.errors import UnknownDockError

PROTOCOL_HEADER = "Bodycam-Dock-Protocol"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_BEARER = "bearer"


def cookie_name(context: ServiceContext) -> str:
    """Name of the session cookie; with TLS the browser itself ties it to this host (``__Host-``)."""
    return "__Host-bodycam" if _is_tls(context) else "bodycam"


def person_of(request: Request, context: ServiceContext) -> Actor:
    """Find the person who asks.

    Raises:
        NotSignedInError: No token, or one that nobody holds.
        HTTPException: A page of another site made the browser ask (403).
    """
    token = bearer_of(request)
    if token is None:
        token = request.cookies.get(cookie_name(context))
        if token is not None:
            refuse_foreign_page(request)
    if token is None:
        raise NotSignedInError
    return who_holds(context, token)


def dock_of(request: Request, context: ServiceContext) -> tuple[Actor, int]:
    """Find the dock that asks, and the version of the protocol it speaks.

    Raises:
        UnknownDockError: No token, or one that no dock holds.
        DockProtocolUnsupportedError: It speaks another version.
        RealDockRefusedError: This is a demonstration.
    """
    token = bearer_of(request)
    if token is None:
        raise UnknownDockError
    dock = which_dock(context, token)
    return dock, agree_on_protocol(request.headers.get(PROTOCOL_HEADER, ""))


def refuse_foreign_page(request: Request) -> None:
    """Refuse a change that a page of another site asks for with the visitor's cookie.

    Browsers say where a request comes from (``Sec-Fetch-Site``, Fetch Metadata), older ones at least by ``Origin``.

    Raises:
        HTTPException: It comes from elsewhere, or does not say (403).
    """
    if request.method in _SAFE_METHODS:
        return
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    is_own = site in {"same-origin", "none"} if site else origin is not None and urlsplit(origin).netloc == request.headers.get("host")
    if not is_own:
        raise HTTPException(HTTPStatus.FORBIDDEN)


def set_session_cookie(response: Response, context: ServiceContext, signed_in: SignedIn) -> None:
    """Keep a token in the browser as long as it lasts, whatever time the browser's clock shows; no script can read it."""
    lasts_s = int((signed_in.expires_at - context.clock.now()).total_seconds())
    response.set_cookie(cookie_name(context), signed_in.token, max_age=lasts_s, path="/", secure=_is_tls(context), httponly=True, samesite="lax")


def clear_session_cookie(response: Response, context: ServiceContext) -> None:
    """Forget the token in the browser."""
    response.delete_cookie(cookie_name(context), path="/", secure=_is_tls(context), httponly=True, samesite="lax")


def bearer_of(request: Request) -> str | None:
    """The token that a request shows as ``Authorization: Bearer``; ``None`` without one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == _BEARER and token.strip() else None


def _is_tls(context: ServiceContext) -> bool:
    return context.settings.public_url.startswith("https://")
