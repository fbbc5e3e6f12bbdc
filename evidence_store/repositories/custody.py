"""Custody events: appended in the transaction of the change they tell of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from evidence_store.actor import Actor
from evidence_store.models import CustodyEventRow, CustodyLeaf
from integrity.canonical import JsonValue
from integrity.custody_event import CustodyEvent, EventActor, EventSubject
from integrity.merkle import leaf_hash

_ADD_PENDING = text("INSERT INTO custody_pending (event_id) SELECT * FROM unnest(CAST(:ids AS bigint[]))")


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to be appended to a subject's chain."""

    subject_id: UUID
    action: str
    details: Mapping[str, JsonValue]


class Custody:
    """Chains of custody. The caller holds the subject's row, so that two events cannot claim one number; the database refuses it all the same."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def append(
        self, subject_kind: str, subject_id: UUID, action: str, *, actor: Actor, at: datetime, details: Mapping[str, JsonValue] | None = None
    ) -> None:
        """Append one event.

        Args:
            subject_kind: ``clip``, ``case``, ``dock``, ``log`` ...
            subject_id: Which one.
            action: ``noun.past_participle``, never renamed or reused.
            actor: Who did it.
            at: The service's clock, UTC.
            details: Further facts.
        """
        self.append_all(subject_kind, [NewEvent(subject_id, action, details or {})], actor=actor, at=at)

    def append_all(self, subject_kind: str, events: Sequence[NewEvent], *, actor: Actor, at: datetime) -> None:
        """Append events of different subjects at once, one each."""
        if not events:
            return
        heads = self.heads(subject_kind, [event.subject_id for event in events])
        rows = [event_row(subject_kind, event, heads.get(event.subject_id), actor=actor, at=at) for event in events]
        ids = self._session.scalars(insert(CustodyEventRow).returning(CustodyEventRow.id), rows)
        self._session.execute(_ADD_PENDING, {"ids": list(ids)})

    def chain(self, subject_kind: str, subject_id: UUID) -> list[tuple[CustodyEventRow, int | None]]:
        """List a subject's events in order, each with its leaf index once it has one."""
        query = (
            select(CustodyEventRow, CustodyLeaf.leaf_index)
            .outerjoin(CustodyLeaf, CustodyLeaf.event_id == CustodyEventRow.id)
            .where(CustodyEventRow.subject_kind == subject_kind, CustodyEventRow.subject_id == subject_id)
            .order_by(CustodyEventRow.subject_seq)
        )
        return [(row[0], row[1]) for row in self._session.execute(query)]

    def heads(self, subject_kind: str, subject_ids: Sequence[UUID]) -> dict[UUID, tuple[int, bytes]]:
        """Number and leaf hash of the last event of each chain."""
        query = (
            select(CustodyEventRow.subject_id, CustodyEventRow.subject_seq, CustodyEventRow.leaf_hash)
            .ext(distinct_on(CustodyEventRow.subject_id))
            .where(CustodyEventRow.subject_kind == subject_kind, CustodyEventRow.subject_id.in_(subject_ids))
            .order_by(CustodyEventRow.subject_id, CustodyEventRow.subject_seq.desc())
        )
        return {row.subject_id: (row.subject_seq, row.leaf_hash) for row in self._session.execute(query)}


def event_row(subject_kind: str, new: NewEvent, head: tuple[int, bytes] | None, *, actor: Actor, at: datetime) -> dict[str, object]:
    """The row of an event that follows the head of its chain: number and leaf hash, ``None`` for the first."""
    event = CustodyEvent(
        subject=EventSubject(subject_kind, str(new.subject_id)),
        subject_seq=0 if head is None else head[0] + 1,
        prev=None if head is None else head[1].hex(),
        action=new.action,
        actor=EventActor(str(actor.kind), actor.id, actor.name),
        at=at,
        details=new.details,
    )
    canonical = event.canonical()
    return {
        "subject_kind": subject_kind,
        "subject_id": new.subject_id,
        "subject_seq": event.subject_seq,
        "action": new.action,
        "at": at,
        "canonical": canonical,
        "leaf_hash": leaf_hash(canonical),
    }
