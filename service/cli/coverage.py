"""`bodycam coverage`: rosters taken in, reports of frozen figures to other levels, and what anybody checks without an installation."""

import sys
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from integrity.coverage_report import CoverageReport, parse_report
from integrity.coverage_report_checks import ReportFault, find_faults
from integrity.errors import IntegrityError
from service.cli.opening import FAILED, WRONG_SETTINGS, opened_context, run
from service.cli.roster import import_command, pull_command
from service.cli.snapshots import snapshot_command
from service.coverage.roster_file import digest_roster
from service.coverage_reports.draw import Drawing, rank_of, read_roster
from service.coverage_reports.figure_report import read_whole_report
from service.coverage_reports.make_report import WantedReport, make_report
from service.coverage_reports.report_files import FileFormat, make_file

UNREADABLE = 2
FORGED = 3
_DAY = "%Y-%m-%d"


def main(arguments: Sequence[str]) -> int:
    """Run one of the sub-commands."""
    command = _COMMANDS.get(arguments[0]) if arguments else None
    if command is None:
        sys.stderr.write(f"bodycam coverage: expected one of {', '.join(sorted(_COMMANDS))}\n")
        return WRONG_SETTINGS
    return run(command, list(arguments[1:]))


def report(
    day: Annotated[datetime, typer.Option(formats=[_DAY], help="Day whose newest frozen figure is reported, Asia/Shanghai.")],
    out: Annotated[Path, typer.Option(help="File that the signed report is written to.")],
    data: Annotated[Path | None, typer.Option(help="Data directory of `bodycam up`, instead of variables.")] = None,
    xlsx: Annotated[Path | None, typer.Option(help="File that a workbook of the same figures is written to, the gap by name among it.")] = None,
    pdf: Annotated[Path | None, typer.Option(help="Likewise a document in Chinese.")] = None,
    names: Annotated[bool, typer.Option("--names", help="Tell the gap by name in the signed report.")] = False,  # noqa: FBT002 - typer's way of a flag
) -> None:
    """Write a signed report of a day's frozen figures, to be carried to the level above."""
    with opened_context(data) as context:
        sent = make_report(context, WantedReport(day.date(), include_names=names))
        shown = read_whole_report(context, day.date()) if xlsx or pdf else None
    out.write_bytes(sent.document.encode())
    for file, kind in ((xlsx, FileFormat.XLSX), (pdf, FileFormat.PDF)):
        if file is not None and shown is not None:
            file.write_bytes(make_file(shown, kind))
    told = parse_report(sent.document.encode()).report
    sys.stdout.write(f"report {sent.id} of {_spelled(told)}\n")


def verify(
    file: Annotated[Path, typer.Argument(help="The signed report.")],
    key: Annotated[str, typer.Option(help="Verifier key of the reporter's custody log, come by another way than the report.")],
) -> None:
    """Check a report offline: signature, form, sums, digest of the figures, and that the log holds the frozen figure.

    Status 0: everything holds; 1: it is signed by the key and contradicts itself; 2: it cannot be read; 3: the key did not sign it.
    """
    try:
        signed = parse_report(file.read_bytes())
    except (OSError, IntegrityError) as error:
        _fail(f"cannot be read: {error}", UNREADABLE)
    try:
        signed.check_signature(key)
    except IntegrityError as error:
        _fail(f"not signed by this key: {error}", FORGED)
    faults = find_faults(signed.report, key=key)
    sys.stdout.write(f"{_spelled(signed.report)}\n")
    for fault in faults:
        sys.stdout.write(f"{_line(fault)}\n")
    if faults:
        raise typer.Exit(FAILED)
    sys.stdout.write("signature, sums, digest of the figures, and proof of the frozen figure hold\n")


def draw(
    file: Annotated[Path, typer.Argument(help="A frozen figure's file, coverage/….jsonl.gz of the object store.")],
    seed: Annotated[str, typer.Option(help="The public seed.")],
    count: Annotated[int, typer.Option(min=1, help="How many officers.")],
    agency: Annotated[list[str] | None, typer.Option(help="Only those who count at this agency; may be repeated.")] = None,
) -> None:
    """Draw a sample again from the roster itself, without any installation.

    Prints rank, officer, agency, and why they are missing, then the roster's digest, which the custody event of the frozen figure must have.
    """
    drawing = Drawing(seed, count)
    with file.open("rb") as packed:
        digest = digest_roster(drawing.passing(read_roster(packed), set(agency) if agency else None))
    for line in drawing.drawn():
        sys.stdout.write(f"{rank_of(seed, line.officer)} {line.officer} {line.agency} {line.reason or 'equipped'}\n")
    sys.stdout.write(f"roster sha256:{digest}\n")


def _spelled(told: CoverageReport) -> str:
    one = told.snapshot
    agencies = f"{len(told.figures)} agencies"
    top = next((figure for figure in told.figures if figure.parent is None), told.figures[0])
    return f"{date.fromisoformat(one.day)} ({one.kind}, {one.edition}) of {told.reporter.agency}: {top.numerator} of {top.denominator}, {agencies}"


def _line(fault: ReportFault) -> str:
    return f"{fault.code} {fault.subject}: {fault.detail}"


def _fail(reason: str, status: int) -> NoReturn:
    sys.stderr.write(f"bodycam coverage verify: {reason}\n")
    raise typer.Exit(status)


_COMMANDS: dict[str, Callable[..., None]] = {
    "draw": draw,
    "import": import_command,
    "pull": pull_command,
    "report": report,
    "snapshot": snapshot_command,
    "verify": verify,
}
