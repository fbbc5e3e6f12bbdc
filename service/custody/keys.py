"""The service's own keys: made once, kept in a folder only the service can read."""

import base64
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from integrity.checkpoint import verifier_key
from integrity.signing import Ed25519Signer
from integrity.timestamp_authority import TimestampAuthority, create_authority
from service.errors import ServiceError

NEXT_LOG_KEY = "log-next.key"
LOG_KEY, MANIFEST_KEY, AUTHORITY_KEY, ORIGIN, AUTHORITY_ROOT = (
    "log.key",
    "manifest.key",
    "timestamp-authority.pem",
    "log-origin",
    "timestamp-root.pem",
)


class KeysMissingError(ServiceError):
    """The keys were never made, or are gone; restore them from their backup before anything is signed."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(f"no {name} in {folder}; `bodycam first-start` makes keys once, later they are restored from a backup")
        self.folder = folder
        self.name = name


@dataclass(frozen=True, slots=True)
class ServiceKeys:
    """Everything the service signs with."""

    log: Ed25519Signer
    manifest: Ed25519Signer
    authority: TimestampAuthority

    @property
    def log_key(self) -> str:
        """The custody log's public key, as a C2SP verifier key."""
        return verifier_key(self.log.name, self.log.public_key)


def make_keys(folder: Path, origin: str, *, now: datetime) -> None:
    """Make the keys that are missing; keys that are there stay.

    Args:
        folder: Where they are kept; made with mode 0700.
        origin: Name of the custody log; used only when the log's key is made.
        now: The clock's time, UTC.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    authority = create_authority(now, "Bodycam Evidence Time-Stamp Authority")
    for name, content in (
        (ORIGIN, origin.encode()),
        (LOG_KEY, base64.b64encode(Ed25519Signer.generate(origin).private_bytes())),
        (MANIFEST_KEY, base64.b64encode(Ed25519Signer.generate(origin).private_bytes())),
        (AUTHORITY_KEY, authority.to_pem()),
    ):
        _write_once(folder / name, content)
    _write_once(folder / AUTHORITY_ROOT, TimestampAuthority.from_pem((folder / AUTHORITY_KEY).read_bytes()).root_pem())


def draw_next_log_key(folder: Path) -> Ed25519Signer:
    """The key that is to follow the log's present one: drawn once, kept beside it until it counts.

    Raises:
        KeysMissingError: There is no present key.
    """
    origin = _read(folder, ORIGIN).decode()
    _write_once(folder / NEXT_LOG_KEY, base64.b64encode(Ed25519Signer.generate(origin).private_bytes()))
    return Ed25519Signer(origin, base64.b64decode(_read(folder, NEXT_LOG_KEY)))


def adopt_next_log_key(folder: Path) -> None:
    """Make the next key the present one; the one before stays beside it under its key id, for whoever has to explain old signatures.

    Raises:
        KeysMissingError: There is no next key.
    """
    old = read_keys(folder).log_key
    _write_once(folder / f"log-{old.split('+')[-2]}.key", _read(folder, LOG_KEY))
    _read(folder, NEXT_LOG_KEY)
    (folder / NEXT_LOG_KEY).replace(folder / LOG_KEY)


def read_keys(folder: Path) -> ServiceKeys:
    """Read the keys.

    Raises:
        KeysMissingError: One of them is not there.
    """
    origin = _read(folder, ORIGIN).decode()
    return ServiceKeys(
        log=Ed25519Signer(origin, base64.b64decode(_read(folder, LOG_KEY))),
        manifest=Ed25519Signer(f"{origin}/manifests", base64.b64decode(_read(folder, MANIFEST_KEY))),
        authority=TimestampAuthority.from_pem(_read(folder, AUTHORITY_KEY)),
    )


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except FileNotFoundError as error:
        raise KeysMissingError(folder, name) from error


def _write_once(path: Path, content: bytes) -> None:
    """Write a file that does not exist yet, whole and durable, or leave the one that does."""
    if path.exists():
        return
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
