"""What goes along for people: the custody report, the documents to be signed, and the programs that check the package."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evidence_store.models import CheckpointRow, PackagedClip, PackageRow
from evidence_store.repositories.evidence_packages import PackagedEvent
from integrity.canonical import JsonValue, canonical_bytes
from integrity.checkpoint import verifier_key
from integrity.custody_event import parse_event
from integrity.plain import spell_instant, to_plain
from service.context import ServiceContext
from service.documents.accompanying import accompanying_files
from service.documents.pdf import set_pdf
from service.evidence_packages.document_values import document_values

FORMAT = "bodycam.custody-report"
VERSION = 1
TO_BE_SIGNED = ("production-statement", "evidence-list")
"""Templates of the documents that people sign; they lie in ``report/`` beside the custody report."""
CLIPS_IN_A_REPORT = 500
_REPORT = "custody-report"


@dataclass(frozen=True, slots=True)
class PackageFacts:
    """Everything a report tells, as it was when the package was made."""

    row: PackageRow
    clips: Sequence[PackagedClip]
    events: Sequence[PackagedEvent]
    checkpoint: CheckpointRow
    stamped_at: datetime
    software: str
    log_key: str


def report_files(
    context: ServiceContext,
    row: PackageRow,
    clips: Sequence[PackagedClip],
    events: Sequence[PackagedEvent],
    *,
    checkpoint: CheckpointRow,
    stamped_at: datetime,
    software: str,
) -> dict[str, bytes]:
    """Make the files for people, by their path in the package."""
    log_key = verifier_key(context.log_signer.name, context.log_signer.public_key)
    facts = PackageFacts(row, clips, events, checkpoint, stamped_at, software, log_key)
    report = report_members(facts)
    values = document_values(report, made_at=row.package.made_at)
    first, *further = _parts(values)
    signed = [(f"report/{name}.pdf", name, values) for name in TO_BE_SIGNED]
    # Each process sets no more than one part of the report, so that none grows beyond what a server has.
    documents = {path: pdf for group in ([*signed, first], *([part] for part in further)) for path, pdf in _set(group)}
    return {f"report/{_REPORT}.json": canonical_bytes(report), **documents, **accompanying_files()}


def _set(group: Sequence[tuple[str, str, dict[str, Any]]]) -> Iterator[tuple[str, bytes]]:
    made = set_pdf(*((template, values) for _, template, values in group))
    return zip((path for path, _, _ in group), made, strict=True)


def _parts(values: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The custody report as one document, or as several where there are many clips."""
    clips = values["clips"]
    count = max(1, -(-len(clips) // CLIPS_IN_A_REPORT))
    for number in range(count):
        part = clips[number * CLIPS_IN_A_REPORT : (number + 1) * CLIPS_IN_A_REPORT]
        name = _REPORT if count == 1 else f"{_REPORT}-{number + 1:02}"
        yield f"report/{name}.pdf", _REPORT, {**values, "clips": part, "part": None if count == 1 else {"number": number + 1, "count": count}}


def report_members(facts: PackageFacts) -> dict[str, JsonValue]:
    """The custody report as JSON members; times are UTC."""
    package, case = facts.row.package, facts.row.case
    chains = _chains(facts.events)
    return {
        "format": FORMAT,
        "version": VERSION,
        "package_id": str(package.id),
        "recipient": package.recipient,
        "purpose": package.purpose,
        "case": None if case is None else {"id": str(case.id), "number": case.number, "title": case.title},
        "maker": package.maker,
        "agency": {"code": facts.row.agency.code, "name": facts.row.agency.name},
        "made_at": spell_instant(package.made_at),
        "software": facts.software,
        "contents_sha256": package.contents_sha256,
        "size_bytes": package.size_bytes,
        "clips": [{**_told(clip), "chain": chains[str(clip.clip_id)]} for clip in facts.clips],
        "made": chains[str(package.id)],
        "log": {
            "checkpoint": facts.checkpoint.note,
            "size": facts.checkpoint.size,
            "root": facts.checkpoint.root.hex(),
            "stamped_at": spell_instant(facts.stamped_at),
            "log_key": facts.log_key,
        },
    }


def _told(clip: PackagedClip) -> dict[str, Any]:
    return {name: value for name, value in clip.facts.items() if name not in {"object", "manifest"}}


def _chains(events: Sequence[PackagedEvent]) -> dict[str, list[JsonValue]]:
    chains: dict[str, list[JsonValue]] = {}
    for packaged in sorted(events, key=lambda event: event.seq):
        event = parse_event(packaged.canonical)
        told: dict[str, JsonValue] = {
            "seq": event.subject_seq,
            "action": event.action,
            "at": spell_instant(event.at),
            "actor": to_plain(event.actor),
            "details": event.details,
            "leaf_index": packaged.leaf_index,
        }
        chains.setdefault(event.subject.id, []).append(told)
    return chains
