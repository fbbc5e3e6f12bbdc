"""What the children of one installation are told: secrets drawn once, and an environment written for each."""

import json
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from evidence_store.embedded.ports import keep_ports
from evidence_store.embedded.postgresql import PostgresqlPasswords, PostgresqlServer
from evidence_store.embedded.private_file import write_private
from evidence_store.embedded.program import Program
from evidence_store.embedded.seaweedfs import PORT_NAMES, SeaweedfsServer
from service.appliance.data_directory import DataDirectory, read_object
from service.appliance.errors import ApplianceError, UnreadableDirectoryError
from service.appliance.listening import Listening
from service.appliance.processes import MARKER
from service.settings import unknown_settings

BUCKET = "evidence"
_PREFIX = "BODYCAM_"
_DOCK_PREFIX = "BODYCAM_DOCK_"
_INHERITED = ("PATH", "TZ", "TMPDIR")
_SECRET_NAMES = ("superuser", "owner", "application", "store_access_key", "store_secret_key")
_PASSWORD_BYTES = 15
_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class SignIn:
    """A name and the password drawn for it."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DockCredential:
    """What the dock of this machine shows the service."""

    id: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Whom the first start makes; the same at every start."""

    administrator: SignIn
    reviewer: SignIn
    dock: DockCredential


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything decided about one installation before its children start."""

    directory: DataDirectory
    listening: Listening
    is_demo: bool
    postgresql: PostgresqlServer
    seaweedfs: SeaweedfsServer
    credentials: Credentials

    def base_environment(self) -> dict[str, str]:
        """Give what every child gets: where programs lie, and the mark it is found by."""
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        return {"PATH": os.defpath, **inherited, "LANG": "C.UTF-8", "HOME": str(self.directory.root), MARKER: str(self.directory.root)}

    def service_environment(self) -> dict[str, str]:
        """Give what API, worker and the steps of the first start get: database and store, never the owner's password."""
        decided = self._decided_settings()
        return {**self.base_environment(), **_operators_settings(decided, _PREFIX, but=_DOCK_PREFIX), **decided}

    def migration_environment(self) -> dict[str, str]:
        """Give what the migration gets: the owner's password besides."""
        return {**self.service_environment(), "BODYCAM_MIGRATION_DATABASE_URL": self.postgresql.owner_url}

    def dock_environment(self) -> dict[str, str]:
        """Give what the dock gets: its own credential and nobody else's."""
        decided = {"BODYCAM_DOCK_SERVICE_URL": self.listening.public_url, "BODYCAM_DOCK_TOKEN": self.credentials.dock.token}
        if self.listening.tls is not None and self.listening.tls.authority is not None:
            decided["BODYCAM_DOCK_CA_FILE"] = str(self.listening.tls.authority)
        return {**self.base_environment(), **_operators_settings(decided, _DOCK_PREFIX), **decided}

    def command(self, name: str, *arguments: str, environment: Mapping[str, str], stop_within_s: float = 5.0) -> Program:
        """Describe one of our own commands, run by this interpreter."""
        return Program(
            name=name,
            arguments=(sys.executable, "-P", "-m", "service.cli.main", name, *arguments),
            environment={**environment, "PYTHONUNBUFFERED": "1"},
            directory=self.directory.root,
            stop_within_s=stop_within_s,
        )

    def _decided_settings(self) -> dict[str, str]:
        settings = {
            "BODYCAM_DATABASE_URL": self.postgresql.application_url,
            "BODYCAM_STORE_ENDPOINT": self.seaweedfs.endpoint,
            "BODYCAM_STORE_SECURE": "false",
            "BODYCAM_STORE_ACCESS_KEY": self.seaweedfs.access_key,
            "BODYCAM_STORE_SECRET_KEY": self.seaweedfs.secret_key,
            "BODYCAM_STORE_BUCKET": BUCKET,
            "BODYCAM_KEYS_DIR": str(self.directory.keys),
            "BODYCAM_PUBLIC_URL": self.listening.public_url,
            "BODYCAM_IS_DEMO": str(self.is_demo).lower(),
        }
        if self.listening.store is not None:
            settings |= {"BODYCAM_STORE_PUBLIC_ENDPOINT": str(self.listening.store), "BODYCAM_STORE_PUBLIC_SECURE": "true"}
        return settings


