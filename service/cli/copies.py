"""`bodycam copies`: how far the second store is behind, and the exact list of what either store lost."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from service.cli.opening import FAILED, opened_context, run
from service.copies.check_copies import check_copies, list_losses
from service.copies.state import read_copies


def main(arguments: Sequence[str]) -> int:
    """Tell of copies."""
    return run(copies, list(arguments))


def copies(
    data: Annotated[Path | None, typer.Option(help="Data directory of `bodycam up`, instead of variables.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Look through both stores first, as happens every hour.")] = False,  # noqa: FBT002 - typer's way of a flag
    json_output: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,  # noqa: FBT002 - likewise
) -> None:
    """Tell how many objects have no second copy yet, and name every version that one of the stores no longer gives. Status 1 when there is one."""
    with opened_context(data) as context:
        checked = check_copies(context) if check else None
        state = read_copies(context)
        losses = list_losses(context)
    gone = [
        {"store": loss.store, "key": loss.key, "version_id": loss.version_id, "reason": loss.reason, "found_at": loss.found_at.isoformat()}
        for loss in losses
    ]
    if json_output:
        oldest = state.oldest_missing_at.isoformat() if state.oldest_missing_at else None
        answer = {"place": state.place, "behind": state.behind, "oldest_missing_at": oldest, "checked": asdict(checked) if checked else None}
        sys.stdout.write(json.dumps({**answer, "lost": gone}, indent=2) + "\n")
    else:
        sys.stdout.write(f"second store: {state.place or 'none; there is one copy of everything'}\n")
        if checked is not None:
            sys.stdout.write(f"looked through {checked.first} versions in the first store and {checked.second} in the second\n")
        sys.stdout.write(f"without a copy yet: {state.behind}\n")
        for one in gone:
            sys.stdout.write(
                f"gone from the {one['store']} store since {one['found_at']}: {one['key']} version {one['version_id']} ({one['reason']})\n"
            )
    if gone:
        raise typer.Exit(FAILED)
