"""A report of frozen coverage figures to the level above, signed by the reporter's log key. Format: docs/formats/coverage-report.md.

The document is canonical JSON with two members: ``report``, and ``signature``, a C2SP signed note whose text names the report's id and the SHA-256
of its canonical bytes. Reading checks form and bounds; whether the figures agree with each other is :mod:`integrity.coverage_report_checks`' affair.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from integrity.canonical import JsonValue, canonical_bytes, parse_canonical
from integrity.checkpoint import open_note, sign_note
from integrity.errors import MalformedValueError, SignatureMismatchError
from integrity.hashing import sha256_hex
from integrity.plain import from_plain, to_members
from integrity.signing import Signer

FORMAT = "bodycam-coverage-report/1"
MAX_REPORT_BYTES = 32 * 1024**2
MAX_AGENCIES = 20_000
MAX_NAMES = 500_000
LEVELS = ("ministry", "province", "city", "county", "station")
KINDS = ("daily", "monthly", "deadline")
EDITIONS = ("first", "late_paperwork", "restated")

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_HEX_64 = re.compile(r"[0-9a-f]{64}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_WORD = re.compile(r"[a-z]+(_[a-z]+)*")
_MAX_CODE = 64
_MAX_NAME = 512
_MAX_COUNT = 10**9


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who reports.

    Attributes:
        log_origin: Name of the reporter's custody log, and of the key that signs.
        agency: Code under which the level above knows the agency at the top of the figures.
    """

    log_origin: str
    agency: str

    def __post_init__(self) -> None:
        _check_text("reporter.log_origin", self.log_origin, limit=255)
        _check_text("reporter.agency", self.agency, limit=_MAX_CODE)


@dataclass(frozen=True, slots=True)
class ReportedSnapshot:
    """The frozen figure that is reported; instants are UTC, the day is of Asia/Shanghai."""

    id: str
    day: str
    kind: str
    edition: str
    cut_off: datetime
    known_until: datetime
    made_at: datetime
    is_late: bool
    method: str
    roster_sha256: str
    figures_sha256: str

    def __post_init__(self) -> None:
        _check_form("snapshot.id", self.id, _ID)
        _check_day("snapshot.day", self.day)
        _check_choice("snapshot.kind", self.kind, KINDS)
        _check_choice("snapshot.edition", self.edition, EDITIONS)
        _check_text("snapshot.method", self.method, limit=_MAX_CODE)
        _check_form("snapshot.roster_sha256", self.roster_sha256, _HEX_64)
        _check_form("snapshot.figures_sha256", self.figures_sha256, _HEX_64)


@dataclass(frozen=True, slots=True)
class ReportedFigure:
    """What one agency and all below it amount to; ``own_…`` is the agency alone.

    Attributes:
        parent: Code of the agency it counts below; ``None`` for the one at the top.
        gap: Officers without a recorder that counts, by reason.
        beside: Counts that are never part of the rate.
    """

    code: str
    name: str
    level: str
    parent: str | None
    numerator: int
    denominator: int
    own_numerator: int
    own_denominator: int
    gap: Mapping[str, int]
    beside: Mapping[str, int]

    def __post_init__(self) -> None:
        _check_text("figure.code", self.code, limit=_MAX_CODE)
        _check_text("figure.name", self.name, limit=_MAX_NAME)
        _check_choice("figure.level", self.level, LEVELS)
        for what in ("numerator", "denominator", "own_numerator", "own_denominator"):
            _check_count(f"figure.{what}", getattr(self, what))
        for counts in (self.gap, self.beside):
            for word, count in counts.items():
                _check_form("figure", word, _WORD)
                _check_count(f"figure.{word}", count)

    def hashed_members(self) -> dict[str, JsonValue]:
        """The members that the snapshot's digest of figures covers; what stands beside the rate is not among them."""
        members = to_members(self)
        del members["beside"]
        return members


@dataclass(frozen=True, slots=True)
class MissingName:
    """One officer of the gap, by officer number, with the agency they serve at and why they are missing."""

    officer: str
    name: str
    agency: str
    reason: str

    def __post_init__(self) -> None:
        _check_text("names.officer", self.officer, limit=_MAX_CODE)
        _check_text("names.name", self.name, limit=_MAX_NAME)
        _check_text("names.agency", self.agency, limit=_MAX_CODE)
        _check_form("names.reason", self.reason, _WORD)


@dataclass(frozen=True, slots=True)
class SnapshotProof:
    """Shows offline that the figure was in the custody log when a checkpoint was signed.

    Attributes:
        event: Exact bytes of the custody event ``snapshot.frozen``, base64.
        leaf_index: Its place in the log.
        path: Sibling hashes up to the root, nearest the leaf first, hexadecimal (RFC 9162, section 2.1.3).
        checkpoint: Signed note of the log, with the lines of witnesses.
        token: RFC 3161 token over the checkpoint's text, DER in base64.
    """

    event: str
    leaf_index: int
    path: tuple[str, ...]
    checkpoint: str
    token: str

    def __post_init__(self) -> None:
        if len(self.path) > 64 or not all(_HEX_64.fullmatch(one) for one in self.path):  # a tree of 2**64 leaves is no deeper
            raise MalformedValueError("proof.path", "expected hashes of 64 hexadecimal digits")