def configure(directory: DataDirectory, listening: Listening, *, is_demo: bool) -> Configuration:
    """Read or draw the secrets of a data directory, and choose its ports; call it while none of its servers runs.

    Raises:
        ApplianceError: The directory is a demonstration and shall not be, or the other way round; or a variable will not do.
        UnreadableDirectoryError: One of its files does not hold what it should.
        EmbeddedServerError: No port is free.
    """
    _check_demo(directory, is_demo=is_demo)
    ports = keep_ports(directory.ports, ("postgresql", *PORT_NAMES))
    drawn = _keep(directory.secrets, {name: secrets.token_urlsafe(_TOKEN_BYTES) for name in _SECRET_NAMES})
    passwords = PostgresqlPasswords(drawn["superuser"], drawn["owner"], drawn["application"])
    configuration = Configuration(
        directory=directory,
        listening=listening,
        is_demo=is_demo,
        postgresql=PostgresqlServer(directory.postgresql, ports["postgresql"], passwords),
        seaweedfs=SeaweedfsServer(directory.seaweedfs, ports, drawn["store_access_key"], drawn["store_secret_key"]),
        credentials=_keep_credentials(directory),
    )
    configuration.dock_environment()  # what clashes is refused before anything starts
    unknown = unknown_settings(configuration.service_environment())
    if unknown:
        raise ApplianceError(f"{', '.join(unknown)}: no such setting (docs/settings.md lists them)")
    write_private(directory.environment, json.dumps(configuration.service_environment(), indent=2) + "\n")
    return configuration


def read_environment(data: Path) -> dict[str, str]:
    """Give the service's settings of an installation as last started, for a command with ``--data``.

    Raises:
        ApplianceError: `bodycam up` never ran on this directory.
        UnreadableDirectoryError: The file holds something else.
    """
    directory = DataDirectory(data.expanduser().resolve())
    environment = read_object(directory.environment)
    if not environment:
        raise ApplianceError(f"{directory.root} holds no installation; `bodycam up --data {directory.root} --port N` makes one")
    return {name: str(value) for name, value in environment.items() if name.startswith(_PREFIX)}


def read_migration_url(data: Path) -> str:
    """Give the database URL of the owning role of an installation, for `bodycam migrate --data`.

    Raises:
        UnreadableDirectoryError: The directory lacks the ports or passwords of a first start.
    """
    directory = DataDirectory(data.expanduser().resolve())
    drawn, ports = read_object(directory.secrets), read_object(directory.ports)
    try:
        passwords = PostgresqlPasswords(drawn["superuser"], drawn["owner"], drawn["application"])
        return PostgresqlServer(directory.postgresql, int(ports["postgresql"]), passwords).owner_url
    except KeyError as error:
        raise UnreadableDirectoryError(directory.secrets, f"lacks {error.args[0]}") from error


def _operators_settings(decided: Mapping[str, str], prefix: str, *, but: str | None = None) -> dict[str, str]:
    given = {name: value for name, value in os.environ.items() if name.startswith(prefix) and not (but and name.startswith(but))}
    clash = sorted(given.keys() & decided.keys())
    if clash:
        raise ApplianceError(f"{', '.join(clash)}: decided by `bodycam up`; unset it, or run the parts one by one")
    return given


def _check_demo(directory: DataDirectory, *, is_demo: bool) -> None:
    before = read_object(directory.environment).get("BODYCAM_IS_DEMO")
    if before == "true" and not is_demo:
        raise ApplianceError(f"{directory.root} holds a demonstration; start it with --demo, or choose another directory for real evidence")
    if before == "false" and is_demo:
        raise ApplianceError(f"{directory.root} holds real evidence; choose another directory for a demonstration")


def _keep_credentials(directory: DataDirectory) -> Credentials:
    kept = _keep(
        directory.credentials,
        {
            "administrator": {"username": "administrator", "password": secrets.token_urlsafe(_PASSWORD_BYTES)},
            "reviewer": {"username": "reviewer", "password": secrets.token_urlsafe(_PASSWORD_BYTES)},
            "dock": {"id": str(uuid4()), "token": secrets.token_urlsafe(_TOKEN_BYTES)},
        },
    )
    try:
        return Credentials(SignIn(**kept["administrator"]), SignIn(**kept["reviewer"]), DockCredential(**kept["dock"]))
    except TypeError as error:
        raise UnreadableDirectoryError(directory.credentials, "does not hold the credentials of a first start") from error


def _keep(path: Path, drawn: dict[str, Any]) -> dict[str, Any]:
    known = read_object(path)
    if not known:
        write_private(path, json.dumps(drawn, indent=2) + "\n")
        return drawn
    missing = sorted(drawn.keys() - known.keys())
    if missing:
        raise UnreadableDirectoryError(path, f"lacks {', '.join(missing)}")
    return known
