"""The program ``bodycam import``: brings a folder, an export of another system, photographs or an image of a card.

Standard output carries results as JSON lines, standard error progress. Nothing of the source is changed. Exit codes are those of ``bodycam dock``;
docs/import.md explains them.
"""

from __future__ import annotations

import argparse
import contextlib
import getpass
import json
import sys
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from device_drivers.dock.answers import FileAction
from device_drivers.dock.clocks import ClockPolicy
from device_drivers.dock.errors import DockError, InsecureAddressError
from device_drivers.dock.patience import Patience
from device_drivers.dock.progress import Progress, progress_on
from device_drivers.dock.results import ExitCode, Results, error_code, exit_code
from device_drivers.dock.service_client import ServiceClient, connection_pool
from device_drivers.dock.session import DockedSession, await_state, dock_recorder
from device_drivers.dock.signals import ended_by_signals
from device_drivers.dock.tools import ClockWork, Tools
from device_drivers.dock.turns import Turns
from device_drivers.errors import ListingIncompleteError, RecorderError
from device_drivers.importing.card_image import CardImageSource
from device_drivers.importing.client import ImportClient
from device_drivers.importing.errors import MappingError
from device_drivers.importing.mapping import Columns, match_statements, read_mapping
from device_drivers.importing.source import FolderSource
from integrity.listing import RecordedFile
from integrity.provenance import SourceKind, StatedFile
from integrity.receipt import ClipState

CONNECT_TIMEOUT_S = 10.0
ANSWER_TIMEOUT_S = 60.0
PART_TIMEOUT_S = 120.0
RETRY_FOR_S = 600.0
UPLOADS = 4
_NAMED_AT_MOST = 20
_ToolsFor = Callable[[str], Tools]


@dataclass(frozen=True, slots=True)
class _Statements:
    """What the source's table says, joined to the files that are there.

    Attributes:
        by_file: By raw path in base64.
        unstated: Files of which it says nothing.
        missing: What it names and is not there, or not clearly.
    """

    by_file: Mapping[str, StatedFile]
    unstated: Sequence[str]
    missing: Sequence[str]


def main(arguments: Sequence[str]) -> int:
    """Run the import program.

    Args:
        arguments: The command line without the program's name.

    Returns:
        An exit code; 0 only when every file is sealed and everything that the source's table names was there.
    """
    options = _read_options(arguments)
    try:
        stated = read_mapping(options.mapping, Columns.parse(options.column)) if options.mapping is not None else {}
    except MappingError as error:
        for problem in error.problems:
            sys.stderr.write(f"bodycam import: {problem}\n")
        return ExitCode.USAGE
    stop = threading.Event()
    with ended_by_signals(stop), progress_on(sys.stderr) as progress:
        try:
            service = connection_pool(options.ca, connect_timeout_s=CONNECT_TIMEOUT_S, read_timeout_s=ANSWER_TIMEOUT_S)
            store = connection_pool(options.ca, connect_timeout_s=PART_TIMEOUT_S, read_timeout_s=PART_TIMEOUT_S)
            with service, store:
                client = ImportClient(options.service, pool=service)
                patience = Patience(RETRY_FOR_S, stop, tell=partial(_tell_of_waiting, progress))

                def tools_for(token: str) -> Tools:
                    dock = ServiceClient(options.service, token, pool=service, patience=patience)
                    turns = Turns(UPLOADS, patience)
                    return Tools(dock, store, patience, progress, _now, turns, clocks=ClockWork(ClockPolicy.NEVER, is_synchronised=lambda: False))

                return _Import(options, client, tools_for, progress, stop).run(stated)
        except (RecorderError, OSError) as error:
            progress.tell("not_imported", reason=str(error))
            return ExitCode.RECORDER_FAILED
        except InsecureAddressError as error:
            progress.tell("not_imported", reason=str(error))
            return ExitCode.USAGE
        except DockError as error:
            progress.tell("not_imported", reason=str(error))
            return error_code(error)


