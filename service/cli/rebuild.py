"""`bodycam rebuild`: the database made again from the store alone, and two databases compared."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from service.appliance.servers import running_servers
from service.bootstrap import build_context
from service.cli.keep_safe import progress
from service.cli.opening import FAILED, run, settings_of
from service.context import ServiceContext
from service.custody.audit_log import audit_log
from service.custody.log_fault import LogFault
from service.safekeeping.compare_databases import compare_databases
from service.safekeeping.rebuild import rebuild

_SHOWN = 1_000


def main(arguments: Sequence[str]) -> int:
    """Rebuild."""
    return run(rebuild_database, list(arguments))


def rebuild_database(
    data: Annotated[Path | None, typer.Option(help="Data directory of `bodycam up`; its servers are started if need be.")] = None,
    from_store: Annotated[bool, typer.Option("--from-store", help="Make the database again from log and manifests in the store.")] = False,  # noqa: FBT002 - typer's way of a flag
    into: Annotated[str | None, typer.Option(help="SQLAlchemy URL of another database, with tables and without records, instead of the own.")] = None,
    compare: Annotated[bool, typer.Option("--compare", help="Then compare the database of --into with the own, row by row.")] = False,  # noqa: FBT002 - likewise
) -> None:
    """Make the database again from the store, or into another one and compare: a drill. Status 1 when something was left out or differs."""
    if not from_store and not compare:
        raise typer.BadParameter("say --from-store, or --compare")
    if compare and into is None:
        raise typer.BadParameter("--compare needs --into")
    report = progress()
    with _opened(data, into) as (own, target):
        is_whole = _rebuild(target, report) if from_store else True
        is_same = _compare(target, own) if compare else True
    if not (is_whole and is_same):
        raise typer.Exit(FAILED)


@contextmanager
def _opened(data: Path | None, into: str | None) -> Iterator[tuple[ServiceContext, ServiceContext]]:
    """The own database, and the one that is written or compared."""
    with _servers(data):
        settings = settings_of(data)
        own = build_context(settings)
        target = own if into is None else build_context(settings.model_copy(update={"database_url": SecretStr(into)}))
        try:
            yield own, target
        finally:
            own.dispose()
            target.dispose()


@contextmanager
def _servers(data: Path | None) -> Iterator[None]:
    if data is None:
        yield
        return
    with running_servers(data, _tell):
        yield


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _rebuild(target: ServiceContext, report: Callable[[str], None]) -> bool:
    result = rebuild(target, report)
    write = sys.stdout.write
    write(f"{result.log_size} events of the custody log, proved\n")
    for table, count in sorted(result.rows.items()):
        write(f"  {table:20} {count:>10}\n")
    for clip_id in result.recovered:
        write(f"RECOVERED from its manifest alone: clip {clip_id}\n")
    for place, reason in result.rejected:
        write(f"NOT ACCEPTED: {place}: {reason}\n")
    faults: list[LogFault] = []
    audit_log(target, faults.append)
    for fault in faults:
        write(f"NOT AS SIGNED: {fault}\n")
    return not result.rejected and not faults


def _compare(target: ServiceContext, own: ServiceContext) -> bool:
    count = 0
    for difference in compare_databases(target.unit_of_work, own.unit_of_work):
        count += 1
        if count <= _SHOWN:
            sys.stdout.write(f"DIFFERS: {difference.table} {difference.row}: {difference.reason}\n")
    sys.stdout.write(f"{count} differences beside declared caches (first: --into, second: own)\n")
    return count == 0
