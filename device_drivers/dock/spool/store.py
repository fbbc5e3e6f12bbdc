"""The spool's folder: one folder for each plugging-in, with what was attested, and the footage that waits."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from device_drivers.dock.answers import SessionOutcome
from device_drivers.dock.spool.chunks import KEY_BYTES, ChunkReader, ChunkWriter, read_sealed, write_sealed
from device_drivers.dock.spool.errors import SpoolDamagedError, SpoolFullError, SpoolUnusableError
from device_drivers.dock.statements import PluggedRecorder
from integrity.errors import MalformedValueError
from integrity.hashing import Digests
from integrity.listing import Listing
from integrity.plain import from_plain, to_plain

KEPT_FOR_KEY_FILES = 0.1
"""Share of the limit that only key files may use."""
LEAST_FREE_BYTES = 1024**3
"""So much of the disk is left to everything else."""
_RECORD, _OUTCOME, _REFUSAL = "record", "outcome", "refusal"
_SEALED_REASON = "the reason cannot be read with this key"
_SEALED = ".sealed"
"""Ends the name of a folder that is being removed."""


@dataclass(frozen=True, slots=True)
class SpooledFacts:
    """One file that lies in the spool whole: its size and digests as they were read from the recorder."""

    size_bytes: int
    sha256: str
    sm3: str

    @property
    def digests(self) -> Digests:
        """Both digests."""
        return Digests(sha256=self.sha256, sm3=self.sm3)


@dataclass(frozen=True, slots=True)
class SpoolRecord:
    """What was attested at a plugging-in while the service was away."""

    session_id: str
    plugged: PluggedRecorder
    listing: Listing


class SpooledSession:
    """One plugging-in in the spool.

    Args:
        folder: Where it lies; its name is the session's id.
        key: The spool's key.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder
        self._key = key

    @property
    def session_id(self) -> str:
        """The session's id."""
        return self._folder.name

    def record(self) -> SpoolRecord:
        """What was attested.

        Raises:
            SpoolDamagedError: It is not what was written.
        """
        try:
            record = json.loads(self._read(_RECORD))
            record["plugged"].setdefault("identity_read_at", None)  # records of earlier docks lack it
            return from_plain(SpoolRecord, record)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, MalformedValueError) as error:
            raise SpoolDamagedError(_RECORD, str(error)) from error

    def outcome(self) -> SessionOutcome:
        """How the plugging-in ended; ``unplugged`` where the dock died before it could say.

        Raises:
            SpoolDamagedError: It is not what was written.
        """
        if not (self._folder / _OUTCOME).exists():
            return SessionOutcome.UNPLUGGED
        try:
            return SessionOutcome(self._read(_OUTCOME).decode())
        except ValueError as error:
            raise SpoolDamagedError(_OUTCOME, str(error)) from error

    def end(self, outcome: SessionOutcome) -> None:
        """Note how it ended."""
        write_sealed(self._folder / _OUTCOME, self._key, outcome.value.encode())

    def refusal(self) -> str | None:
        """Why the service does not take it, in English; ``None`` where nothing is known against it."""
        if not (self._folder / _REFUSAL).exists():
            return None
        try:
            return self._read(_REFUSAL).decode()
        except SpoolDamagedError:
            return _SEALED_REASON

    def note_refusal(self, reason: str | None) -> None:
        """Note why the service does not take it, for whoever asks later; ``None`` when it did after all.

        Raises:
            SpoolUnusableError: The disk failed.
        """
        try:
            if reason is None:
                (self._folder / _REFUSAL).unlink(missing_ok=True)
            else:
                write_sealed(self._folder / _REFUSAL, self._key, reason.encode(errors="backslashreplace"))
        except OSError as error:
            raise SpoolUnusableError(error.strerror or str(error)) from error

    def files(self) -> dict[int, SpooledFacts]:
        """Every file that lies here whole, by its place in the listing.

        Raises:
            SpoolDamagedError: Facts are not what was written.
        """
        found = {}
        for path in sorted(self._folder.glob("*.facts")):
            try:
                found[int(path.stem)] = from_plain(SpooledFacts, json.loads(self._read(path.name)))
            except (ValueError, RecursionError, MalformedValueError) as error:
                raise SpoolDamagedError(path.name, str(error)) from error
        return found

    def write(self, index: int) -> ChunkWriter:
        """Begin a file; it counts once its facts were added."""
        return ChunkWriter(self._folder / f"{index}.footage", self._key)

    def add_facts(self, index: int, facts: SpooledFacts) -> None:
        """Say that a file lies here whole."""
        write_sealed(self._folder / f"{index}.facts", self._key, json.dumps(to_plain(facts)).encode())

    def read(self, index: int, offset: int) -> ChunkReader:
        """Open a file from a byte offset.

        Raises:
            SpoolDamagedError: It is no spooled file.
            OSError: It cannot be read.
        """
        return ChunkReader(self._folder / f"{index}.footage", self._key, offset=offset)

    def _read(self, name: str) -> bytes:
        try:
            return read_sealed(self._folder / name, self._key)
        except OSError as error:
            raise SpoolDamagedError(name, error.strerror or str(error)) from error


