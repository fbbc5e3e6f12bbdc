"""What a witness remembers, in a folder: its key, the last checkpoint of each log, and every alarm. Durable before anything is answered."""

import base64
import binascii
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from fcntl import LOCK_EX, flock
from pathlib import Path

from integrity.hashing import sha256_hex
from integrity.plain import spell_instant
from integrity.signing import Ed25519Signer
from integrity.witness import Witnessed
from service.witness.errors import WitnessStateError

_KEY, _ALARMS, _LOCK = "witness.key", "alarms.jsonl", "lock"


@dataclass(frozen=True, slots=True)
class WitnessMemory:
    """A witness's folder.

    Attributes:
        folder: Made with mode 0700 when it is missing.
    """

    folder: Path

    def signer(self, name: str) -> Ed25519Signer:
        """The witness's key; made at the first time.

        Args:
            name: Name of the key.

        Raises:
            WitnessStateError: The key cannot be read.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / _KEY
        if not path.exists():
            _write(path, base64.b64encode(Ed25519Signer.generate(name).private_bytes()))
        try:
            return Ed25519Signer(name, base64.b64decode(path.read_bytes(), validate=True))
        except (OSError, binascii.Error, ValueError) as error:
            raise WitnessStateError(path, "is no key") from error

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let nobody else look and sign meanwhile, in this process or another."""
        with (self.folder / _LOCK).open("a") as file:
            flock(file, LOCK_EX)
            yield

    def seen(self, origin: str) -> Witnessed:
        """What was signed of a log last.

        Raises:
            WitnessStateError: The record is damaged; a log that nobody remembers could be shown anything.
        """
        path = self._path(origin)
        try:
            record = json.loads(path.read_bytes())
            seen = Witnessed(int(record["size"]), bytes.fromhex(record["root"]))
        except FileNotFoundError:
            return Witnessed()
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise WitnessStateError(path, "is damaged") from error
        if record.get("origin") != origin:
            raise WitnessStateError(path, "is of another log")
        return seen

    def remember(self, origin: str, seen: Witnessed, note: str) -> None:
        """Keep what is signed now, durably."""
        record = {"origin": origin, "size": seen.size, "root": seen.root.hex(), "note": note}
        _write(self._path(origin), json.dumps(record).encode())

    def raise_alarm(self, *, at: datetime, origin: str, verdict: str, size: int | None, note: str) -> None:
        """Keep what was refused, with the note that shows it: a signed proof that the log contradicts itself."""
        line = json.dumps({"at": spell_instant(at), "origin": origin, "verdict": verdict, "size": size, "note": note}) + "\n"
        descriptor = os.open(self.folder / _ALARMS, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())

    def _path(self, origin: str) -> Path:
        return self.folder / f"log-{sha256_hex(origin.encode())[:32]}.json"


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
