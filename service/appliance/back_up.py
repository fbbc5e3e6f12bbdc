"""Back up what one machine's service cannot be made again from: database with its log of changes, keys, settings and passwords.

The objects are not among it: they are locked in the store, and a second store is what keeps them twice.
"""

import base64
import json
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from evidence_store.embedded.errors import EmbeddedServerError
from evidence_store.embedded.postgresql import PostgresqlPasswords, PostgresqlServer
from evidence_store.embedded.postgresql_backup import ensure_slot, following_wal, receive_wal, take_base
from evidence_store.embedded.private_file import write_private
from integrity.hashing import sha256_hex
from service.appliance.data_directory import DataDirectory, read_object
from service.appliance.errors import BackupUnusableError, UnreadableDirectoryError
from service.appliance.sealed_secrets import seal
from service.context import ServiceContext

FACTS, SEALED, BASE = "backup.json", "secrets.sealed", "database"
_FOLDER_FACTS = "folder.json"
_SECRET_FILES = ("secrets.json", "credentials.json", "environment.json", "keys/*", "seaweedfs/configuration/*")

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class BackupFolder:
    """Where backups of one installation lie: `bases/NAME/` and `wal/`.

    Attributes:
        root: The folder that was named.
        slot: Name of the replication slot that keeps what this folder lacks.
    """

    root: Path
    slot: str

    @classmethod
    def open(cls, path: Path) -> "BackupFolder":
        """Make the folder where it is missing, closed to other users.

        Raises:
            BackupUnusableError: It holds something else, or cannot be made.
        """
        root = path.expanduser().resolve()
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            facts = read_object(root / _FOLDER_FACTS)
            if not facts:
                if any(root.iterdir()):
                    raise BackupUnusableError(root, "holds something else than backups")
                facts = {"slot": f"bodycam_backup_{secrets.token_hex(6)}"}
                write_private(root / _FOLDER_FACTS, json.dumps(facts) + "\n")
            folder = cls(root, str(facts["slot"]))
            for room in (folder.bases, folder.log):
                room.mkdir(mode=0o700, exist_ok=True)
        except (OSError, KeyError) as error:
            raise BackupUnusableError(root, f"cannot be used: {error}") from error
        return folder

    @property
    def bases(self) -> Path:
        """One folder for each base backup, by its time."""
        return self.root / "bases"

    @property
    def log(self) -> Path:
        """The log of changes as it is received."""
        return self.root / "wal"

    @property
    def logs(self) -> list[Path]:
        """This and what came before a gap."""
        return sorted(path for path in self.root.glob("wal*") if path.is_dir())


def database_of(directory: DataDirectory) -> PostgresqlServer:
    """Describe an installation's database as last started.

    Raises:
        UnreadableDirectoryError: The directory holds no installation.
    """
    drawn, ports = read_object(directory.secrets), read_object(directory.ports)
    try:
        passwords = PostgresqlPasswords(drawn["superuser"], drawn["owner"], drawn["application"])
        return PostgresqlServer(directory.postgresql, int(ports["postgresql"]), passwords)
    except KeyError as error:
        raise UnreadableDirectoryError(directory.root, "holds no installation of `bodycam up`") from error


def back_up(directory: DataDirectory, folder: BackupFolder, context: ServiceContext, *, passphrase: str, report: Report) -> Path:
    """Take a base backup beside the running service, with the log of changes up to now, and seal the secrets.

    Returns:
        The base backup's folder; it is there only when it is whole.

    Raises:
        EmbeddedServerError: The database does not run, or refused.
        UnacceptableValueError: The passphrase is too short.
    """
    server = database_of(directory)
    ensure_slot(server, folder.slot)
    begun_at = context.clock.now()
    unfinished = folder.bases / f".{begun_at:%Y%m%dT%H%M%SZ}.part"
    unfinished.mkdir(mode=0o700)
    try:
        facts = _facts(context, begun_at)
        files = _secret_files(directory)
        seal({}, passphrase)  # refused before anything large is copied
        report("copying the database")
        take_base(server, unfinished / BASE)
        facts["base_manifest_sha256"] = sha256_hex((unfinished / BASE / "backup_manifest").read_bytes())
        facts["finished_at"] = context.clock.now().isoformat()
        report("sealing keys, settings and passwords")
        (unfinished / SEALED).write_bytes(seal({"facts": facts, "files": files}, passphrase))
        (unfinished / FACTS).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        finished = unfinished.with_name(unfinished.name[1:].removesuffix(".part"))
        unfinished.rename(finished)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    report("receiving the changes since")
    receive_changes(directory, folder, context, report=report)
    return finished


def receive_changes(directory: DataDirectory, folder: BackupFolder, context: ServiceContext, *, report: Report) -> None:
    """Bring the folder's log of changes up to now; where it cannot be continued, a new one is begun and that is said.

    Raises:
        EmbeddedServerError: The database does not run, or refused.
    """
    server = database_of(directory)
    had_slot = ensure_slot(server, folder.slot)
    try:
        receive_wal(server, folder.log, folder.slot)
    except EmbeddedServerError as error:
        if not any(folder.log.iterdir()):
            raise
        report(
            f"the log of changes has a gap{'' if had_slot else ' (the server no longer kept it)'}: a new one begins; take a base backup now: {error}"
        )
        folder.log.rename(folder.root / f"wal-until-{context.clock.now():%Y%m%dT%H%M%SZ}")
        folder.log.mkdir(mode=0o700)
        receive_wal(server, folder.log, folder.slot)


def follow_changes(directory: DataDirectory, folder: BackupFolder) -> None:
    """Receive every change as it happens, until the process is interrupted; while the database is away it is asked again and again.

    Raises:
        EmbeddedServerError: The receiver ended by itself.
    """
    with following_wal(database_of(directory), folder.log, folder.slot) as receiver:
        status = receiver.wait()
    raise EmbeddedServerError("PostgreSQL", f"pg_receivewal ended with status {status}")


def _facts(context: ServiceContext, begun_at: datetime) -> dict[str, Any]:
    with context.unit_of_work() as work:
        newest = work.log.newest_checkpoint()
        return {
            "format": "bodycam.backup",
            "version": 1,
            "begun_at": begun_at.isoformat(),
            "counts": work.inventory.count(),
            "checkpoint": newest.note if newest is not None else None,
        }


def _secret_files(directory: DataDirectory) -> dict[str, str]:
    found = (path for pattern in _SECRET_FILES for path in sorted(directory.root.glob(pattern)) if path.is_file())
    return {path.relative_to(directory.root).as_posix(): base64.b64encode(path.read_bytes()).decode() for path in found}
