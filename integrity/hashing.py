"""Digests: SHA-256 and SM3 of the same bytes in one pass, and the few other digests that formats ask for.

The only module that names :mod:`hashlib`. SM3 (GB/T 32905-2016) comes from OpenSSL through the standard library, or, where that was built without it,
from ``cryptography``; there is no pure-Python fall-back, because at 0.1 MB/s it would only look like one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from cryptography.hazmat.primitives import hashes

from integrity.errors import MalformedValueError

Octets = bytes | bytearray | memoryview

_HEX_64 = re.compile(r"[0-9a-f]{64}")


class RunningDigest(Protocol):
    """A digest that grows with the bytes it is given."""

    def update(self, data: Octets, /) -> None:
        """Take in the next bytes."""

    def digest(self) -> bytes:
        """Digest of everything taken in so far; more may follow."""


@dataclass(frozen=True, slots=True)
class Digests:
    """Both digests of one run of bytes: what a clip is recognised by.

    Attributes:
        sha256: SHA-256 (FIPS 180-4), 64 lower-case hexadecimal digits.
        sm3: SM3 (GB/T 32905-2016), 64 lower-case hexadecimal digits.
    """

    sha256: str
    sm3: str

    def __post_init__(self) -> None:
        for name in ("sha256", "sm3"):
            if not _HEX_64.fullmatch(getattr(self, name)):
                raise MalformedValueError(f"digests.{name}", "expected 64 hexadecimal digits")

    @classmethod
    def of(cls, data: Octets) -> Digests:
        """Both digests of bytes that are already in memory."""
        running = RunningDigests()
        running.update(data)
        return running.digests()


class RunningDigests:
    """SHA-256 and SM3 of bytes that arrive piece by piece; how they are cut does not matter."""

    __slots__ = ("_sha256", "_sm3")

    def __init__(self) -> None:
        self._sha256 = running_sha256()
        self._sm3 = running_sm3()

    def update(self, chunk: Octets) -> None:
        """Take in the next bytes; both digests let other threads run meanwhile."""
        self._sha256.update(chunk)
        self._sm3.update(chunk)

    def digests(self) -> Digests:
        """Digests of everything taken in so far; more may follow."""
        return Digests(sha256=self._sha256.digest().hex(), sm3=self._sm3.digest().hex())


class HashingStream:
    """Passes chunks through and knows, at any moment, the size and digests of what has passed.

    Args:
        chunks: Where the bytes come from; an error there is passed on unchanged.
    """

    __slots__ = ("_chunks", "_running", "_size_bytes")

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._running = RunningDigests()
        self._size_bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        chunk = next(self._chunks)
        self._running.update(chunk)
        self._size_bytes += len(chunk)
        return chunk

    @property
    def size_bytes(self) -> int:
        """Bytes that have passed so far."""
        return self._size_bytes

    @property
    def digests(self) -> Digests:
        """Digests of the bytes that have passed so far."""
        return self._running.digests()


def running_sha256() -> RunningDigest:
    """Begin a SHA-256 on its own, for those who run the two digests on different threads."""
    return hashlib.sha256()


def running_sm3() -> RunningDigest:
    """Begin an SM3 on its own, from whichever library has it."""
    try:
        return hashlib.new("sm3")
    except ValueError:
        return _CryptographySm3()


def running_digest(name: str) -> RunningDigest:
    """Begin a digest that somebody else states of a file, to compare it: it finds a slip there, and no forgery where it is MD5 or SHA-1.

    Args:
        name: ``md5``, ``sha1``, ``sha256`` or ``sm3``.

    Raises:
        MalformedValueError: No such algorithm is compared.
    """
    if name == "sm3":
        return running_sm3()
    if name not in {"md5", "sha1", "sha256"}:
        raise MalformedValueError("digest algorithm", f"{name!r} is not compared")
    return hashlib.new(name, usedforsecurity=False)


def sha256(data: Octets) -> bytes:
    """SHA-256 of bytes in memory, 32 bytes."""
    return hashlib.sha256(data).digest()


def sha256_hex(data: Octets) -> str:
    """SHA-256 of bytes in memory, 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def digest_by_name(name: str, data: Octets) -> bytes:
    """Digest of bytes in memory by one of the algorithms that time-stamps use.

    Args:
        name: ``sha256``, ``sha384``, ``sha512`` or ``sm3``.
        data: What is digested.

    Raises:
        MalformedValueError: No such algorithm is accepted.
    """
    if name == "sm3":
        running = running_sm3()
        running.update(data)
        return running.digest()
    if name not in {"sha256", "sha384", "sha512"}:
        raise MalformedValueError("digest algorithm", f"{name!r} is not accepted")
    return hashlib.new(name, data).digest()


def content_md5(data: Octets) -> bytes:
    """MD5 for the Content-MD5 header of an upload, 16 bytes: it finds damage in transit and proves nothing."""
    return hashlib.md5(data, usedforsecurity=False).digest()


class _CryptographySm3:
    __slots__ = ("_hash",)

    def __init__(self) -> None:
        self._hash = hashes.Hash(hashes.SM3())

    def update(self, data: Octets, /) -> None:
        self._hash.update(data)

    def digest(self) -> bytes:
        return self._hash.copy().finalize()
