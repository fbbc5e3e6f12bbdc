"""Make an installation of a backup again: its database up to a moment, its keys, settings and passwords."""

import base64
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from evidence_store.embedded.ports import keep_ports
from evidence_store.embedded.postgresql_backup import finish_replay, has_replayed, lay_base
from evidence_store.embedded.private_file import write_private
from evidence_store.embedded.program import launch, stop
from integrity.canonical import JsonValue
from integrity.hashing import sha256_hex
from service.appliance.back_up import BASE, FACTS, SEALED, BackupFolder, Report, database_of
from service.appliance.data_directory import DataDirectory, read_object
from service.appliance.errors import BackupUnusableError, NotReadyError
from service.appliance.sealed_secrets import unseal

_REPLAYED_WITHIN_S = 24 * 3600.0
_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Backup:
    """One base backup of a folder, and what was true when it was taken.

    Attributes:
        place: Its folder.
        facts: What `backup.json` says: times, counts of rows, the newest checkpoint.
    """

    place: Path
    facts: dict[str, Any]

    @property
    def finished_at(self) -> datetime:
        """From when on its database can be made again, UTC."""
        return datetime.fromisoformat(self.facts["finished_at"])


def choose_backup(folder: BackupFolder, *, until: datetime | None) -> Backup:
    """Find the newest base backup that was finished by a moment.

    Raises:
        BackupUnusableError: There is none.
    """
    found = [Backup(place, read_object(place / FACTS)) for place in sorted(folder.bases.glob("[0-9]*"))]
    usable = [backup for backup in found if until is None or backup.finished_at <= until]
    if not usable:
        raise BackupUnusableError(folder.root, "has no backup" if until is None else f"has no backup from before {until.isoformat()}")
    return usable[-1]


def refuse_occupied(data: Path) -> None:
    """Make sure that nothing is in the way.

    Raises:
        BackupUnusableError: The target holds something.
    """
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise BackupUnusableError(data, "is not empty; a backup is restored into a new directory")


@contextmanager
def restored(folder: BackupFolder, backup: Backup, data: Path, *, passphrase: str, until: datetime | None, report: Report) -> Iterator[DataDirectory]:
    """Restore into an empty directory, and let its database run inside the block.

    Raises:
        BackupUnusableError: The target is not empty, or the backup is not what its sealed facts say.
        SealedSecretsError: The passphrase is another.
        EmbeddedServerError: The base backup is damaged, or the database does not start on it.
        NotReadyError: The log of changes does not reach the moment that was asked for.
    """
    refuse_occupied(data)
    files = _open_secrets(backup, passphrase)
    directory = DataDirectory.open(data)
    with directory.locked():
        for name, content in files.items():
            _lay(directory, name, content)
        keep_ports(directory.ports, ("postgresql",))
        server = database_of(directory)
        _adopt_environment(directory, server.application_url)
        report("verifying and copying the database")
        lay_base(server, backup.place / BASE, folder.logs, until=until)
        report("replaying the log of changes")
        program = server.program({"PATH": os.defpath})
        process = launch(program, directory.logs / "restore.log")
        try:
            ends = time.monotonic() + _REPLAYED_WITHIN_S
            while not has_replayed(server):
                if process.poll() is not None or time.monotonic() > ends:
                    detail = (directory.logs / "restore.log").read_text(encoding="utf-8", errors="replace")[-600:]
                    raise NotReadyError("the restored database", _REPLAYED_WITHIN_S, f"it ended: {detail}")
                time.sleep(_POLL_S)
            finish_replay(server)
            yield directory
        finally:
            stop(program, process)


def _open_secrets(backup: Backup, passphrase: str) -> dict[str, bytes]:
    content = unseal((backup.place / SEALED).read_bytes(), passphrase)
    files, facts = content.get("files"), content.get("facts")
    if not isinstance(files, dict) or facts != backup.facts:
        raise BackupUnusableError(backup.place, f"{FACTS} is not what was sealed with the secrets")
    if sha256_hex((backup.place / BASE / "backup_manifest").read_bytes()) != backup.facts["base_manifest_sha256"]:
        raise BackupUnusableError(backup.place, "the list of the database's files is not what was sealed with the secrets")
    return {name: _decode(name, value) for name, value in files.items()}


def _decode(name: str, value: JsonValue) -> bytes:
    if not isinstance(value, str) or name.startswith("/") or ".." in Path(name).parts:
        raise BackupUnusableError(Path(name), "is no file that a backup holds")
    return base64.b64decode(value)


def _lay(directory: DataDirectory, name: str, content: bytes) -> None:
    target = directory.root / name
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)


def _adopt_environment(directory: DataDirectory, database_url: str) -> None:
    """Have commands with `--data` find this database and these keys, and the store where it was."""
    environment = read_object(directory.environment)
    environment |= {"BODYCAM_DATABASE_URL": database_url, "BODYCAM_KEYS_DIR": str(directory.keys)}
    write_private(directory.environment, json.dumps(environment, indent=2) + "\n")
