"""`bodycam coverage snapshot`: freeze what is due now, and prove that what was frozen can still be made again."""

import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from evidence_store.models import CoverageSnapshot
from service.cli.opening import FAILED, opened_context
from service.context import ServiceContext
from service.coverage.freeze import freeze_due
from service.coverage.prove_frozen import FrozenFault, prove_frozen
from service.coverage.restate import restate_snapshots


def snapshot_command(
    data: Annotated[Path | None, typer.Option(help="Data directory of `bodycam up`, instead of variables.")] = None,
    prove: Annotated[bool, typer.Option("--prove", help="Then make each frozen roster again from the facts known then.")] = False,  # noqa: FBT002 - typer's way
) -> None:
    """Freeze the days that are over and not frozen yet, close late paperwork that is due, and restate what corrections changed.

    Status 0: done, and what was to be proved is proved; 1: a frozen figure is not what the facts known then make, or its file is gone or altered.
    """
    with opened_context(data) as context:
        known = {snapshot.id for snapshot in _all(context)}
        freeze_due(context)
        restate_snapshots(context)
        for snapshot in _all(context):
            if snapshot.id not in known:
                sys.stdout.write(f"{_spelled(snapshot)}\n")
        if prove and not _prove(context):
            raise typer.Exit(FAILED)


def _prove(context: ServiceContext) -> bool:
    is_good = True
    for snapshot in _all(context):
        fault = prove_frozen(context, snapshot)
        is_good = is_good and fault is None
        sys.stdout.write(f"{_spelled(snapshot)}: {_FAULTS[fault] if fault else 'proved'}\n")
        sys.stdout.flush()
    return is_good


def _all(context: ServiceContext) -> list[CoverageSnapshot]:
    """Every frozen figure, by day and in the order they were made."""
    with context.unit_of_work() as work:
        top = work.agencies.top()
        if top is None:
            return []
        days = sorted(work.snapshots.first_days(top.id, since=date.min))
        return [snapshot for day in days for snapshot in work.snapshots.editions(top.id, day)]


def _spelled(snapshot: CoverageSnapshot) -> str:
    edition = f"{snapshot.kind}, {snapshot.edition}{', late' if snapshot.is_late else ''}"
    return f"{snapshot.day} ({edition}): {snapshot.numerator} of {snapshot.denominator}, roster sha256:{snapshot.roster_sha256}"


_FAULTS = {
    FrozenFault.FILE_GONE: "ITS FILE IS GONE from the store",
    FrozenFault.FILE_ALTERED: "ITS FILE IS ANOTHER than was frozen",
    FrozenFault.FACTS_REWRITTEN: "THE FACTS KNOWN THEN MAKE ANOTHER ROSTER: somebody rewrote them",
}
