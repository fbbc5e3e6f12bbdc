"""The two servers of an installation alone, for a command that has to work while the installation is stopped."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from evidence_store.embedded.ports import keep_ports
from evidence_store.embedded.postgresql import APPLICATION_ROLE, PostgresqlPasswords, PostgresqlServer
from evidence_store.embedded.private_file import write_private
from evidence_store.embedded.seaweedfs import PORT_NAMES, SeaweedfsServer
from evidence_store.migrations.upgrade import upgrade
from service.appliance.children import ChildPlan, Children, StopPhase
from service.appliance.configuration import BUCKET
from service.appliance.data_directory import DataDirectory, read_object
from service.appliance.errors import DirectoryInUseError, UnreadableDirectoryError
from service.appliance.processes import MARKER

_WITHIN_S = 90.0
_PATH = "PATH"


@contextmanager
def running_servers(data: Path, report: Callable[[str], None]) -> Iterator[None]:
    """Have database and store of an installation run inside the block; where `bodycam up` runs on it, they do already.

    A database whose files are gone is made anew, with tables and without records.

    Raises:
        UnreadableDirectoryError: The directory lacks the passwords of a first start.
        ApplianceError: A server did not become ready.
        EmbeddedServerError: A server cannot be prepared.
    """
    directory = DataDirectory.open(data)
    try:
        with directory.locked():
            children = Children(directory, report)
            children.end_orphans()
            try:
                _start(children, directory)
                yield
            finally:
                children.stop()
    except DirectoryInUseError:
        report("the installation runs; using its servers")
        yield


def _start(children: Children, directory: DataDirectory) -> None:
    drawn = read_object(directory.secrets)
    ports = keep_ports(directory.ports, ("postgresql", *PORT_NAMES))
    try:
        passwords = PostgresqlPasswords(drawn["superuser"], drawn["owner"], drawn["application"])
        postgresql = PostgresqlServer(directory.postgresql, ports["postgresql"], passwords)
        seaweedfs = SeaweedfsServer(directory.seaweedfs, ports, drawn["store_access_key"], drawn["store_secret_key"])
    except KeyError as error:
        raise UnreadableDirectoryError(directory.secrets, f"lacks {error.args[0]}") from error
    environment = {**read_object(directory.environment), MARKER: str(directory.root)}
    told = {name: str(environment[name]) for name in (_PATH, "LANG", "HOME", MARKER) if name in environment}
    children.start(ChildPlan(lambda: postgresql.program(told), StopPhase.SERVER))
    children.start(ChildPlan(lambda: seaweedfs.program(told), StopPhase.SERVER))
    children.wait_until(postgresql.is_ready, "PostgreSQL", within_s=_WITHIN_S)
    postgresql.provision()
    upgrade(postgresql.owner_url, APPLICATION_ROLE)
    children.wait_until(seaweedfs.is_ready, "SeaweedFS", within_s=_WITHIN_S)
    seaweedfs.provision(BUCKET)
    _adopt(directory, {"BODYCAM_DATABASE_URL": postgresql.application_url, "BODYCAM_STORE_ENDPOINT": seaweedfs.endpoint})


def _adopt(directory: DataDirectory, addresses: dict[str, str]) -> None:
    """Have commands with `--data` find the servers where they are now: a port that a stranger took was replaced."""
    environment = read_object(directory.environment)
    if any(environment.get(name) != address for name, address in addresses.items()):
        write_private(directory.environment, json.dumps({**environment, **addresses}, indent=2) + "\n")
