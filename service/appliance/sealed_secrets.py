"""Secrets wrapped by a passphrase, for a backup. Format: docs/formats/key-backup.md (scrypt, RFC 7914; AES-256-GCM, NIST SP 800-38D)."""

import base64
import binascii
import secrets
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from integrity.canonical import JsonValue, canonical_bytes, parse_canonical
from integrity.errors import MalformedValueError
from service.appliance.errors import SealedSecretsError
from service.errors import UnacceptableValueError

FORMAT = "bodycam.sealed-secrets"
VERSION = 1
SHORTEST_PASSPHRASE = 12
_SCRYPT = {"n": 2**17, "r": 8, "p": 1}
"""128 MiB and about half a second for each guess."""
_LARGEST_N = 2**20
_SALT_BYTES, _NONCE_BYTES, _KEY_BYTES = 16, 12, 32
_MAX_BYTES = 16 * 1024**2


def seal(content: Mapping[str, JsonValue], passphrase: str) -> bytes:
    """Wrap a JSON object.

    Raises:
        UnacceptableValueError: The passphrase is too short to be worth anything.
    """
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise UnacceptableValueError("passphrase", f"at least {SHORTEST_PASSPHRASE} characters")
    salt, nonce = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_NONCE_BYTES)
    encoded = {"salt": base64.b64encode(salt).decode(), "nonce": base64.b64encode(nonce).decode()}
    heading: dict[str, JsonValue] = {"format": FORMAT, "version": VERSION, "kdf": "scrypt", "cipher": "AES-256-GCM", **_SCRYPT, **encoded}
    line = canonical_bytes(heading) + b"\n"
    return line + AESGCM(_key(passphrase, salt, _SCRYPT)).encrypt(nonce, canonical_bytes(dict(content)), line)


def unseal(data: bytes, passphrase: str) -> dict[str, JsonValue]:
    """Unwrap what :func:`seal` wrapped.

    Raises:
        SealedSecretsError: It is something else, was changed, or the passphrase is another.
    """
    line, _, body = data[:_MAX_BYTES].partition(b"\n")
    try:
        heading = parse_canonical(line)
        if not isinstance(heading, Mapping) or (heading.get("format"), heading.get("version")) != (FORMAT, VERSION):
            raise SealedSecretsError("is of another format or version")
        salt, nonce = (base64.b64decode(str(heading.get(name)), validate=True) for name in ("salt", "nonce"))
        cost = {name: _whole(heading.get(name)) for name in _SCRYPT}
        if not 2**14 <= cost["n"] <= _LARGEST_N or cost["n"] & (cost["n"] - 1) or cost["r"] != 8 or not 1 <= cost["p"] <= 4:
            raise SealedSecretsError("asks for costs nobody would choose")
        content = parse_canonical(AESGCM(_key(passphrase, salt, cost)).decrypt(nonce, body, line + b"\n"))
    except InvalidTag as error:
        raise SealedSecretsError("was changed, or the passphrase is another") from error
    except (MalformedValueError, binascii.Error, ValueError) as error:
        raise SealedSecretsError("cannot be read") from error
    if not isinstance(content, dict):
        raise SealedSecretsError("holds no object")
    return content


def _whole(value: JsonValue) -> int:
    if type(value) is not int:
        raise SealedSecretsError("names no costs")
    return value


def _key(passphrase: str, salt: bytes, cost: Mapping[str, int]) -> bytes:
    return Scrypt(salt=salt, length=_KEY_BYTES, **cost).derive(passphrase.encode())
