"""Passwords as Argon2id hashes; checking one takes as long when there is no such account."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

LEAST_CHARACTERS = 10
MOST_CHARACTERS = 256
NO_PASSWORD = "!"  # noqa: S105 - no password has this hash
"""Stands for the hash of an account that nobody can sign in with: a rebuilt database knows no passwords."""
_HASHER = PasswordHasher()
_NOBODY = _HASHER.hash("nobody has this password")


def hash_password(password: str) -> str:
    """Hash a password with Argon2id and the library's parameters (RFC 9106, second choice)."""
    return _HASHER.hash(password)


def is_password(password: str, password_hash: str | None) -> bool:
    """Whether a password is the one that was hashed; ``None`` costs the same time and is never right."""
    try:
        _HASHER.verify(password_hash or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None
