"""`bodycam witness`: watches other logs, so that they cannot be rolled back or forked unnoticed."""

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from integrity.checkpoint import parse_verifier_key
from integrity.errors import MalformedValueError
from integrity.witness import witness_key
from service.cli.opening import run
from service.cli.serve import LOOPBACK, PlainListeningError
from service.clock import SystemClock
from service.errors import UnacceptableValueError
from service.witness.co_sign import Witness
from service.witness.memory import WitnessMemory

_APPLICATION = "api.witness"
"""Named, not imported: the API stands above the service."""


def main(arguments: Sequence[str]) -> int:
    """Witness until stopped."""
    return run(witness, list(arguments))


def witness(
    state: Annotated[Path, typer.Option(help="Folder of its key and memory; made when missing. Losing it means trusting each log anew.")],
    log: Annotated[list[str], typer.Option(help="Verifier key of a log it watches; once for each, and once more for a key that a log changed to.")],
    name: Annotated[str, typer.Option(help="Name of the witness's key, a domain of its own and a path.")],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8100,
    tls_certificate: Annotated[Path | None, typer.Option(help="Certificate chain, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its key, PEM.")] = None,
) -> None:
    """Co-sign the checkpoints of other logs (C2SP tlog-witness); prints the witness's verifier key first."""
    if host not in LOOPBACK and (tls_certificate is None or tls_key is None):
        raise PlainListeningError(host)
    keys: dict[str, list[str]] = {}
    for key in log:
        try:
            keys.setdefault(parse_verifier_key(key).name, []).append(key)
        except MalformedValueError as error:
            raise UnacceptableValueError("log", str(error)) from error
    memory = WitnessMemory(state)
    signer = memory.signer(name)
    sys.stdout.write(f"{witness_key(signer)}\n")
    sys.stdout.flush()
    application = importlib.import_module(_APPLICATION).create_witness_app(Witness(signer, memory, keys, SystemClock()))
    uvicorn.run(
        application,
        host=host,
        port=port,
        ssl_certfile=str(tls_certificate) if tls_certificate else None,
        ssl_keyfile=str(tls_key) if tls_key else None,
        server_header=False,
        proxy_headers=False,
        access_log=False,
        log_config=None,
    )
