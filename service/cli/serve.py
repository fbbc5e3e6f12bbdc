"""`bodycam serve`: API and pages."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from service.cli.opening import run, settings_of
from service.errors import ServiceError

APPLICATION = "api.app:create_app"
"""Named, not imported: the API stands above the service."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_GRACE_S = 5


class PlainListeningError(ServiceError):
    """Beyond loopback nothing is served in the clear."""

    def __init__(self, host: str) -> None:
        super().__init__(f"listening on {host} takes --tls-certificate and --tls-key; only loopback is served without TLS")
        self.host = host


def main(arguments: Sequence[str]) -> int:
    """Serve until stopped."""
    return run(serve, list(arguments))


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    tls_certificate: Annotated[Path | None, typer.Option(help="Certificate chain, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its key, PEM.")] = None,
    data: Annotated[Path | None, typer.Option(help="Data directory of `bodycam up`, instead of variables.")] = None,
) -> None:
    """Serve API and pages; settings come from BODYCAM_* variables."""
    if host not in LOOPBACK and (tls_certificate is None or tls_key is None):
        raise PlainListeningError(host)
    settings_of(data)
    uvicorn.run(
        APPLICATION,
        factory=True,
        host=host,
        port=port,
        ssl_certfile=str(tls_certificate) if tls_certificate else None,
        ssl_keyfile=str(tls_key) if tls_key else None,
        server_header=False,
        proxy_headers=False,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=_GRACE_S,
    )
