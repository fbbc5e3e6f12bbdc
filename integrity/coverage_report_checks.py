"""Whether a coverage report agrees with itself: sums, gaps, digests, and the proof that its figure was in the custody log. Pure.

A check never stops at the first fault; each fault has a frozen code, and says what it is about.
"""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from integrity.canonical import canonical_bytes
from integrity.checkpoint import open_checkpoint
from integrity.coverage_report import CoverageReport, ReportedFigure
from integrity.custody_event import CustodyEvent, parse_event
from integrity.errors import IntegrityError, MalformedValueError
from integrity.hashing import sha256_hex
from integrity.merkle import InclusionProof, leaf_hash, verify_inclusion
from integrity.plain import to_members

SUBJECT = "coverage_snapshot"
ACTION = "snapshot.frozen"
MOST_FAULTS = 100
_ENDS_AT = timedelta(hours=16)
"""24:00 in Asia/Shanghai, which has had no other offset than +08:00 since 1991, is 16:00 UTC of the same day."""


@dataclass(frozen=True, slots=True)
class ReportFault:
    """Something in a report that cannot be.

    Attributes:
        code: One of ``tree_broken``, ``sum_differs``, ``numerator_exceeds``, ``gap_differs``, ``figures_differ``, ``names_differ``, ``time_differs``,
            ``proof_fails``.
        subject: What it is about: the code of an agency, or a member.
        detail: What is there, and what was expected.
    """

    code: str
    subject: str
    detail: str


def find_faults(report: CoverageReport, *, key: str) -> list[ReportFault]:
    """List what does not agree in a report, no more than :data:`MOST_FAULTS`.

    Args:
        report: The report.
        key: C2SP verifier key of the reporter's log, that the checkpoint is checked with.
    """
    found: list[ReportFault] = []
    for checks in (_tree, _sums, _gaps, _digest, _names, _times):
        found += checks(report)
    return [*found, *_proof(report, key)][:MOST_FAULTS]


def _tree(report: CoverageReport) -> Iterator[ReportFault]:
    codes = [figure.code for figure in report.figures]
    if codes != sorted(set(codes)):
        yield ReportFault("tree_broken", "figures", "agencies are named twice, or not sorted by code")
    if sum(figure.parent is None for figure in report.figures) != 1:
        yield ReportFault("tree_broken", "figures", "not exactly one agency is at the top")
    above = {figure.code: figure.parent for figure in report.figures}
    for figure in report.figures:
        if figure.parent is not None and figure.parent not in above:
            yield ReportFault("tree_broken", figure.code, f"hangs below {figure.parent}, which is not reported")
    for code in _circling(above):
        yield ReportFault("tree_broken", code, "hangs below itself")


def _circling(above: Mapping[str, str | None]) -> Iterator[str]:
    reaches_an_end: set[str] = set()
    for code in above:
        way: list[str] = []
        here: str | None = code
        while here is not None and here in above and here not in reaches_an_end and here not in way:
            way.append(here)
            here = above[here]
        if here in way:
            yield code
        reaches_an_end.update(way)


def _sums(report: CoverageReport) -> Iterator[ReportFault]:
    below: dict[str | None, list[ReportedFigure]] = {}
    for figure in report.figures:
        below.setdefault(figure.parent, []).append(figure)
    for figure in report.figures:
        parts = below.get(figure.code, [])
        for what in ("numerator", "denominator"):
            total, expected = getattr(figure, what), getattr(figure, f"own_{what}") + sum(getattr(part, what) for part in parts)
            if total != expected:
                yield ReportFault("sum_differs", figure.code, f"{what} {total}, its parts give {expected}")
        if figure.numerator > figure.denominator or figure.own_numerator > figure.own_denominator:
            yield ReportFault("numerator_exceeds", figure.code, f"{figure.numerator} of {figure.denominator}")
        for reason in sorted({word for part in parts for word in part.gap}):
            if sum(part.gap.get(reason, 0) for part in parts) > figure.gap.get(reason, 0):
                yield ReportFault("gap_differs", figure.code, f"{reason} is less than that of its parts")


