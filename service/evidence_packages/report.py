"""What goes along for people: the custody report, the documents to be signed, and the programs that check the package."""

from collections.abc import Sequence
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

FORMAT = "bodycam.custody-report"
VERSION = 1


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
    return {"report/custody-report.json": canonical_bytes(report), **accompanying_files()}


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
