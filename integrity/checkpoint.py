"""Checkpoints: signed statements of the custody log's size and root.

Formats: C2SP signed-note (the envelope), C2SP tlog-checkpoint (the text), C2SP tlog-cosignature (``cosignature/v1`` lines of witnesses). A note may
carry any number of signature lines; those of keys that the reader does not know are passed over, so that new kinds of signature can be added.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from integrity.errors import MalformedValueError, SignatureMismatchError
from integrity.hashing import sha256
from integrity.merkle import HASH_BYTES, MAX_TREE_SIZE
from integrity.signing import KEY_BYTES, SIGNATURE_BYTES, Signer, verify_ed25519

MAX_NOTE_CHARACTERS = 64 * 1024
MAX_SIGNATURES = 100
ALGORITHM_ED25519 = 0x01
"""Signature type of a plain Ed25519 signature (C2SP signed-note, "Signature types")."""
ALGORITHM_COSIGNATURE_V1 = 0x04
"""Signature type of a witness's time-stamped Ed25519 signature (C2SP tlog-cosignature)."""

_KEY_ID_BYTES = 4
_TIME_BYTES = 8
_MAX_TIME_S = 253_402_300_799
"""9999-12-31T23:59:59Z, the last second that has a calendar date here."""
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_DASH = "\u2014 "
_NAME = re.compile(r"[^\s+]{1,255}")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key that notes are checked with.

    Attributes:
        name: Name of the key, without blanks or ``+``.
        algorithm: Signature type, one byte.
        public_key: The key's bytes, 32 for the two types that can be checked here.
    """

    name: str
    algorithm: int
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        """First 4 bytes of SHA-256 over name, newline, type and key (C2SP signed-note, "Signatures")."""
        return sha256(self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public_key)[:_KEY_ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{_encode(bytes([self.algorithm]) + self.public_key)}"


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """A signature line that was checked and holds.

    Attributes:
        name: Name of the key.
        key_id: Its 4-byte id.
        algorithm: Signature type.
        signed_at: When a witness says it signed, aware UTC; ``None`` for plain signatures.
    """

    name: str
    key_id: bytes
    algorithm: int
    signed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says about itself.

    Attributes:
        origin: Name of the log; also the name of its key.
        size: Leaves in the log.
        root: Root hash of the tree over them, 32 bytes.
        extensions: Further lines of the text, kept as they are.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.origin):
            raise MalformedValueError("checkpoint.origin", "expected 1 to 255 characters without blanks or '+'")
        if not 0 <= self.size <= MAX_TREE_SIZE:
            raise MalformedValueError("checkpoint.size", "out of bounds")
        if len(self.root) != HASH_BYTES:
            raise MalformedValueError("checkpoint.root", f"expected {HASH_BYTES} bytes")
        if any(not line or "\n" in line for line in self.extensions):
            raise MalformedValueError("checkpoint.extensions", "expected lines that are not empty")

    def text(self) -> str:
        """The text that is signed, with its trailing newline."""
        return "".join(f"{line}\n" for line in (self.origin, str(self.size), _encode(self.root), *self.extensions))


@dataclass(frozen=True, slots=True)
class OpenedCheckpoint:
    """A checkpoint whose log signed it.

    Attributes:
        checkpoint: What the log says.
        signatures: The lines of known keys, all of which hold; the log's own is among them.
    """

    checkpoint: Checkpoint
    signatures: tuple[NoteSignature, ...]


def short_code(checkpoint: Checkpoint) -> str:
    """A checkpoint as people read it out or compare it on paper: its size, and 80 bits of SHA-256 over its text in Crockford's base 32.

    Whoever has the checkpoint itself computes the same; the code alone proves nothing but that two of them are one.
    """
    value = int.from_bytes(sha256(checkpoint.text().encode())[:10], "big")
    digits = "".join(_CROCKFORD[(value >> shift) & 31] for shift in range(75, -1, -5))
    return "-".join([str(checkpoint.size), *(digits[at : at + 4] for at in range(0, 16, 4))])


def verifier_key(name: str, public_key: bytes) -> str:
    """Spell an Ed25519 public key as notes are checked with it: ``name+hex(key id)+base64(type and key)``.

    Raises:
        MalformedValueError: The name or the key has not the required form.
    """
    if not _NAME.fullmatch(name) or _CONTROL.search(name):
        raise MalformedValueError("verifier key", "the name is empty, too long, or holds blanks or '+'")
    if len(public_key) != KEY_BYTES:
        raise MalformedValueError("verifier key", f"expected a key of {KEY_BYTES} bytes")
    return str(VerifierKey(name, ALGORITHM_ED25519, public_key))


def parse_verifier_key(text: str) -> VerifierKey:
    """Read a verifier key.

    Raises:
        MalformedValueError: It is damaged, its id is not that of its key, or it is of a type that cannot be checked here.
    """
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    raw = _decode("verifier key", encoded)
    if not _NAME.fullmatch(name) or _CONTROL.search(name) or len(raw) != 1 + KEY_BYTES:
        raise MalformedValueError("verifier key", "is damaged")
    if raw[0] not in {ALGORITHM_ED25519, ALGORITHM_COSIGNATURE_V1}:
        raise MalformedValueError("verifier key", f"signature type {raw[0]} is not known")
    key = VerifierKey(name, raw[0], raw[1:])
    if key_id != key.key_id.hex():
        raise MalformedValueError("verifier key", "the id does not belong to the key")
    return key


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer) -> str:
    """Sign a checkpoint with its log's key.

    Returns:
        The note: the text, an empty line, one signature line.

    Raises:
        MalformedValueError: The signer's name is not the checkpoint's origin.
    """
    if signer.name != checkpoint.origin:
        raise MalformedValueError("checkpoint.origin", "is not the name of the signing key")
    return sign_note(checkpoint.text(), signer)


def open_checkpoint(note: str, verifier_keys: Iterable[str]) -> OpenedCheckpoint:
    """Read a checkpoint that its log signed.

    Args:
        note: Text and signature lines.
        verifier_keys: The log's key, from :func:`verifier_key`, and those of witnesses.

    Raises:
        MalformedValueError: The note, the text or a key is damaged.
        SignatureMismatchError: A known key's signature is wrong, or no known key bears the log's name.
    """
    text, signatures = open_note(note, verifier_keys)
    checkpoint = _parse_text(text)
    if not any(line.name == checkpoint.origin and line.algorithm == ALGORITHM_ED25519 for line in signatures):
        raise SignatureMismatchError(checkpoint.origin)
    return OpenedCheckpoint(checkpoint, signatures)


def sign_note(text: str, signer: Signer) -> str:
    """Sign any text as a C2SP note.

    Raises:
        MalformedValueError: The text does not end in a newline, or holds control characters.
    """
    return f"{text}\n{signature_line(text, signer)}"


def signature_line(text: str, signer: Signer) -> str:
    """Sign a text as a further line of its note, with its trailing newline.

    Raises:
        MalformedValueError: The text does not end in a newline, or holds control characters.
    """
    _check_note_text(text)
    key = parse_verifier_key(verifier_key(signer.name, signer.public_key))
    return f"{_DASH}{signer.name} {_encode(key.key_id + signer.sign(text.encode()))}\n"


def cosign(checkpoint: Checkpoint, signer: Signer, *, at: datetime) -> str:
    """Sign a checkpoint as a witness: a line to be appended to its note, with its trailing newline (C2SP tlog-cosignature).

    Args:
        checkpoint: What the witness has seen.
        signer: The witness's key.
        at: The witness's clock, aware; whole seconds count.
    """
    key = VerifierKey(signer.name, ALGORITHM_COSIGNATURE_V1, signer.public_key)
    seconds = int(at.timestamp())
    signature = signer.sign(_cosigned(seconds, checkpoint.text().encode()))
    return f"{_DASH}{signer.name} {_encode(key.key_id + seconds.to_bytes(_TIME_BYTES, 'big') + signature)}\n"


def open_note(note: str, verifier_keys: Iterable[str]) -> tuple[str, tuple[NoteSignature, ...]]:
    """Read a signed note.

    Returns:
        The text with its trailing newline, and the signatures of known keys, at least one; lines of unknown keys are passed over.

    Raises:
        MalformedValueError: The note or a key is damaged.
        SignatureMismatchError: A known key's signature is wrong, or no known key signed.
    """
    if len(note) > MAX_NOTE_CHARACTERS:
        raise MalformedValueError("note", f"longer than {MAX_NOTE_CHARACTERS} characters")
    body, separator, lines = note.rpartition("\n\n")
    if not separator or not lines.endswith("\n"):
        raise MalformedValueError("note", "expected text, an empty line, and signature lines")
    text = f"{body}\n"
    _check_note_text(text)
    if lines.count("\n") > MAX_SIGNATURES:
        raise MalformedValueError("note", f"more than {MAX_SIGNATURES} signature lines")
    keys = {(key.name, key.key_id): key for key in map(parse_verifier_key, verifier_keys)}
    parsed = [_parse_line(line) for line in lines[:-1].split("\n")]
    known = [(keys[name, raw[:_KEY_ID_BYTES]], raw[_KEY_ID_BYTES:]) for name, raw in parsed if (name, raw[:_KEY_ID_BYTES]) in keys]
    if not known:
        raise SignatureMismatchError("a known key")
    return text, tuple(_check_signature(key, signature, message=text.encode()) for key, signature in known)


def _check_signature(key: VerifierKey, signature: bytes, *, message: bytes) -> NoteSignature:
    signed_at = None
    if key.algorithm == ALGORITHM_COSIGNATURE_V1:
        seconds = int.from_bytes(signature[:_TIME_BYTES], "big")
        signature = signature[_TIME_BYTES:]
        message = _cosigned(seconds, message)
        if seconds > _MAX_TIME_S:
            raise MalformedValueError("note signature", "the time is out of bounds")
        signed_at = datetime.fromtimestamp(seconds, tz=UTC)
    if len(signature) != SIGNATURE_BYTES:
        raise MalformedValueError("note signature", f"expected {SIGNATURE_BYTES} bytes")
    verify_ed25519(key.public_key, signature, message=message, signer=key.name)
    return NoteSignature(key.name, key.key_id, key.algorithm, signed_at)


def _cosigned(seconds: int, text: bytes) -> bytes:
    return b"cosignature/v1\ntime %d\n" % seconds + text


def _parse_line(line: str) -> tuple[str, bytes]:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not _NAME.fullmatch(name):
        raise MalformedValueError("note signature", "the line is damaged")
    raw = _decode("note signature", encoded)
    if len(raw) <= _KEY_ID_BYTES:
        raise MalformedValueError("note signature", "is too short")
    return name, raw


def _parse_text(text: str) -> Checkpoint:
    lines = text.removesuffix("\n").split("\n")
    if len(lines) < 3 or not _DECIMAL.fullmatch(lines[1]):  # origin, size, root
        raise MalformedValueError("checkpoint", "expected origin, size and root on lines of their own")
    return Checkpoint(lines[0], int(lines[1]), _decode("checkpoint.root", lines[2]), tuple(lines[3:]))


def _check_note_text(text: str) -> None:
    if not text.endswith("\n") or text.startswith("\n"):
        raise MalformedValueError("note", "the text must not be empty and must end in a newline")
    if _CONTROL.search(text):
        raise MalformedValueError("note", "the text holds control characters")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise MalformedValueError("note", "the text holds a lone surrogate") from error


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _decode(what: str, text: str) -> bytes:
    """Read base64 in its one spelling: padded, without stray bits."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedValueError(what, "is not base64") from error
    if _encode(data) != text:
        raise MalformedValueError(what, "is not base64 in its canonical spelling")
    return data