class Spool:
    """The folder with its limit; used by the threads of all recorders.

    Args:
        folder: Where it lies; made when missing, for this user alone.
        limit_bytes: Most that may lie in it.
        key_file: Its key, 32 bytes; made when missing.

    Raises:
        SpoolUnusableError: Folder or key cannot be used.
    """

    def __init__(self, folder: Path, *, limit_bytes: int, key_file: Path) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._lock = threading.Lock()
        self._reserved: dict[tuple[str, int], int] = {}
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._key = _load_key(key_file)
            for leftover in folder.glob("*/*.part"):
                leftover.unlink()
            for sealed in folder.glob(f"*{_SEALED}"):
                shutil.rmtree(sealed)
        except OSError as error:
            raise SpoolUnusableError(f"{error.filename or folder}: {error.strerror or error}") from error

    @property
    def limit_bytes(self) -> int:
        """Most that may lie in it."""
        return self._limit_bytes

    def used_bytes(self) -> int:
        """What lies in it now; files that other threads rename or remove meanwhile may count or not."""
        total = 0
        for folder, _, names in os.walk(self._folder):
            for name in names:
                with contextlib.suppress(FileNotFoundError):
                    total += (Path(folder) / name).stat().st_size
        return total

    def sessions(self) -> list[SpooledSession]:
        """Every plugging-in that waits, the oldest first."""
        return [SpooledSession(path, self._key) for path in _waiting(self._folder)]

    def begin(self, record: SpoolRecord) -> SpooledSession:
        """Make room for a plugging-in, and note what was attested; the same again changes nothing.

        Raises:
            SpoolUnusableError: The disk did not take it.
        """
        folder = self._folder / str(UUID(record.session_id))
        session = SpooledSession(folder, self._key)
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            if not (folder / _RECORD).exists():
                write_sealed(folder / _RECORD, self._key, json.dumps(to_plain(record)).encode())
        except OSError as error:
            raise SpoolUnusableError(error.strerror or str(error)) from error
        return session

    def reserve(self, session: SpooledSession, index: int, size_bytes: int, *, is_key_file: bool) -> None:
        """Set room aside for a file that is about to be taken in; :meth:`settle` gives it back.

        Raises:
            SpoolFullError: There is none.
        """
        with self._lock:
            limit = self._limit_bytes if is_key_file else int(self._limit_bytes * (1 - KEPT_FOR_KEY_FILES))
            wanted = self.used_bytes() + sum(self._reserved.values()) + size_bytes
            free = shutil.disk_usage(self._folder).free - sum(self._reserved.values())
            if wanted > limit or free - size_bytes < LEAST_FREE_BYTES:
                raise SpoolFullError(self._limit_bytes)
            self._reserved[session.session_id, index] = size_bytes

    def settle(self, session: SpooledSession, index: int) -> None:
        """Give back what was set aside: the file lies here now, or never will."""
        with self._lock:
            self._reserved.pop((session.session_id, index), None)

    def remove(self, session: SpooledSession) -> None:
        """Remove a plugging-in whose footage the service has sealed; renamed first, so that a dock killed meanwhile only goes on removing.

        Raises:
            SpoolUnusableError: The disk failed.
        """
        sealed = self._folder / f"{session.session_id}{_SEALED}"
        try:
            (self._folder / session.session_id).rename(sealed)
            shutil.rmtree(sealed)
        except OSError as error:
            raise SpoolUnusableError(error.strerror or str(error)) from error


def read_refusals(folder: Path, key_file: Path) -> dict[str, str]:
    """Say of a spool that another program may be using which sessions the service does not take, and why; nothing is changed.

    Raises:
        OSError: Folder or key cannot be read.
    """
    key = key_file.read_bytes() if key_file.exists() else b""
    found = ((path.name, SpooledSession(path, key).refusal()) for path in _waiting(folder))
    return {session_id: reason for session_id, reason in found if reason is not None}


def _waiting(folder: Path) -> list[Path]:
    folders = [path for path in folder.iterdir() if path.suffix != _SEALED and (path / _RECORD).exists()]
    return sorted(folders, key=lambda path: ((path / _RECORD).stat().st_mtime_ns, path.name))


def _load_key(path: Path) -> bytes:
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise SpoolUnusableError(f"{path} is not a key of {KEY_BYTES} bytes")
    return key
