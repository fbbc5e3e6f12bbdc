"""Versions that a store no longer gives are noted down, entered in the chains of their clips, and repaired from the other store."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from evidence_store.actor import WORKER
from evidence_store.errors import OriginalLostError
from evidence_store.models import ObjectCopy, ObjectLoss, StoreRole
from evidence_store.object_store.copying import VerifiedCopy, WantedCopy, copy_version
from evidence_store.repositories.custody import NewEvent
from evidence_store.unit_of_work import UnitOfWork
from integrity.canonical import JsonValue
from service.context import ServiceContext
from service.jobs import job

SHORTEST_LOCK = timedelta(days=1)
"""What is laid into a store when the lock of its like has nearly ended, or has, is locked at least this long."""
NOTED_AT_ONCE = 500
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FoundGone:
    """A version that a store does not give as it was: ``missing``, ``unreadable`` or ``altered``."""

    store: StoreRole
    key: str
    version_id: str
    clip_id: UUID | None
    reason: str


@dataclass(frozen=True, slots=True)
class _Repair:
    loss: ObjectLoss
    copy: ObjectCopy
    wanted: WantedCopy

    @property
    def is_of_first(self) -> bool:
        return self.loss.store == StoreRole.FIRST

    @property
    def other(self) -> StoreRole:
        return StoreRole.SECOND if self.is_of_first else StoreRole.FIRST


def note_losses(context: ServiceContext, found: Sequence[FoundGone]) -> int:
    """Note down what is gone, with an event for each clip and store, and have it repaired; what was noted before changes nothing.

    Returns:
        How many of them nobody had noted before.
    """
    batches = [found[start : start + NOTED_AT_ONCE] for start in range(0, len(found), NOTED_AT_ONCE)]
    return sum(_note(context, batch) for batch in batches)


@job("copy.repair")
def repair_copy(context: ServiceContext, *, loss_id: str) -> None:
    """Lay a lost version there again from the other store, after that one was read and its digest agreed; nothing where that was done.

    When the other store lost it too, that is noted as well, and the loss stays open: then a person has to look.
    """
    repair = _plan(context, UUID(loss_id))
    if repair is None or context.second_objects is None:
        return
    stores = (context.second_objects, context.objects) if repair.is_of_first else (context.objects, context.second_objects)
    try:
        made = copy_version(repair.wanted, *stores)
    except OriginalLostError as error:
        _LOG.error("a lost version cannot be repaired: the other store lost it too", extra={"key": repair.loss.key})
        gone = FoundGone(repair.other, repair.loss.key, repair.wanted.version_id, repair.loss.clip_id, error.reason)
        note_losses(context, [gone])
        return
    _keep(context, repair, made)


def _note(context: ServiceContext, found: Sequence[FoundGone]) -> int:
    now = context.clock.now()
    places = {StoreRole.FIRST: context.objects.description}
    if context.second_objects is not None:
        places[StoreRole.SECOND] = context.second_objects.description
    with context.unit_of_work() as work:
        work.clips.lock_many({one.clip_id for one in found if one.clip_id is not None})
        rows = [
            ObjectLoss(
                id=context.new_id(),
                store=one.store,
                place=places[one.store],
                key=one.key,
                version_id=one.version_id,
                clip_id=one.clip_id,
                reason=one.reason,
                found_at=now,
            )
            for one in found
        ]
        new = work.copies.note_losses(rows)
        for store in StoreRole:
            events = _events([loss for loss in new if loss.store == store])
            work.custody.append_all("clip", events, actor=WORKER, at=now)
        for loss in new:
            _LOG.error("a store no longer gives a version", extra={"store": loss.store, "key": loss.key, "reason": loss.reason})
            work.jobs.defer(repair_copy, loss_id=str(loss.id))
    return len(new)


def _events(losses: Sequence[ObjectLoss]) -> list[NewEvent]:
    by_clip: dict[UUID, list[ObjectLoss]] = defaultdict(list)
    for loss in losses:
        if loss.clip_id is not None:
            by_clip[loss.clip_id].append(loss)
    events = []
    for clip_id, of_clip in by_clip.items():
        objects: list[JsonValue] = [{"key": loss.key, "version_id": loss.version_id, "reason": loss.reason} for loss in of_clip]
        events.append(NewEvent(clip_id, "copy.lost", {"store": of_clip[0].store, "place": of_clip[0].place, "objects": objects}))
    return events


def _plan(context: ServiceContext, loss_id: UUID) -> _Repair | None:
    second = context.second_objects
    if second is None:
        return None
    with context.unit_of_work() as work:
        loss = work.copies.loss(loss_id)
        if loss is None or loss.repaired_at is not None:
            return None
        present = work.copies.evidence(loss.key)
        copy = work.copies.of_key(loss.key, second.description)
    if present is None or copy is None:
        _LOG.error("a lost version has no copy to repair it from", extra={"key": loss.key, "store": loss.store})
        return None
    from_version = copy.copy_version if loss.store == StoreRole.FIRST else present.version_id
    until = max(present.retain_until, copy.retain_until, context.clock.now() + SHORTEST_LOCK)
    return _Repair(loss, copy, WantedCopy(loss.key, from_version, copy.sha256, until))


def _keep(context: ServiceContext, repair: _Repair, made: VerifiedCopy) -> None:
    now = context.clock.now()
    with context.unit_of_work() as work:
        if repair.loss.clip_id is not None:
            work.clips.lock(repair.loss.clip_id)
        loss = work.copies.loss(repair.loss.id)
        if loss is None or loss.repaired_at is not None:
            return
        loss.repaired_at, loss.repaired_version = now, made.version_id
        if repair.is_of_first:
            work.copies.stand_for_original(loss)
        else:
            _enter(work, repair, made)
        if loss.clip_id is not None:
            details: dict[str, JsonValue] = {
                "store": loss.store,
                "key": loss.key,
                "lost_version_id": loss.version_id,
                "version_id": made.version_id,
                "sha256": made.sha256,
            }
            work.custody.append("clip", loss.clip_id, "copy.repaired", actor=WORKER, at=now, details=details)


def _enter(work: UnitOfWork, repair: _Repair, made: VerifiedCopy) -> None:
    copy = work.copies.of_key(repair.copy.key, repair.copy.store)
    if copy is not None:
        copy.source_version, copy.copy_version = repair.wanted.version_id, made.version_id
        copy.retain_until = made.retain_until
