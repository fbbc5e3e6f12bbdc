"""Servers that tests share: each is started at most once per run, when the first test asks for it."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import urllib3
from minio import Minio
from psycopg import sql

from evidence_store.embedded.ports import keep_ports
from evidence_store.embedded.postgresql import APPLICATION_ROLE, DATABASE, OWNER_ROLE, PostgresqlPasswords, PostgresqlServer
from evidence_store.embedded.program import launch, stop
from evidence_store.embedded.seaweedfs import PORT_NAMES, SeaweedfsServer
from evidence_store.migrations.upgrade import upgrade

_READY_WITHIN_S = 90


@dataclass(frozen=True)
class Database:
    """A database of one test or module: migrated, empty, its own."""

    name: str
    owner_url: str
    application_url: str


class SharedPostgresql:
    """The run's PostgreSQL; databases are copied from one that was migrated once."""

    def __init__(self, server: PostgresqlServer) -> None:
        self.server = server
        self._template: str | None = None

    @contextmanager
    def database(self):
        """Give a migrated, empty database of one's own, dropped afterwards."""
        name = f"{DATABASE}_{secrets.token_hex(4)}"
        with self._superuser() as connection:
            self._make(connection, name, template=self._migrated_template())
        try:
            yield self._named(name)
        finally:
            with self._superuser() as connection:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _migrated_template(self) -> str:
        if self._template is None:
            name = f"{DATABASE}_template"
            with self._superuser() as connection:
                self._make(connection, name, template="template0")
            upgrade(self._named(name).owner_url, APPLICATION_ROLE)
            self._template = name
        return self._template

    def _make(self, connection, name, *, template):
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}")
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template), sql.Identifier(OWNER_ROLE)))

    def _named(self, name: str) -> Database:
        urls = (url.removesuffix(DATABASE) + name for url in (self.server.owner_url, self.server.application_url))
        return Database(name, *urls)

    def _superuser(self):
        return psycopg.connect(self.server.superuser_url, autocommit=True)


@dataclass(frozen=True)
class SharedSeaweedfs:
    """The run's object store; tests draw bucket names of their own."""

    server: SeaweedfsServer

    @property
    def endpoint(self) -> str:
        return self.server.endpoint

    @property
    def access_key(self) -> str:
        return self.server.access_key

    @property
    def secret_key(self) -> str:
        return self.server.secret_key

    def client(self) -> Minio:
        pool = urllib3.PoolManager(retries=False, timeout=10)
        return Minio(self.endpoint, self.access_key, self.secret_key, secure=False, region="us-east-1", http_client=pool)


@pytest.fixture(scope="session")
def server_directory():
    """A short directory outside pytest's own, which only its user may enter."""
    with tempfile.TemporaryDirectory(prefix="bodycam-tests-", ignore_cleanup_errors=True) as directory:
        yield Path(directory)


@contextmanager
def running_postgresql(place: Path):
    """Run a PostgreSQL of one's own in a directory."""
    directory = place / "postgresql"
    directory.mkdir()
    port = keep_ports(place / "postgresql.json", ["postgresql"])["postgresql"]
    passwords = PostgresqlPasswords(*(secrets.token_urlsafe(12) for _ in range(3)))
    server = PostgresqlServer(directory, port, passwords)
    with _running(server, place / "postgresql.log"):
        server.provision()
        yield SharedPostgresql(server)


@pytest.fixture(scope="session")
def postgresql(server_directory):
    with running_postgresql(server_directory) as made:
        yield made


@pytest.fixture(scope="session")
def seaweedfs(server_directory):
    server = _seaweedfs(server_directory)
    with _running(server, server_directory / "seaweedfs.log"):
        yield SharedSeaweedfs(server)


@pytest.fixture(scope="session")
def moto(server_directory):
    """Address of a store that speaks S3 and keeps no lock; a program of its own, beside `.venv` (tools/set_up.sh)."""
    port = _free_port()
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[1] / ".venv-peers")}
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with (server_directory / "moto.log").open("wb") as log, subprocess.Popen(command, env=environment, stdout=log, stderr=log) as server:
        deadline = time.monotonic() + _READY_WITHIN_S
        while not _answers(port):
            assert server.poll() is None, (server_directory / "moto.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield f"127.0.0.1:{port}"
        server.terminate()


@pytest.fixture
def make_seaweedfs():
    """Make a server that is not started; each call in one directory gives it other ports."""

    def make(directory: Path) -> SeaweedfsServer:
        (directory / "seaweedfs.json").unlink(missing_ok=True)
        return _seaweedfs(directory)

    return make


@pytest.fixture
def database(postgresql):
    """A migrated, empty database of this test's own."""
    with postgresql.database() as made:
        yield made


@pytest.fixture(scope="module")
def module_database(postgresql):
    """A migrated, empty database that the tests of one module share."""
    with postgresql.database() as made:
        yield made


@pytest.fixture
def bucket_name():
    return f"trial-{secrets.token_hex(6)}"


@pytest.fixture
def free_port():
    return _free_port()


@pytest.fixture(scope="module")
def module_port():
    return _free_port()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def _seaweedfs(directory: Path) -> SeaweedfsServer:
    (directory / "seaweedfs").mkdir(exist_ok=True)
    return SeaweedfsServer(directory / "seaweedfs", keep_ports(directory / "seaweedfs.json", PORT_NAMES), "trial-access", "trial-secret-key")


@contextmanager
def _running(server, log_file):
    program = server.program({"PATH": os.defpath})
    process = launch(program, log_file)
    try:
        ends = time.monotonic() + _READY_WITHIN_S
        while not server.is_ready():
            assert process.poll() is None, f"{program.name} ended: {log_file.read_text()[-2000:]}"
            assert time.monotonic() < ends, f"{program.name} is not ready: {log_file.read_text()[-2000:]}"
            time.sleep(0.05)
        yield
    finally:
        process.send_signal(signal.SIGQUIT)  # at once: its files go with it, and an orderly stop takes 15 s
        stop(program, process)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
