"""A clip's chain of custody, for those who may see the clip."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from evidence_store.actor import Actor
from integrity.custody_event import parse_event
from service.access.permission import require
from service.access.policy import Action
from service.clips.errors import ClipNotFoundError
from service.context import ServiceContext


@dataclass(frozen=True, slots=True)
class ChainEntry:
    """One event of a chain.

    Attributes:
        seq: Number within the chain, from 0.
        leaf_index: Place in the log; ``None`` until the sequencer gave it one.
        canonical: The event's exact bytes, from which ``leaf_hash`` follows.
    """

    seq: int
    action: str
    at: datetime
    actor_kind: str
    actor_name: str | None
    details: dict[str, Any]
    leaf_index: int | None
    leaf_hash: bytes
    canonical: bytes


@dataclass(frozen=True, slots=True)
class Chain:
    """A clip's whole chain, and the newest time-stamped checkpoint."""

    entries: list[ChainEntry]
    checkpoint: str | None
    checkpoint_size: int
    stamped_at: datetime | None


def read_chain(context: ServiceContext, clip_id: UUID, *, actor: Actor) -> Chain:
    """Read a clip's chain of custody.

    Raises:
        NotPermittedError: This role may not.
        ClipNotFoundError: No such clip, or none the actor may see.
    """
    require(Action.READ_CUSTODY, actor)
    with context.unit_of_work() as work:
        if work.clips.find(clip_id, actor) is None:
            raise ClipNotFoundError(clip_id)
        rows = work.custody.chain("clip", clip_id)
        stamped = work.log.newest_stamped()
    entries = []
    for row, leaf_index in rows:
        event = parse_event(row.canonical)
        entries.append(
            ChainEntry(
                seq=event.subject_seq,
                action=event.action,
                at=event.at,
                actor_kind=event.actor.kind,
                actor_name=event.actor.name,
                details=dict(event.details),
                leaf_index=leaf_index,
                leaf_hash=row.leaf_hash,
                canonical=row.canonical,
            )
        )
    if stamped is None:
        return Chain(entries, None, 0, None)
    return Chain(entries, stamped[0].note, stamped[0].size, stamped[1].stamped_at)
