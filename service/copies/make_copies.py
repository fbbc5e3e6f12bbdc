"""A worker copies what was verified in the first store to the second, locked as long, and counts the copy when it was read back in full."""

from datetime import datetime, timedelta

from evidence_store.errors import OriginalLostError
from evidence_store.models import ObjectCopy, StoreRole
from evidence_store.object_store.copying import VerifiedCopy, WantedCopy, copy_version
from evidence_store.object_store.store import ObjectStore
from evidence_store.repositories.copies import EvidenceObject
from evidence_store.unit_of_work import UnitOfWork
from service.context import ServiceContext
from service.copies.repair_copy import SHORTEST_LOCK, FoundGone, note_losses
from service.jobs import job

LEFT_TO_ITS_JOB = timedelta(minutes=10)
"""So long the job that was deferred with an object has to itself, before the object counts as forgotten."""
CAUGHT_UP_AT_ONCE = 2_000
COPIES_CAN_WAIT = -1
"""Reading back and sealing go first: they prove, and a copy is made of what was proved."""


def defer_copies(context: ServiceContext, work: UnitOfWork, *keys: str) -> None:
    """Have objects copied once this transaction has committed; nothing where there is no second store."""
    if context.second_objects is not None:
        for key in keys:
            work.jobs.defer(copy_object, priority=COPIES_CAN_WAIT, key=key)


@job("copy.make")
def copy_object(context: ServiceContext, *, key: str) -> None:
    """Copy an object's present version, or lock the copy longer where the original is; nothing where that was done.

    A store that is away, or does not keep the copy faithfully, raises, and the job is tried again. An original that is gone or altered is noted.
    """
    target = context.second_objects
    if target is None:
        return
    with context.unit_of_work() as work:
        wanted = work.copies.evidence(key)
        if wanted is None or work.copies.is_lost(key, wanted.version_id, StoreRole.FIRST):
            return
        known = work.copies.of_key(key, target.description)
        sha256 = wanted.sha256 or (work.copies.manifest_digest(wanted.clip_id) if wanted.clip_id else None)
    if known is not None and known.source_version == wanted.version_id:
        _lock_longer(context, target, known, wanted.retain_until)
        return
    until = max(wanted.retain_until, context.clock.now() + SHORTEST_LOCK)
    try:
        made = copy_version(WantedCopy(key, wanted.version_id, sha256, until), context.objects, target)
    except OriginalLostError as error:
        note_losses(context, [FoundGone(StoreRole.FIRST, key, wanted.version_id, wanted.clip_id, error.reason)])
        return
    with context.unit_of_work() as work:
        work.copies.keep(ledger_row(wanted, made, store=target.description, at=context.clock.now()))


@job("copy.catch_up")
def catch_up(context: ServiceContext) -> None:
    """Have copied what no job will copy: what was there before there was a second store, or whose lock was extended since."""
    target = context.second_objects
    if target is None:
        return
    with context.unit_of_work() as work:
        if work.jobs.count_waiting(copy_object.job_name):
            return
        keys = work.copies.keys_behind(target.description, before=context.clock.now() - LEFT_TO_ITS_JOB, limit=CAUGHT_UP_AT_ONCE)
        defer_copies(context, work, *keys)


def ledger_row(source: EvidenceObject, made: VerifiedCopy, *, store: str, at: datetime) -> ObjectCopy:
    """The ledger's row of a copy."""
    return ObjectCopy(
        key=source.key,
        store=store,
        clip_id=source.clip_id,
        source_version=source.version_id,
        copy_version=made.version_id,
        size_bytes=made.size_bytes,
        sha256=made.sha256,
        retain_until=made.retain_until,
        verified_at=at,
    )


def _lock_longer(context: ServiceContext, target: ObjectStore, known: ObjectCopy, until: datetime) -> None:
    whole = until.replace(microsecond=0)
    if known.retain_until >= whole or until <= context.clock.now():
        return
    target.extend_retention(known.key, known.copy_version, until=until)
    lock = target.retention(known.key, known.copy_version)
    if lock is not None and lock.until >= whole:
        known.retain_until = lock.until
        with context.unit_of_work() as work:
            work.copies.keep(known)
