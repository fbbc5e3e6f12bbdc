"""`bodycam reconcile` and `bodycam fixity`: is what was kept still kept?"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic
from typing import Annotated

import typer

from service.cli.opening import FAILED, opened_context, run
from service.safekeeping.check_fixity import check_fixity
from service.safekeeping.reconcile import reconcile

_TOLD_EVERY_S = 1.0
_SHOWN = 1_000


def reconcile_main(arguments: Sequence[str]) -> int:
    """Compare listings, database and store."""
    return run(compare, list(arguments))


def fixity_main(arguments: Sequence[str]) -> int:
    """Read clips again."""
    return run(reread, list(arguments))


def compare(data: Annotated[Path | None, typer.Option(help="Data directory of `bodycam up`, instead of variables.")] = None) -> None:
    """Compare what docks announced, what the database holds and what the store holds, and name everything that is wrong.

    Nothing is changed in the store. Status 1 when there is anything new; what was known before and is still so is listed too.
    """
    with opened_context(data) as context:
        result = reconcile(context, progress())
        new = {finding.id for finding in result.new}
        with context.unit_of_work() as work:
            known = work.findings.newest(limit=_SHOWN, is_open=True)
        for finding in sorted(known, key=lambda one: (one.severity, one.kind, one.subject)):
            age = "new  " if finding.id in new else "known"
            details = ", ".join(f"{name}={value}" for name, value in finding.details.items())
            sys.stdout.write(f"{finding.severity:6}  {age}  {finding.kind}  {finding.subject}  {details}\n")
        figures = result.run
        sys.stdout.write(f"{figures.clips} clips, {figures.objects} objects: {figures.new_findings} new, {figures.open_findings} open findings\n")
    if new:
        raise typer.Exit(FAILED)


def reread(
    data: Annotated[Path | None, typer.Option(help="Data directory of `bodycam up`, instead of variables.")] = None,
    percent: Annotated[float | None, typer.Option(min=0, max=100, help="Share of all clips; as BODYCAM_FIXITY_PERCENT when not given.")] = None,
) -> None:
    """Read what is left of today's share of clips in full again, those unread longest first, and compare their digests.

    Status 1 when one is not what was verified: it is in quarantine then.
    """
    with opened_context(data) as context:
        result = check_fixity(context, percent=context.settings.fixity_percent if percent is None else percent, report=progress())
        if result.run is None:
            sys.stdout.write("today's share is read already\n")
            return
        figures = result.run
        sys.stdout.write(f"{figures.checked} clips, {figures.size_bytes} bytes, {figures.failed} failed; root {figures.root}\n")
        for clip_id in result.failed:
            sys.stdout.write(f"failed  {clip_id}\n")
    if result.failed:
        raise typer.Exit(FAILED)


def progress() -> Callable[[str], None]:
    """Tell how far it is on standard error, once a second at most; a terminal sees one line that changes."""
    is_terminal = sys.stderr.isatty()
    told_at = 0.0

    def tell(line: str) -> None:
        nonlocal told_at
        now = monotonic()
        if now - told_at >= _TOLD_EVERY_S:
            told_at = now
            sys.stderr.write(f"\r\x1b[K{line}" if is_terminal else f"{line}\n")
            sys.stderr.flush()

    return tell
