"""`bodycam store probe`: let the object store prove now that it keeps its lock."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from evidence_store.object_store.lock_probe import LockProbeResult
from service.cli.opening import FAILED, opened_context, run
from service.safekeeping.probe_lock import probe_lock


def main(arguments: Sequence[str]) -> int:
    """Work on the store."""
    return run(store, list(arguments))


def store(
    what: Annotated[Literal["probe"], typer.Argument(help="What to do: `probe` attacks a canary under a short lock.")],
    data: Annotated[Path | None, typer.Option(help="Data directory of `bodycam up`, instead of variables.")] = None,
) -> None:
    """Attack a locked canary in the store and tell each attempt, the store's answer, and whether bytes and lock were intact afterwards.

    The result counts like that of the daily probe: after a failed one nothing is removed from any recorder. Status 1 when it failed.
    """
    del what
    is_passed = True
    with opened_context(data) as context:
        for objects in (context.objects, context.second_objects):
            if objects is not None:
                result = probe_lock(context, objects)
                _tell(objects.description, result)
                is_passed = is_passed and result.is_passed
    if not is_passed:
        raise typer.Exit(FAILED)


def _tell(place: str, result: LockProbeResult) -> None:
    sys.stdout.write(f"{place}\n")
    width = max(len(step.attempt) for step in result.steps)
    for step in result.steps:
        verdict = "passed" if step.is_passed else "FAILED"
        sys.stdout.write(f"{verdict}  {step.attempt:{width}}  {'intact' if step.is_intact else 'NOT INTACT'}  {step.answer}\n")
    sys.stdout.write("the store keeps its lock\n" if result.is_passed else "the store does NOT keep its lock; nothing is removed from recorders\n")
