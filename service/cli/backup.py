"""`bodycam backup`, `bodycam restore`, `bodycam restore-drill`."""

import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from service.appliance.back_up import BackupFolder, back_up, follow_changes, receive_changes
from service.appliance.data_directory import DataDirectory
from service.appliance.restore import Backup, choose_backup, refuse_occupied, restored
from service.cli.opening import FAILED, opened_context, run
from service.errors import UnacceptableValueError
from service.safekeeping.prove_restored import RestoreProof, prove_restored

LACKING = 3
"""Exit status: restored and whole, and the store has more of the custody log."""
_Passphrase = Annotated[Path | None, typer.Option(help="File whose first line is the passphrase; asked for when not given.")]
_From = Annotated[Path, typer.Option("--from", help="Folder of backups.")]
_Until = Annotated[str | None, typer.Option(help="Restore the state of this moment, with its offset: 2026-11-24T13:00:00+08:00.")]
_All = Annotated[bool, typer.Option("--all", help="Read every clip instead of a sample.")]


def backup_main(arguments: Sequence[str]) -> int:
    """Back up."""
    return run(backup, list(arguments))


def restore_main(arguments: Sequence[str]) -> int:
    """Restore."""
    return run(restore, list(arguments))


def drill_main(arguments: Sequence[str]) -> int:
    """Try to restore."""
    return run(restore_drill, list(arguments))


def backup(
    data: Annotated[Path, typer.Option(help="Data directory of a running `bodycam up`.")],
    to: Annotated[Path, typer.Option(help="Folder of backups, on another disk; made when missing.")],
    passphrase_file: _Passphrase = None,
    changes_only: Annotated[bool, typer.Option("--changes-only", help="Only bring the log of changes up to now.")] = False,  # noqa: FBT002 - typer's way of a flag
    follow: Annotated[bool, typer.Option("--follow", help="Then receive every change as it happens, until stopped.")] = False,  # noqa: FBT002 - likewise
) -> None:
    """Back up database, keys, settings and passwords while the service runs. Objects are kept twice by a second store, not by this."""
    directory, folder = DataDirectory(data.expanduser().resolve()), BackupFolder.open(to)
    with opened_context(data) as context:
        if changes_only:
            receive_changes(directory, folder, context, report=_report)
        else:
            made = back_up(directory, folder, context, passphrase=_passphrase(passphrase_file, is_new=True), report=_report)
            sys.stdout.write(f"{made}\n")
    if follow:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a script's background job has Ctrl-C ignored
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            _report("receiving every change; Ctrl-C ends it")
            follow_changes(directory, folder)
        except KeyboardInterrupt:
            _report("stopped")


def restore(
    from_: _From,
    data: Annotated[Path, typer.Option(help="New data directory; must be empty.")],
    until: _Until = None,
    everything: _All = False,  # noqa: FBT002 - typer's way of a flag
    passphrase_file: _Passphrase = None,
) -> None:
    """Restore a backup into a new data directory and prove it against the store. Status 1: not proven; 3: the store has more of the log."""
    moment = _moment(until)
    refuse_occupied(data)
    folder = _existing(from_)
    chosen = choose_backup(folder, until=moment)
    proof = _restore(folder, chosen, data, passphrase=_passphrase(passphrase_file), until=moment, everything=everything)
    _conclude(chosen, proof)


def restore_drill(
    from_: _From,
    until: _Until = None,
    everything: _All = False,  # noqa: FBT002 - typer's way of a flag
    passphrase_file: _Passphrase = None,
    scratch: Annotated[Path | None, typer.Option(help="Where there is room for the database for a while; the system's place when not given.")] = None,
) -> None:
    """Restore a backup into a place that is thrown away, on ports of its own, prove it, and tell how long it took."""
    moment = _moment(until)
    folder = _existing(from_)
    chosen = choose_backup(folder, until=moment)
    passphrase = _passphrase(passphrase_file)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bodycam-drill-", dir=scratch) as place:
        proof = _restore(folder, chosen, Path(place) / "data", passphrase=passphrase, until=moment, everything=everything)
    sys.stdout.write(f"restored and proved in {time.monotonic() - begun:.1f} s\n")
    _conclude(chosen, proof)


def _restore(folder: BackupFolder, chosen: Backup, data: Path, *, passphrase: str, until: datetime | None, everything: bool) -> RestoreProof:
    with restored(folder, chosen, data, passphrase=passphrase, until=until, report=_report) as directory, opened_context(directory.root) as context:
        _report("proving counts, digests and the custody log")
        facts = chosen.facts
        return prove_restored(context, facts["counts"], checkpoint=facts["checkpoint"], everything=everything)


def _conclude(chosen: Backup, proof: RestoreProof) -> None:
    write = sys.stdout.write
    write(f"backup of {chosen.facts['begun_at']}\n")
    for table, count in sorted(proof.counts.items()):
        note = "  FEWER THAN WERE BACKED UP" if table in proof.fewer else ""
        write(f"  {table:20} {count:>10}  (at least {chosen.facts['counts'].get(table, 0)}){note}\n")
    if proof.store is None:
        write("no store answered: digests and custody log are NOT proved\n")
    else:
        write(f"digests of {proof.digests} clips against {proof.store}: {len(proof.wrong)} wrong\n")
    for clip_id in proof.wrong:
        write(f"  WRONG: clip {clip_id}\n")
    for fault in proof.faults:
        write(f"  NOT AS SIGNED: {fault}\n")
    for lack in proof.lacking:
        write(f"  LACKING: {lack}\n")
    if proof.store is not None and not proof.faults:
        write("the custody log gives the root that was signed\n")
    write("proven\n" if proof.is_proven else "NOT proven\n")
    if not proof.is_proven:
        raise typer.Exit(FAILED)
    if proof.lacking:
        raise typer.Exit(LACKING)


def _existing(path: Path) -> BackupFolder:
    if not path.is_dir():
        raise UnacceptableValueError("--from", f"{path} is no folder")
    return BackupFolder.open(path)


def _passphrase(file: Path | None, *, is_new: bool = False) -> str:
    if file is None:
        return str(typer.prompt("passphrase", hide_input=True, confirmation_prompt=is_new, err=True))
    try:
        return file.read_text(encoding="utf-8").split("\n", 1)[0]
    except OSError as error:
        raise UnacceptableValueError("--passphrase-file", f"cannot be read: {error.strerror}") from error


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UnacceptableValueError("--until", "expected a time like 2026-11-24T13:00:00+08:00") from error
    if moment.utcoffset() is None:
        raise UnacceptableValueError("--until", "needs its offset, like +08:00")
    return moment


def _report(line: str) -> None:
    sys.stderr.write(f"{line}\n")
