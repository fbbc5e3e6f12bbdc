"""Where footage comes from that no dock read from a recorder: who brought it, under which document, and what the source says of each file.

These values are evidence like those of ``listing``: they stand in the custody event that announces a clip and in the manifest beside it. What a
source states is kept as stated and never taken for measured.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from integrity.errors import MalformedValueError
from integrity.listing import MAX_TEXT_CHARACTERS, WALL_TIME, check_text

_FORBID_EXTRA = {"extra": "forbid"}
_HEX = re.compile(r"[0-9a-f]+")


class SourceKind(StrEnum):
    """What was brought."""

    FOLDER = "folder"
    VENDOR_EXPORT = "vendor_export"
    PHONE = "phone"
    PHOTOGRAPHS = "photographs"
    CARD_IMAGE = "card_image"


class StatedAlgorithm(StrEnum):
    """Digests that sources state; the older two find a slip, not a forgery."""

    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    SM3 = "sm3"


DIGEST_DIGITS = {StatedAlgorithm.MD5: 32, StatedAlgorithm.SHA1: 40, StatedAlgorithm.SHA256: 64, StatedAlgorithm.SM3: 64}
"""Hexadecimal digits of each."""


@dataclass(frozen=True, slots=True)
class StatedFile:
    """What a source says of one file; every field may be left unsaid.

    Attributes:
        serial: Serial number of the recorder.
        officer_code: Number of the officer who recorded.
        recorded_at: When the recording began, wall time ``YYYY-MM-DDTHH:MM:SS`` with an offset only where the source wrote one.
        digest_algorithm: Of ``digest``; both or neither.
        digest: In lower-case hexadecimal.
        remark: Anything else, in the source's words.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID_EXTRA

    serial: str | None = None
    officer_code: str | None = None
    recorded_at: str | None = None
    digest_algorithm: StatedAlgorithm | None = None
    digest: str | None = None
    remark: str | None = None

    def __post_init__(self) -> None:
        for name in ("serial", "officer_code", "remark"):
            check_text(f"stated.{name}", getattr(self, name), MAX_TEXT_CHARACTERS)
        if self.recorded_at is not None and not WALL_TIME.fullmatch(self.recorded_at):
            raise MalformedValueError("stated.recorded_at", "expected YYYY-MM-DDTHH:MM:SS with an optional offset")
        if (self.digest_algorithm is None) != (self.digest is None):
            raise MalformedValueError("stated.digest", "needs its algorithm, and the algorithm a digest")
        if self.digest_algorithm is not None and self.digest is not None:
            digits = DIGEST_DIGITS[self.digest_algorithm]
            if len(self.digest) != digits or not _HEX.fullmatch(self.digest):
                raise MalformedValueError("stated.digest", f"expected {digits} lower-case hexadecimal digits")


@dataclass(frozen=True, slots=True)
class Provenance:
    """How a clip came to the service without a dock; its chain of custody begins there.

    Attributes:
        import_id: The import.
        kind: What was brought.
        received_from: From whom, in the importer's words.
        document: The document it came under: a letter, a record of seizure, a request.
        importer: Account that brought it.
        opened_at: When the import began, by the service's clock, aware UTC.
        stated: What the source says of this file.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID_EXTRA

    import_id: str
    kind: SourceKind
    received_from: str
    document: str
    importer: str
    opened_at: datetime
    stated: StatedFile | None = None

    def __post_init__(self) -> None:
        for name in ("import_id", "received_from", "document", "importer"):
            check_text(f"provenance.{name}", getattr(self, name), MAX_TEXT_CHARACTERS)
        if self.opened_at.tzinfo is None:
            raise MalformedValueError("provenance.opened_at", "expected a time with an offset")
