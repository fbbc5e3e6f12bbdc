"""Every event column by column against its exact bytes, every chain from its first event to its last, and every clip against its chain."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from evidence_store.object_store.keys import original_key
from evidence_store.repositories.log_audits import AuditedClip, AuditedEvent
from evidence_store.unit_of_work import UnitOfWork
from integrity.custody_event import CustodyEvent, parse_event
from integrity.errors import IntegrityError
from integrity.merkle import leaf_hash
from service.custody.log_fault import LogFault, Name

_COLUMNS = ("size_bytes", "sha256", "sm3")
"""What ``clip.stored`` says, and the columns of a clip that say the same."""


@dataclass(slots=True)
class _Head:
    """Where a chain is: its subject, the number that comes next, and the hashes that may stand as ``prev`` there."""

    subject: tuple[str, UUID] | None = None
    next_seq: int = 0
    hashes: tuple[bytes, ...] = ()


def audit_chains(work: UnitOfWork, name: Name, *, progress: Callable[[int], None]) -> int:
    """Compare every event with its own bytes and with the event before it; gives the number of events."""
    head, count = _Head(), 0
    for page in work.log_audits.events():
        for row in page:
            _audit_event(row, head, name)
        count += len(page)
        progress(count)
    for event_id in work.log_audits.stray_pending():
        name(LogFault("custody_pending", f"event_id={event_id}", "event_id", "there is no such event"))
    return count


def audit_clips(work: UnitOfWork, name: Name) -> None:
    """Compare what clips say about their originals with the events that say the same, and find clips that are gone."""
    for clip in work.log_audits.stored_clips():
        _audit_clip(work, clip, name)
    for clip_id in work.log_audits.gone_clips():
        name(LogFault("clip", f"id={clip_id}", None, "it has a chain of custody and is gone"))


def _audit_event(row: AuditedEvent, head: _Head, name: Name) -> None:
    key = f"id={row.id}"
    if row.is_placed and row.is_pending:
        name(LogFault("custody_pending", f"event_{key}", None, "the event has a place and would be given another"))
    if not row.is_placed and not row.is_pending:
        name(LogFault("custody_event", key, None, "has no place in the log and does not wait for one"))
    computed = leaf_hash(row.canonical)
    if not row.is_placed and row.leaf_hash != computed:
        name(LogFault("custody_event", key, "leaf_hash", "is not the hash of the event's bytes"))
    try:
        event = parse_event(row.canonical)
    except IntegrityError as error:
        name(LogFault("custody_event", key, "canonical", str(error)))
        event = None
    if event is None or _columns_agree(row, event, name):
        _follow(row, event, head, name)
        head.hashes = (row.leaf_hash, computed)


def _columns_agree(row: AuditedEvent, event: CustodyEvent, name: Name) -> bool:
    """Whether a row stands in the chain that its bytes name; each column that says otherwise is named."""
    said = {
        "subject_kind": event.subject.kind,
        "subject_id": event.subject.id,
        "subject_seq": event.subject_seq,
        "action": event.action,
        "at": event.at,
    }
    found = {**{column: getattr(row, column) for column in said}, "subject_id": str(row.subject_id)}
    wrong = [column for column in said if said[column] != found[column]]
    for column in wrong:
        name(LogFault("custody_event", f"id={row.id}", column, f"says {found[column]}, the event's bytes say {said[column]}"))
    return not {"subject_kind", "subject_id", "subject_seq"} & set(wrong)


def _follow(row: AuditedEvent, event: CustodyEvent | None, head: _Head, name: Name) -> None:
    subject = row.subject_kind, row.subject_id
    if subject != head.subject:
        head.subject, head.next_seq, head.hashes = subject, 0, ()
    key = f"{row.subject_kind}/{row.subject_id}"
    if row.subject_seq != head.next_seq:
        missing = f"{head.next_seq}" if row.subject_seq == head.next_seq + 1 else f"{head.next_seq} to {row.subject_seq - 1}"
        name(LogFault("custody_event", f"subject={key} subject_seq={missing}", None, f"is missing before event {row.id}"))
    elif event is not None and head.hashes and event.prev not in {value.hex() for value in head.hashes}:
        name(LogFault("custody_event", f"id={row.id}", "canonical", "does not follow the event before it in its chain"))
    head.next_seq = row.subject_seq + 1


def _audit_clip(work: UnitOfWork, clip: AuditedClip, name: Name) -> None:
    key = f"id={clip.id}"
    if clip.stored is None:
        name(LogFault("clip", key, None, "is stored, and no event says so"))
        return
    try:
        details = parse_event(clip.stored).details
    except IntegrityError:
        return  # named with the events
    for column in _COLUMNS:
        if details.get(column) != getattr(clip, column):
            name(LogFault("clip", key, column, f"says {getattr(clip, column)}, its chain of custody says {details.get(column)}"))
    version = str(details.get("version_id"))
    if clip.object_version != version and clip.object_version != work.log_audits.standing_version(original_key(clip.id), version):
        name(LogFault("clip", key, "object_version", f"says {clip.object_version}, its chain of custody says {version}, and no repair was recorded"))
