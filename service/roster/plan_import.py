"""What is wrong with a roster, all at once: a pure check against itself and the codes that are known."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Protocol

from service.roster.rows import AgencyFacts, OfficerCodeFacts, Roster


@dataclass(frozen=True, slots=True)
class KnownCodes:
    """What the ledger already knows."""

    agencies: frozenset[str]
    officers: frozenset[str]


class _Span(Protocol):
    @property
    def valid_from(self) -> date: ...

    @property
    def valid_until(self) -> date | None: ...


def find_faults(roster: Roster, known: KnownCodes) -> list[str]:
    """List everything that forbids taking in a roster; none means it may be applied."""
    agencies = known.agencies | {agency.code for agency in roster.agencies}
    officers = known.officers | {officer.code for officer in roster.officers}
    return [
        *_repeated("agency", [agency.code for agency in roster.agencies]),
        *_repeated("officer", [officer.code for officer in roster.officers]),
        *_repeated("certificate", [item.number for officer in roster.officers for item in officer.certificates]),
        *_repeated("recorder", [recorder.serial for recorder in roster.recorders]),
        *_agency_faults(roster.agencies, agencies),
        *_officer_faults(roster, agencies),
        *_code_faults(roster),
        *_recorder_faults(roster, agencies, officers),
    ]


def in_order(agencies: Sequence[AgencyFacts], known: frozenset[str]) -> list[AgencyFacts]:
    """Sort agencies so that each follows the one above it; those on a cycle are left out."""
    placed = set(known)
    ordered: list[AgencyFacts] = []
    waiting = list(agencies)
    while True:
        ready = [agency for agency in waiting if agency.parent is None or agency.parent in placed]
        if not ready:
            return ordered
        ordered += ready
        placed |= {agency.code for agency in ready}
        waiting = [agency for agency in waiting if agency.code not in placed]


def _repeated(what: str, codes: Iterable[str]) -> list[str]:
    return [f"{what} {code}: named {count} times" for code, count in Counter(codes).items() if count > 1]


def _agency_faults(agencies: Sequence[AgencyFacts], known: frozenset[str]) -> list[str]:
    faults = [f"agency {agency.code}: no agency {agency.parent} to hang below" for agency in agencies if agency.parent and agency.parent not in known]
    own = frozenset(agency.code for agency in agencies)
    placed = {agency.code for agency in in_order(agencies, known - own)}
    return faults + [f"agency {agency.code}: lies on a cycle" for agency in agencies if agency.code not in placed and agency.parent in known]


def _officer_faults(roster: Roster, agencies: frozenset[str]) -> list[str]:
    faults: list[str] = []
    for officer in roster.officers:
        where = f"officer {officer.code}"
        faults += [f"{where}: no agency {post.agency}" for post in officer.posts if post.agency not in agencies]
        faults += _span_faults(f"{where}, posts", officer.posts)
        faults += _overlap_faults(f"{where}, posts", officer.posts)
        for certificate in officer.certificates:
            faults += _span_faults(f"{where}, certificate {certificate.number}", [certificate])
    return faults


def _code_faults(roster: Roster) -> list[str]:
    faults: list[str] = []
    by_code: dict[str, list[OfficerCodeFacts]] = {}
    for officer in roster.officers:
        faults += _span_faults(f"officer {officer.code}, codes", officer.codes)
        for held in officer.codes:
            by_code.setdefault(held.code, []).append(held)
    for code, spans in by_code.items():
        faults += _overlap_faults(f"code {code}", spans)
    return faults


def _recorder_faults(roster: Roster, agencies: frozenset[str], officers: frozenset[str]) -> list[str]:
    faults: list[str] = []
    for recorder in roster.recorders:
        where = f"recorder {recorder.serial}"
        if recorder.agency not in agencies:
            faults.append(f"{where}: no agency {recorder.agency}")
        faults += [f"{where}: no officer {assignment.officer}" for assignment in recorder.assignments if assignment.officer not in officers]
        faults += _span_faults(f"{where}, assignments", recorder.assignments)
        exclusive = [assignment for assignment in recorder.assignments if assignment.is_exclusive]
        faults += _overlap_faults(f"{where}, exclusive assignments", exclusive)
        pool = [assignment for assignment in recorder.assignments if not assignment.is_exclusive]
        faults += [f"{where}: exclusive and pool assignment share a day" for one in exclusive for other in pool if _share_a_day(one, other)]
    return faults


def _span_faults(where: str, spans: Sequence[_Span]) -> list[str]:
    return [
        f"{where}: ends {span.valid_until} before it begins {span.valid_from}"
        for span in spans
        if span.valid_until and span.valid_until < span.valid_from
    ]


def _overlap_faults(where: str, spans: Sequence[_Span]) -> list[str]:
    ordered = sorted(spans, key=lambda span: span.valid_from)
    return [f"{where}: two share {after.valid_from}" for before, after in pairwise(ordered) if _share_a_day(before, after)]


def _share_a_day(one: _Span, other: _Span) -> bool:
    first, second = sorted((one, other), key=lambda span: span.valid_from)
    return first.valid_until is None or first.valid_until >= second.valid_from
