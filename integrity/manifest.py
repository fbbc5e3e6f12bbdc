"""What lies beside each object in the store: where the clip came from, what it is, where it is kept, and a signature.

A manifest alone lets the records be rebuilt without the database. Format: docs/formats/manifest.md.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from integrity.canonical import JsonValue, canonical_bytes, parse_canonical
from integrity.errors import MalformedValueError
from integrity.hashing import Digests
from integrity.listing import MAX_SIZE_BYTES, ClockReading, RecordedFile, RecorderIdentity
from integrity.plain import from_plain, to_members
from integrity.provenance import Provenance
from integrity.signing import Signer, verify_ed25519

FORMAT = "bodycam.manifest"
VERSION = 1
MAX_MANIFEST_BYTES = 256 * 1024
MAX_FLAGS = 32

_ALGORITHM = "ed25519"
_IMPORTED = "imported"
_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_FLAG = re.compile(r"[a-z]+(_[a-z]+)*")
_MAX_PLACE_CHARACTERS = 1024


@dataclass(frozen=True, slots=True)
class StoredObject:
    """Where the bytes are kept.

    Attributes:
        bucket: Bucket of the store.
        key: Key of the object; ids only, never a name from a recorder.
        version_id: The store's id of this very version.
        retain_until: End of the object's lock when it was stored, aware UTC.
    """

    bucket: str
    key: str
    version_id: str
    retain_until: datetime

    def __post_init__(self) -> None:
        for name in ("bucket", "key", "version_id"):
            if not 0 < len(getattr(self, name)) <= _MAX_PLACE_CHARACTERS:
                raise MalformedValueError(f"manifest.stored.{name}", f"expected 1 to {_MAX_PLACE_CHARACTERS} characters")
        _check_time("stored.retain_until", self.retain_until)


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything that is known about a clip when it has been stored.

    Attributes:
        clip_id: The clip.
        session_id: The plugging-in it came by.
        dock_id: The dock that read it.
        identity: Who the recorder said it is.
        clock: The recorder's clock beside the dock's, where it could be read.
        file: The file as the recorder described it, verbatim.
        size_bytes: Bytes stored; may differ from what the recorder announced.
        digests: SHA-256 and SM3 of exactly those bytes.
        received_at: When the last byte was stored, by the service's clock, aware UTC.
        recorded_at: When the recording began as far as is known, aware UTC.
        officer_id: Officer to whom the clip was put down, if anybody.
        agency_id: Agency that owns it.
        flags: What was odd about it, in sorted words (``size_mismatch``, ``unknown_officer``).
        stored: Where the bytes are kept.
        imported: How it came without a dock; ``None``, and then no member of the JSON, for what a dock read from a recorder.
    """

    clip_id: str
    session_id: str
    dock_id: str
    identity: RecorderIdentity
    clock: ClockReading | None
    file: RecordedFile
    size_bytes: int
    digests: Digests
    received_at: datetime
    recorded_at: datetime | None
    officer_id: str | None
    agency_id: str | None
    flags: tuple[str, ...]
    stored: StoredObject
    imported: Provenance | None = None

    def __post_init__(self) -> None:
        for name in ("clip_id", "session_id", "dock_id", "officer_id", "agency_id"):
            value = getattr(self, name)
            if value is not None and not _ID.fullmatch(value):
                raise MalformedValueError(f"manifest.{name}", "expected 1 to 128 letters, digits or .:_-")
        if not 0 <= self.size_bytes <= MAX_SIZE_BYTES:
            raise MalformedValueError("manifest.size_bytes", "out of bounds")
        _check_time("received_at", self.received_at)
        if self.recorded_at is not None:
            _check_time("recorded_at", self.recorded_at)
        if list(self.flags) != sorted(set(self.flags)) or len(self.flags) > MAX_FLAGS or not all(map(_FLAG.fullmatch, self.flags)):
            raise MalformedValueError("manifest.flags", "expected different words in order")

    def canonical(self) -> bytes:
        """The bytes that are signed: RFC 8785 JSON.

        Raises:
            MalformedValueError: A value cannot be carried by JSON.
        """
        return canonical_bytes(_members(self))


@dataclass(frozen=True, slots=True)
class ManifestSignature:
    """The signature beside a manifest.

    Attributes:
        algorithm: Always ``ed25519``.
        key: Name of the key, a hint only.
        value: The 64 bytes in base64.
    """

    algorithm: str
    key: str
    value: str

    def raw(self) -> bytes:
        """The signature's bytes.

        Raises:
            MalformedValueError: It is of another algorithm, or not base64 in its one spelling.
        """
        try:
            raw = base64.b64decode(self.value, validate=True)
        except (binascii.Error, ValueError) as error:
            raise MalformedValueError("manifest.signature", "is not base64") from error
        if self.algorithm != _ALGORITHM or base64.b64encode(raw).decode() != self.value:
            raise MalformedValueError("manifest.signature", "is of another algorithm or spelling")
        return raw


def sign_manifest(manifest: Manifest, signer: Signer) -> bytes:
    """Write a manifest with its signature, as it is stored.

    Raises:
        MalformedValueError: The manifest is longer than :data:`MAX_MANIFEST_BYTES`.
    """
    signature = ManifestSignature(_ALGORITHM, signer.name, base64.b64encode(signer.sign(manifest.canonical())).decode())
    data = canonical_bytes({"manifest": _members(manifest), "signature": to_members(signature)})
    if len(data) > MAX_MANIFEST_BYTES:
        raise MalformedValueError("manifest", f"longer than {MAX_MANIFEST_BYTES} bytes")
    return data


def open_manifest(data: bytes, public_key: bytes) -> Manifest:
    """Read a stored manifest that this key signed.

    Args:
        data: What :func:`sign_manifest` wrote.
        public_key: Ed25519 public key, 32 bytes.

    Raises:
        MalformedValueError: The bytes are damaged, or of another format or version.
        SignatureMismatchError: Another key signed, or something was changed afterwards.
    """
    if len(data) > MAX_MANIFEST_BYTES:
        raise MalformedValueError("manifest", f"longer than {MAX_MANIFEST_BYTES} bytes")
    envelope = parse_canonical(data)
    if not isinstance(envelope, Mapping) or set(envelope) != {"manifest", "signature"}:
        raise MalformedValueError("manifest", "expected a manifest and its signature")
    members, signature = envelope["manifest"], from_plain(ManifestSignature, envelope["signature"])
    verify_ed25519(public_key, signature.raw(), message=canonical_bytes(members), signer=signature.key)
    if not isinstance(members, Mapping) or (members.get("format"), members.get("version")) != (FORMAT, VERSION):
        raise MalformedValueError("manifest", "is of another format or version")
    if members.get(_IMPORTED, ...) is None:
        raise MalformedValueError(f"manifest.{_IMPORTED}", "is left out where there is none")
    return from_plain(Manifest, {_IMPORTED: None, **{name: member for name, member in members.items() if name not in {"format", "version"}}})


def _members(manifest: Manifest) -> dict[str, JsonValue]:
    members = {"format": FORMAT, "version": VERSION, **to_members(manifest)}
    return members if manifest.imported is not None else {name: member for name, member in members.items() if name != _IMPORTED}


def _check_time(name: str, value: datetime) -> None:
    if value.tzinfo is None:
        raise MalformedValueError(f"manifest.{name}", "expected a time with an offset")
