"""Signatures with Ed25519 (RFC 8032): what signs, behind a promise that a key in hardware can keep too."""

from __future__ import annotations

from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from integrity.errors import MalformedValueError, SignatureMismatchError

KEY_BYTES = 32
SIGNATURE_BYTES = 64


class Signer(Protocol):
    """Whoever holds a private key and signs with it."""

    @property
    def name(self) -> str:
        """Name of the key, as it stands in signature lines."""

    @property
    def public_key(self) -> bytes:
        """The Ed25519 public key, 32 bytes."""

    def sign(self, message: bytes) -> bytes:
        """Sign a message; 64 bytes."""


class Ed25519Signer:
    """Signs with an Ed25519 key held in memory.

    Args:
        name: Name of the key.
        private_key: The 32 secret bytes (RFC 8032, section 5.1.5).

    Raises:
        MalformedValueError: The key is not 32 bytes long.
    """

    __slots__ = ("_key", "_name", "_public_key")

    def __init__(self, name: str, private_key: bytes) -> None:
        if len(private_key) != KEY_BYTES:
            raise MalformedValueError("private key", f"expected {KEY_BYTES} bytes")
        self._name = name
        self._key = Ed25519PrivateKey.from_private_bytes(private_key)
        self._public_key = self._key.public_key().public_bytes_raw()

    @classmethod
    def generate(cls, name: str) -> Ed25519Signer:
        """Make a new key from the operating system's randomness."""
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @property
    def name(self) -> str:
        """Name of the key."""
        return self._name

    @property
    def public_key(self) -> bytes:
        """The public key, 32 bytes."""
        return self._public_key

    def private_bytes(self) -> bytes:
        """The 32 secret bytes, for the one place that keeps them."""
        return self._key.private_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """Sign a message; the same message always gives the same 64 bytes."""
        return self._key.sign(message)


def verify_ed25519(public_key: bytes, signature: bytes, *, message: bytes, signer: str) -> None:
    """Check that a key signed a message.

    Args:
        public_key: 32 bytes.
        signature: 64 bytes.
        message: What was signed.
        signer: Whose key it is, for the error.

    Raises:
        MalformedValueError: The public key is not 32 bytes long or not a point of the curve.
        SignatureMismatchError: The key did not sign these bytes.
    """
    if len(public_key) != KEY_BYTES:
        raise MalformedValueError("public key", f"expected {KEY_BYTES} bytes")
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature as error:
        raise SignatureMismatchError(signer) from error
    except ValueError as error:
        raise MalformedValueError("public key", "is not an Ed25519 key") from error