class _Import:
    """One run of the program."""

    def __init__(self, options: argparse.Namespace, client: ImportClient, tools_for: _ToolsFor, progress: Progress, stop: threading.Event) -> None:
        self._options, self._client, self._tools_for, self._progress, self._stop = options, client, tools_for, progress, stop

    def run(self, stated: Mapping[str, StatedFile]) -> ExitCode:
        """Sign in, open or resume the import, state, bring, wait until it is sealed, and close."""
        options = self._options
        kind = CardImageSource if options.kind is SourceKind.CARD_IMAGE else FolderSource
        with kind(options.path, import_id="") as unopened:  # before anything is asked for: is there anything to bring?
            statements = _join(stated, _paths_of(unopened))
        self._tell_of(statements)
        self._client.sign_in(options.user, _password(options))
        import_id, token = self._open()
        sys.stdout.write(json.dumps({"import_id": import_id}) + "\n")
        sys.stdout.flush()
        self._client.state_files(import_id, statements.by_file.items())
        tools = self._tools_for(token)
        with kind(options.path, import_id=import_id) as source:
            session = dock_recorder(source, tools, session_id=str(uuid.uuid4()), slot=options.path.name)
            code = self._await(session, tools)
        Results(sys.stdout).print_session(session, code=code)
        self._tell_of_end(session)
        if session.listing is not None and session.error is None and session.sent == len(session.tickets):
            left_out = [session.listing.failure] if session.listing.failure is not None else []
            self._client.close_import(import_id, missing=[*statements.missing, *left_out])
        else:
            self._progress.tell("not_finished", resume=f"--resume {import_id}")
        return ExitCode.FILES_FAILED if code is ExitCode.ALL_SEALED and statements.missing else code

    def _open(self) -> tuple[str, str]:
        options = self._options
        if options.resume is not None:
            return options.resume, self._client.resume_import(options.resume)
        return self._client.open_import(options.kind, received_from=options.received_from, document=options.document, agency=options.agency)

    def _await(self, session: DockedSession, tools: Tools) -> ExitCode:
        is_there = False
        if session.listing is not None and session.error is None:
            try:
                is_there = await_state(session, tools, wanted=ClipState.SEALED, wait_s=self._options.wait_s, stop=self._stop)
            except DockError as error:
                session.error = error
        return exit_code(session, is_there=is_there)

    def _tell_of_end(self, session: DockedSession) -> None:
        """Say what was here already, and what the source has and could not be brought."""
        here = sum(
            ticket.action is FileAction.REREAD and ticket.index in session.results and session.results[ticket.index].ticket.action is FileAction.SKIP
            for ticket in session.tickets
        )
        if here:
            self._progress.tell("here_already", files=here)
        if session.listing is not None and session.listing.failure is not None:
            self._progress.tell("left_out", reason=session.listing.failure)

    def _tell_of(self, statements: _Statements) -> None:
        """Say what the table leaves out and what it names in vain, before anything is sent."""
        if statements.by_file and statements.unstated:
            self._progress.tell("not_in_the_table", files=len(statements.unstated), first=", ".join(statements.unstated[:_NAMED_AT_MOST]))
        if statements.missing:
            self._progress.tell("named_and_missing", files=len(statements.missing), first=", ".join(statements.missing[:_NAMED_AT_MOST]))


def _join(stated: Mapping[str, StatedFile], files: Sequence[RecordedFile]) -> _Statements:
    raw = {file.path: file.path_raw_base64 for file in files}
    matched, unstated, missing = match_statements(stated, raw)
    return _Statements({raw[path]: one for path, one in matched.items()}, unstated, missing)


def _paths_of(source: FolderSource) -> list[RecordedFile]:
    files: list[RecordedFile] = []
    with contextlib.suppress(ListingIncompleteError):  # the session lists once more, and says so to the service
        files.extend(source.list_files())
    return files


def _password(options: argparse.Namespace) -> str:
    if options.password_file is None:
        return getpass.getpass(f"password of {options.user}: ", stream=sys.stderr)
    text = sys.stdin.readline() if str(options.password_file) == "-" else options.password_file.read_text(encoding="utf-8")
    return str(text).rstrip("\r\n")


def _tell_of_waiting(progress: Progress, reason: str, waited_s: float) -> None:
    progress.tell("waiting", reason=reason, waited_s=round(waited_s, 1))


def _now() -> datetime:
    return datetime.now(UTC)


def _read_options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bodycam import",
        description="Bring footage that no dock read from a recorder. The source is read and never changed; custody begins with the import.",
        epilog="Exit codes: 0 every file sealed; 2 usage, or the table is wrong; 3 a file failed, or one that the table names is missing; 4 not "
        "sealed in time; 6 service or store failed; 7 the source cannot be read; 8 asked to end.",
    )
    parser.add_argument("path", metavar="FOLDER_OR_FILE", type=Path, help="what is brought, with everything below it")
    parser.add_argument("--service", metavar="URL", required=True, help="address of the service")
    parser.add_argument("--user", metavar="NAME", required=True, help="account that brings it")
    parser.add_argument("--password-file", metavar="FILE", type=Path, help="file with the password, or - for standard input; asked for otherwise")
    parser.add_argument("--kind", type=SourceKind, choices=list(SourceKind), default=SourceKind.FOLDER, help="what is brought (default: folder)")
    parser.add_argument("--received-from", metavar="TEXT", help="from whom")
    parser.add_argument("--document", metavar="TEXT", help="the document it comes under")
    parser.add_argument("--agency", metavar="CODE", help="agency that is to own it; the account's own when not given")
    parser.add_argument("--mapping", metavar="CSV", type=Path, help="table of an export that says more of each file")
    parser.add_argument(
        "--column",
        metavar="MEANING=HEADING",
        action="append",
        default=[],
        help="column of the table: path, serial, officer, recorded_at, remark, md5, sha1, sha256, sm3",
    )
    parser.add_argument("--resume", metavar="ID", help="go on with an import that was not finished")
    parser.add_argument("--ca", metavar="FILE", type=Path, help="certificate authority of service and store")
    parser.add_argument("--wait-s", metavar="S", type=float, default=900.0, help="longest wait until everything is sealed, in seconds (default: 900)")
    options = parser.parse_args(arguments)
    if options.resume is None and not (options.received_from and options.document):
        parser.error("--received-from and --document are needed, or --resume")
    if options.column and options.mapping is None:
        parser.error("--column needs --mapping")
    return options
