"""Headers on every answer: what a page may load, what may be kept, and how much a request may send."""

from http import HTTPStatus

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BODY_BYTES = 64 * 1024**2
"""A listing of 100,000 files is the longest body there is; footage never passes through here."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), display-capture=()"),
)
_STATIC = "/static/"
_DOCS = "/docs"


class SecurityHeaders:
    """Adds the headers and refuses bodies that are too long.

    Args:
        app: The application behind it.
        is_tls: Whether people reach the service by https, so that browsers may be told never to come otherwise.
    """

    def __init__(self, app: ASGIApp, *, is_tls: bool) -> None:
        self._app = app
        self._is_tls = is_tls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, its answer with the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if _announced_length(scope) > MOST_BODY_BYTES:
            too_long = JSONResponse(
                {"type": "/problems/content-too-large", "title": "content too large", "status": 413, "detail": f"at most {MOST_BODY_BYTES} bytes"},
                status_code=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                media_type="application/problem+json",
            )
            await too_long(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self._added(scope["path"], {name for name, _ in message["headers"]})]
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _added(self, path: str, present: set[bytes]) -> list[tuple[bytes, bytes]]:
        added = list(_ALWAYS)
        if self._is_tls:
            added.append((b"strict-transport-security", b"max-age=31536000"))
        if b"content-security-policy" not in present and not path.startswith(_DOCS):
            added.append((b"content-security-policy", CONTENT_SECURITY_POLICY.encode()))
        if b"cache-control" not in present:
            added.append((b"cache-control", b"public, max-age=3600" if path.startswith(_STATIC) else b"no-store"))
        return added


def _announced_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
