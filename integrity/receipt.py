"""What the store got: the dock's account of one upload, and the states a clip passes through."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from integrity.errors import MalformedValueError
from integrity.listing import MAX_SIZE_BYTES

MAX_PARTS = 10_000
"""Most parts of one S3 multipart upload."""
MIN_PART_BYTES = 5 * 1024**2
"""Least size of every part but the last (S3)."""
DEFAULT_PART_BYTES = 8 * 1024**2

_FORBID_EXTRA = {"extra": "forbid"}
_HEX_32 = re.compile(r"[0-9a-f]{32}")
_HEX_64 = re.compile(r"[0-9a-f]{64}")


class ClipState(StrEnum):
    """How far a clip has come; it only ever moves down this list."""

    ANNOUNCED = "announced"
    UPLOADING = "uploading"
    STORED = "stored"
    VERIFIED = "verified"
    SEALED = "sealed"
    RELEASED = "released"

    @property
    def rank(self) -> int:
        """Position along the way, 0 for ``announced``."""
        return list(ClipState).index(self)

    def reached(self, other: ClipState) -> bool:
        """Whether a clip in this state has come at least as far as the other."""
        return self.rank >= other.rank


@dataclass(frozen=True, slots=True)
class UploadedPart:
    """One part as the store took it.

    Attributes:
        number: 1 to 10,000.
        size_bytes: Length of the part.
        md5: MD5 of the part in hexadecimal, as sent in Content-MD5.
        etag: The store's ETag, without quotes.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID_EXTRA

    number: int
    size_bytes: int
    md5: str
    etag: str

    def __post_init__(self) -> None:
        if not 1 <= self.number <= MAX_PARTS:
            raise MalformedValueError("part.number", f"{self.number} is not between 1 and {MAX_PARTS}")
        if not 0 < self.size_bytes <= MAX_SIZE_BYTES:
            raise MalformedValueError("part.size_bytes", f"{self.size_bytes} is out of bounds")
        if not _HEX_32.fullmatch(self.md5):
            raise MalformedValueError("part.md5", "expected 32 hexadecimal digits")
        if not 0 < len(self.etag) <= 128:
            raise MalformedValueError("part.etag", "expected 1 to 128 characters")


@dataclass(frozen=True, slots=True)
class UploadReceipt:
    """A dock's account of one file, read once from the recorder's first byte to its last.

    Attributes:
        size_bytes: Bytes read from the recorder and sent; may differ from what the listing announced, which is a discrepancy, not an error.
        sha256: SHA-256 of those bytes in hexadecimal. The clip's identity, with ``sm3``.
        sm3: SM3 of those bytes in hexadecimal.
        parts: Every part in order, numbers 1 to n without gaps; empty for an empty file.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID_EXTRA

    size_bytes: int
    sha256: str
    sm3: str
    parts: tuple[UploadedPart, ...]

    def __post_init__(self) -> None:
        for name in ("sha256", "sm3"):
            if not _HEX_64.fullmatch(getattr(self, name)):
                raise MalformedValueError(f"receipt.{name}", "expected 64 hexadecimal digits")
        if [part.number for part in self.parts] != list(range(1, len(self.parts) + 1)):
            raise MalformedValueError("receipt.parts", "numbers must run from 1 without gaps")
        if sum(part.size_bytes for part in self.parts) != self.size_bytes:
            raise MalformedValueError("receipt.parts", "sizes do not add up to size_bytes")


def part_size_bytes(file_bytes: int) -> int:
    """Size of the parts a file of this size is cut into: 8 MiB, and larger (by whole MiB) beyond 10,000 parts."""
    mebibyte = 1024**2
    least = -(-file_bytes // MAX_PARTS)
    return max(DEFAULT_PART_BYTES, -(-least // mebibyte) * mebibyte)
