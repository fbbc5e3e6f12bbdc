"""`bodycam worker`: background jobs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from service.cli.opening import opened_context, run
from service.worker import run_worker


def main(arguments: Sequence[str]) -> int:
    """Work until stopped."""
    return run(worker, list(arguments))


def worker(data: Annotated[Path | None, typer.Option(help="Data directory of `bodycam up`, instead of variables.")] = None) -> None:
    """Read clips back, seal the log, probe the store; settings come from BODYCAM_* variables."""
    with opened_context(data) as context:
        run_worker(context)