@dataclass(frozen=True, slots=True)
class CoverageReport:
    """A report.

    Attributes:
        figures: Of every agency, by code.
        replaces: Id of the report that this one replaces; ``None`` when it is the first of its day.
        names: The gap by name, where it was asked for.
    """

    report_id: str
    made_at: datetime
    reporter: Reporter
    snapshot: ReportedSnapshot
    figures: tuple[ReportedFigure, ...]
    replaces: str | None
    names: tuple[MissingName, ...] | None
    proof: SnapshotProof

    def __post_init__(self) -> None:
        _check_form("report_id", self.report_id, _ID)
        if self.replaces is not None:
            _check_form("replaces", self.replaces, _ID)
        if not 0 < len(self.figures) <= MAX_AGENCIES or len(self.names or ()) > MAX_NAMES:
            raise MalformedValueError("report", "has no agency, or too many agencies or names")

    @property
    def top(self) -> ReportedFigure:
        """The figure of everything that is reported: the first without an agency above it.

        Raises:
            MalformedValueError: There is none.
        """
        for figure in self.figures:
            if figure.parent is None:
                return figure
        raise MalformedValueError("report.figures", "no agency is at the top")

    def members(self) -> dict[str, JsonValue]:
        """The report as it is signed."""
        return {"format": FORMAT, **to_members(self)}


@dataclass(frozen=True, slots=True)
class SignedReport:
    """A report as it was read, with the note that signs it; whose signature it is is still to be checked."""

    report: CoverageReport
    sha256: str
    signature: str

    def check_signature(self, key: str) -> None:
        """Check that a key signed exactly this report.

        Args:
            key: C2SP verifier key, come by another way than the report.

        Raises:
            MalformedValueError: The note or the key is damaged.
            SignatureMismatchError: Another key signed, or another report was signed.
        """
        text, signatures = open_note(self.signature, [key])
        if text != _signed_text(self.report.report_id, self.sha256) or not any(line.name == self.report.reporter.log_origin for line in signatures):
            raise SignatureMismatchError(self.report.reporter.log_origin)


def sign_report(report: CoverageReport, signer: Signer) -> bytes:
    """Write a report and sign it.

    Raises:
        MalformedValueError: It names another log than the signer's, or is longer than :data:`MAX_REPORT_BYTES`.
    """
    if signer.name != report.reporter.log_origin:
        raise MalformedValueError("reporter.log_origin", "is not the name of the signing key")
    members = report.members()
    signature = sign_note(_signed_text(report.report_id, sha256_hex(canonical_bytes(members))), signer)
    data = canonical_bytes({"report": members, "signature": signature})
    if len(data) > MAX_REPORT_BYTES:
        raise MalformedValueError("report", f"longer than {MAX_REPORT_BYTES} bytes")
    return data


def parse_report(data: bytes) -> SignedReport:
    """Read a report; its signature and its figures are still to be checked.

    Raises:
        MalformedValueError: It is not exactly what :func:`sign_report` would write.
    """
    if len(data) > MAX_REPORT_BYTES:
        raise MalformedValueError("report", f"longer than {MAX_REPORT_BYTES} bytes")
    document = parse_canonical(data)
    if not isinstance(document, Mapping) or set(document) != {"report", "signature"}:
        raise MalformedValueError("report", "expected the members report and signature")
    members, signature = document["report"], document["signature"]
    if not isinstance(members, Mapping) or members.get("format") != FORMAT or not isinstance(signature, str):
        raise MalformedValueError("report", "is of another format or version")
    report = from_plain(CoverageReport, {name: member for name, member in members.items() if name != "format"})
    return SignedReport(report, sha256_hex(canonical_bytes(members)), signature)


def _signed_text(report_id: str, digest: str) -> str:
    return f"{FORMAT}\n{report_id}\nsha256:{digest}\n"


def _check_text(what: str, value: str, *, limit: int) -> None:
    if not 0 < len(value) <= limit:
        raise MalformedValueError(f"report.{what}", f"expected 1 to {limit} characters")


def _check_form(what: str, value: str, form: re.Pattern[str]) -> None:
    if not form.fullmatch(value):
        raise MalformedValueError(f"report.{what}", "is spelled otherwise than expected")


def _check_choice(what: str, value: Any, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise MalformedValueError(f"report.{what}", f"expected one of {', '.join(choices)}")


def _check_count(what: str, value: int) -> None:
    if not 0 <= value <= _MAX_COUNT:
        raise MalformedValueError(f"report.{what}", "out of bounds")


def _check_day(what: str, value: str) -> None:
    _check_form(what, value, _DAY)
    try:
        date.fromisoformat(value)
    except ValueError as error:
        raise MalformedValueError(f"report.{what}", "there is no such day") from error
