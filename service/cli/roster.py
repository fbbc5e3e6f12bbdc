"""`bodycam coverage import` and `pull`: a roster taken in from a file, or from the sources of the settings."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from service.cli.opening import FAILED, opened_context
from service.cli.people import operator
from service.context import ServiceContext
from service.language import Language, texts_in
from service.roster.apply_import import ImportResult, RosterSource, import_roster
from service.roster.errors import RosterRefusedError
from service.roster.faults import Fault
from service.roster.import_file import import_file
from service.roster.plan import ImportPlan
from service.roster.pull_roster import pull_rosters
from service.roster.rows import Roster
from service.roster.tell_plan import MOST_SHOWN, PlaceOf, change_lines, fault_members, fault_text, first_changes, nowhere, plan_members, totals_of

UNREADABLE = 2
_ENGLISH = texts_in(Language.EN)


def import_command(
    file: Annotated[Path, typer.Argument(help="The roster: .json, .csv or .xlsx.")],
    data: Annotated[Path | None, typer.Option(help="Data directory of `bodycam up`, instead of variables.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,  # noqa: FBT002 - typer's way of a flag
    json_output: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,  # noqa: FBT002 - likewise
) -> None:
    """Take a roster in, all of it or nothing.

    Status 0: it stands, or (with --dry-run) it would; 1: it is refused, every reason is told and nothing was changed; 2: the file cannot be opened.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        sys.stderr.write(f"bodycam coverage import: {error}\n")
        raise typer.Exit(UNREADABLE) from error
    with opened_context(data) as context:
        try:
            result, place_of = _take(context, content, file, is_dry_run=dry_run)
        except RosterRefusedError as error:
            _tell_faults(error.faults, is_json=json_output)
            raise typer.Exit(FAILED) from error
    if json_output:
        members = plan_members(result.plan, _ENGLISH, place_of)
        change_id = str(result.change_id) if result.change_id else None
        sys.stdout.write(json.dumps({"dry_run": dry_run, "change_id": change_id, **members}, ensure_ascii=False, indent=2) + "\n")
    else:
        _tell(result.plan, place_of, is_dry_run=dry_run)
    if result.plan.faults:
        raise typer.Exit(FAILED)


def pull_command(data: Annotated[Path | None, typer.Option(help="Data directory of `bodycam up`, instead of variables.")] = None) -> None:
    """Pull rosters from every source of BODYCAM_ROSTER_SOURCES now. Status 1 when one gave none, or one that is refused."""
    failed = False
    with opened_context(data) as context:
        for result in pull_rosters(context):
            failed = failed or result.failure is not None
            sys.stdout.write(f"{result.name}: {result.changes} changes{f'; stopped: {result.failure}' if result.failure else ''}\n")
    if failed:
        raise typer.Exit(FAILED)


def _take(context: ServiceContext, content: bytes, file: Path, *, is_dry_run: bool) -> tuple[ImportResult, PlaceOf]:
    if file.suffix.lower() != ".json":
        taken = import_file(context, content, file.name, actor=operator(), is_dry_run=is_dry_run)
        return taken.result, taken.place_of
    try:
        roster = Roster.model_validate_json(content)
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_input=False):
            sys.stderr.write(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}\n")
        raise typer.Exit(FAILED) from error
    return import_roster(context, roster, actor=operator(), is_dry_run=is_dry_run, source=RosterSource("json", file.name)), nowhere


def _tell(plan: ImportPlan, place_of: PlaceOf, *, is_dry_run: bool) -> None:
    console = Console()
    lines = change_lines(first_changes(plan), _ENGLISH, place_of)
    if lines:
        table = Table("change", "what", "where", "before", "after")
        for line in lines:
            before = "\n".join(f"{field}: {told}" for field, told, _ in line.differences if told)
            after = "\n".join(f"{field}: {told}" for field, _, told in line.differences if told)
            table.add_row(line.kind, line.about, line.place, before, after)
        console.print(table, markup=False)
    if len(plan.changes) > len(lines):
        console.print(f"the first {len(lines)} of {len(plan.changes)} are shown", markup=False)
    for fault in plan.faults[:MOST_SHOWN]:
        console.print(f"conflict: {fault_text(fault, _ENGLISH)}", markup=False, highlight=False, soft_wrap=True)
    totals = ", ".join(f"{count} {name}" for name, count in totals_of(plan).items())
    console.print(f"{'would be' if is_dry_run else 'done'}: {totals}", markup=False, highlight=False)


def _tell_faults(faults: tuple[Fault, ...], *, is_json: bool) -> None:
    if is_json:
        sys.stdout.write(json.dumps({"conflicts": [fault_members(fault, _ENGLISH) for fault in faults]}, ensure_ascii=False, indent=2) + "\n")
        return
    for fault in faults:
        sys.stderr.write(f"{fault_text(fault, _ENGLISH)}\n")
    sys.stderr.write(f"refused, {len(faults)} faults; nothing was changed\n")