def _gaps(report: CoverageReport) -> Iterator[ReportFault]:
    for figure in report.figures:
        missing, told = figure.denominator - figure.numerator, sum(figure.gap.values())
        if told != missing:
            yield ReportFault("gap_differs", figure.code, f"reasons for {told}, missing are {missing}")


def _digest(report: CoverageReport) -> Iterator[ReportFault]:
    digest = sha256_hex(b"".join(canonical_bytes(figure.hashed_members()) + b"\n" for figure in report.figures))
    if digest != report.snapshot.figures_sha256:
        yield ReportFault("figures_differ", "snapshot.figures_sha256", f"the figures give {digest}")


def _names(report: CoverageReport) -> Iterator[ReportFault]:
    if report.names is None:
        return
    top = next((figure for figure in report.figures if figure.parent is None), None)
    told = Counter(one.reason for one in report.names)
    if top is not None and told != Counter(dict(top.gap)):
        yield ReportFault("names_differ", "names", f"{told.total()} names, or their reasons, do not make up the gap of {top.code}")
    if len({one.officer for one in report.names}) != len(report.names):
        yield ReportFault("names_differ", "names", "an officer is named twice")
    unknown = {one.agency for one in report.names} - {figure.code for figure in report.figures}
    if unknown:
        yield ReportFault("names_differ", "names", f"agency {min(unknown)} is not reported")


def _times(report: CoverageReport) -> Iterator[ReportFault]:
    one = report.snapshot
    ends = datetime.combine(date.fromisoformat(one.day), datetime.min.time(), tzinfo=UTC) + _ENDS_AT
    if one.cut_off != ends:
        yield ReportFault("time_differs", "snapshot.cut_off", "is not 24:00 of the day in Asia/Shanghai")
    if not one.cut_off <= one.known_until <= one.made_at <= report.made_at:
        yield ReportFault("time_differs", "snapshot", "cut-off, knowledge, making and report are not in this order")
    if one.edition == "first" and one.known_until != one.cut_off:
        yield ReportFault("time_differs", "snapshot.known_until", "a first edition knows what was known at its cut-off")


def _proof(report: CoverageReport, key: str) -> Iterator[ReportFault]:
    proof = report.proof
    try:
        event = base64.b64decode(proof.event, validate=True)
        checkpoint = open_checkpoint(proof.checkpoint, [key]).checkpoint
        if checkpoint.origin != report.reporter.log_origin:
            raise MalformedValueError("proof.checkpoint", "is of another log")
        path = tuple(bytes.fromhex(one) for one in proof.path)
        verify_inclusion(leaf_hash(event), InclusionProof(proof.leaf_index, checkpoint.size, path), root=checkpoint.root)
        yield from _event(report, parse_event(event))
    except (IntegrityError, binascii.Error, ValueError) as error:
        yield ReportFault("proof_fails", "proof", str(error)[:500])


def _event(report: CoverageReport, event: CustodyEvent) -> Iterator[ReportFault]:
    """Everything that the report says of the snapshot is what the log says of it."""
    if (event.subject.kind, event.subject.id, event.action) != (SUBJECT, report.snapshot.id, ACTION):
        yield ReportFault("proof_fails", "proof.event", "is another event than the freezing of this snapshot")
        return
    for name, value in to_members(report.snapshot).items():
        if event.details.get(name) != value:
            yield ReportFault("proof_fails", f"snapshot.{name}", "the custody event says otherwise")
    top = next((figure for figure in report.figures if figure.parent is None), None)
    if top is not None and (event.details.get("numerator"), event.details.get("denominator")) != (top.numerator, top.denominator):
        yield ReportFault("proof_fails", top.code, "the custody event has another numerator or denominator")
