"""`bodycam audit-log`: name every row of the custody log that is not what was signed."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from service.cli.opening import FAILED, opened_context, run
from service.custody.audit_log import audit_log
from service.errors import UnacceptableValueError

_LONGEST_NOTE_BYTES = 256 * 1024


def main(arguments: Sequence[str]) -> int:
    """Audit the log."""
    return run(audit, list(arguments))


def audit(
    data: Annotated[Path | None, typer.Option(help="Data directory of `bodycam up`, instead of variables.")] = None,
    checkpoint: Annotated[Path | None, typer.Option(help="A signed checkpoint that was kept elsewhere; the log must still contain it.")] = None,
) -> None:
    """Recompute the custody log from its events' exact bytes, compare it with what was signed and with its copy in the store.

    Each fault is a line on standard output. Status 0 when there is none, 1 when there is one or the audit could not be done.
    """
    note = _read_note(checkpoint) if checkpoint is not None else None
    with opened_context(data) as context:
        found = audit_log(context, lambda fault: _say(f"FAULT  {fault}"), checkpoint=note, progress=_show)
    _say(f"{found.events} events, {found.leaves} leaves, {found.checkpoints} checkpoints, {found.stretches} stretches in the store")
    _say("the custody log is what was signed" if not found.faults else f"{found.faults} faults: the custody log is NOT what was signed")
    if found.faults:
        raise typer.Exit(FAILED)


def _read_note(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LONGEST_NOTE_BYTES).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise UnacceptableValueError("checkpoint", str(error)) from error


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _show(part: str, done: int, total: int) -> None:
    sys.stderr.write(f"{part}: {done} of {total}\n")
