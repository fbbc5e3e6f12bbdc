"""Base backups and the write-ahead log of the embedded PostgreSQL, by its own tools while it runs; and making a server of them again.

A physical replication slot for each backup folder keeps what the folder lacks, so that no change is missing between two runs.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from evidence_store.embedded.errors import EmbeddedServerError
from evidence_store.embedded.postgresql import PostgresqlServer, find_tool
from evidence_store.embedded.system_account import claim_directory
from integrity.hashing import running_sha256

_SERVER = "PostgreSQL"
_CONNECT_TIMEOUT_S = 5
_MANIFEST = "backup_manifest"
_CHUNK_BYTES = 1024**2
_SEGMENT_BYTES = 16 * 1024**2
_SEGMENT = re.compile(r"^[0-9A-F]{24}(\.partial)?$|^[0-9A-F]{8}\.history$")
_START = re.compile(r"^START WAL LOCATION: .* \(file ([0-9A-F]{24})\)$", re.MULTILINE)
_RECOVERY = ("recovery_target_time", "recovery_target_action", "restore_command")


def take_base(server: PostgresqlServer, folder: Path) -> None:
    """Copy a running server's data into a new folder, with the log that makes them consistent and digests of every file, and verify the copy.

    Raises:
        EmbeddedServerError: The server refused, or the copy is not what its digests say.
    """
    options = ("-D", str(folder), "--wal-method=stream", "--checkpoint=fast", "--manifest-checksums=SHA256", "--no-password")
    _run("pg_basebackup", options, server.superuser_environment)
    verify_base(folder)


def verify_base(folder: Path) -> None:
    """Check every file of a base backup against its digest.

    Raises:
        EmbeddedServerError: A file is missing, added or changed.
    """
    # The wheel's own pg_verifybackup crashes on every backup; its rules are those of its manual page.
    try:
        listed = {str(one["Path"]): one for one in json.loads((folder / _MANIFEST).read_bytes())["Files"] if "Path" in one}
        found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        found -= {name for name in found if name == _MANIFEST or name.startswith("pg_wal/")}  # the log's records carry checks of their own
        if found != listed.keys():
            raise EmbeddedServerError(_SERVER, f"the base backup has files too few or too many: {', '.join(sorted(found ^ listed.keys())[:5])}")
        for name, facts in listed.items():
            if (
                (folder / name).stat().st_size != facts["Size"]
                or facts["Checksum-Algorithm"] != "SHA256"
                or _digest(folder / name) != facts["Checksum"]
            ):
                raise EmbeddedServerError(_SERVER, f"{name} of the base backup is not what was copied")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EmbeddedServerError(_SERVER, f"the base backup cannot be verified: {error!r}") from error


def ensure_slot(server: PostgresqlServer, slot: str) -> bool:
    """Make the server keep its log from now on until a folder has it.

    Returns:
        Whether it did so already, without a gap.
    """
    with _superuser(server) as connection:
        row = connection.execute("SELECT wal_status FROM pg_replication_slots WHERE slot_name = %s", [slot]).fetchone()
        if row is not None and row[0] not in {"lost", None}:
            return True
        if row is not None:
            connection.execute("SELECT pg_drop_replication_slot(%s)", [slot])
        connection.execute("SELECT pg_create_physical_replication_slot(%s, true)", [slot])
    return False


def receive_wal(server: PostgresqlServer, folder: Path, slot: str) -> None:
    """Receive every change up to now into a folder, whole segments.

    Raises:
        EmbeddedServerError: The server no longer has what continues the folder, or refused.
    """
    with _superuser(server) as connection:
        connection.execute("SELECT pg_switch_wal()")
        row = connection.execute("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn").fetchone()
        position = int(row[0]) if row is not None else 0
        end = -(-position // _SEGMENT_BYTES) * _SEGMENT_BYTES - 1
        connection.execute("SELECT pg_logical_emit_message(false, 'bodycam', 'backup')")  # so that the log goes on and the segment is handed over
    options = ("-D", str(folder), f"--slot={slot}", f"--endpos={end >> 32:X}/{end & 0xFFFFFFFF:X}", "--no-loop", "--synchronous", "--no-password")
    _run("pg_receivewal", options, server.superuser_environment)


@contextmanager
def following_wal(server: PostgresqlServer, folder: Path, slot: str) -> Iterator[subprocess.Popen[bytes]]:
    """Receive every change into a folder as it happens; leaving ends it."""
    options = ("-D", str(folder), f"--slot={slot}", "--synchronous", "--no-password", "--status-interval=1")
    process = subprocess.Popen((str(find_tool("pg_receivewal")), *options), env=server.superuser_environment, stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def lay_base(server: PostgresqlServer, base: Path, logs: Iterable[Path], *, until: datetime | None) -> None:
    """Make a server's data of a base backup and received log, ready to replay the log when it starts.

    Args:
        server: Its directory is there and holds no data.
        base: Base backup.
        logs: Folders of received log.
        until: Replay up to this time, UTC; to the end when ``None``.

    Raises:
        EmbeddedServerError: The base is damaged, or names no beginning.
    """
    verify_base(base)
    account = claim_directory(server.directory)
    data, staged = server.directory / "data", server.directory / "replay"
    shutil.copytree(base, data)
    data.chmod(0o700)
    staged.mkdir(mode=0o700)
    first = _first_segment(base)
    for file in sorted(file for folder in logs for file in folder.iterdir() if _SEGMENT.match(file.name)):
        if file.suffix == ".history" or file.name[8:24] >= first[8:]:
            target = staged / file.name.removesuffix(".partial")
            if not target.exists():
                shutil.copyfile(file, target)
    lines = [f"restore_command = '{_quoted(staged)}'", "recovery_target_action = 'promote'"]
    if until is not None:
        lines.append(f"recovery_target_time = '{until.astimezone(UTC).isoformat(sep=' ')}'")
    with (data / "postgresql.auto.conf").open("a", encoding="utf-8") as configuration:
        configuration.write("\n".join(lines) + "\n")
    (data / "recovery.signal").touch(mode=0o600)
    if account is not None:
        for place in (data, staged):
            _run_tool(("chown", "-R", f"{account.pw_uid}:{account.pw_gid}", str(place)), {"PATH": os.defpath})


def has_replayed(server: PostgresqlServer) -> bool:
    """Whether a server has replayed everything it shall, and takes changes; never raises while it is starting."""
    try:
        with _superuser(server) as connection:
            return connection.execute("SELECT pg_is_in_recovery()").fetchone() == (False,)
    except EmbeddedServerError:
        return False


def finish_replay(server: PostgresqlServer) -> None:
    """Take away what only the replay needed."""
    configuration = server.directory / "data" / "postgresql.auto.conf"
    lines = configuration.read_text(encoding="utf-8").splitlines(keepends=True)
    configuration.write_text("".join(line for line in lines if not line.startswith(_RECOVERY)), encoding="utf-8")
    shutil.rmtree(server.directory / "replay")


def _digest(file: Path) -> str:
    running = running_sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            running.update(chunk)
    return running.digest().hex()


def _quoted(staged: Path) -> str:
    command = f"cp {shlex.quote(str(staged)).replace('%', '%%')}/%f %p"
    return command.replace("'", "''")


def _first_segment(base: Path) -> str:
    found = _START.search((base / "backup_label").read_text(encoding="utf-8"))
    if found is None:
        raise EmbeddedServerError(_SERVER, f"{base} does not say where its log begins")
    return found.group(1)


@contextmanager
def _superuser(server: PostgresqlServer) -> Iterator[psycopg.Connection]:
    try:
        with psycopg.connect(server.superuser_url, connect_timeout=_CONNECT_TIMEOUT_S, autocommit=True) as connection:
            yield connection
    except psycopg.Error as error:
        raise EmbeddedServerError(_SERVER, str(error)) from error


def _run(tool: str, options: tuple[str, ...], environment: dict[str, str]) -> None:
    _run_tool((str(find_tool(tool)), *options), environment)


def _run_tool(command: tuple[str, ...], environment: dict[str, str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, env=environment, cwd="/")
    except subprocess.CalledProcessError as error:
        raise EmbeddedServerError(_SERVER, f"{Path(command[0]).name}: {error.stderr.strip()}") from error
    except OSError as error:
        raise EmbeddedServerError(_SERVER, str(error)) from error
