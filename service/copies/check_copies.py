"""Every hour: does either store still give every version that evidence rests on? What one lost is named, and repaired from the other."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from evidence_store.actor import WORKER
from evidence_store.errors import ObjectNotFoundError, StoreUnavailableError
from evidence_store.models import ObjectLoss, StoreRole
from evidence_store.object_store.copying import STRETCH_BYTES
from evidence_store.object_store.keys import CLIP_PREFIX, COVERAGE_PREFIX, LOG_PREFIX
from evidence_store.object_store.store import ObjectStore
from integrity.canonical import JsonValue
from integrity.hashing import running_sha256
from service.context import ServiceContext
from service.copies.canary import prove_reliable, remove_old_canaries
from service.copies.repair_copy import FoundGone, note_losses, repair_copy
from service.jobs import job

PEEKED_AT_ONCE = 20_000
"""Versions of each store that a byte is asked of at every check; a store with more is sampled at random, and looked through whole when one fails."""
SUBJECT = "copies"


@dataclass(frozen=True, slots=True)
class CopiesChecked:
    """What a check found.

    Attributes:
        first: Versions that the first store has to give.
        second: Likewise the second.
        newly_lost: Versions that nobody had noted as gone before.
        still_lost: Versions that are gone now, these included.
    """

    first: int
    second: int
    newly_lost: int
    still_lost: int


@dataclass(frozen=True, slots=True)
class _Expected:
    key: str
    version_id: str
    size_bytes: int
    clip_id: UUID | None


@job("copy.check")
def check_copies_hourly(context: ServiceContext) -> None:
    """Look through both stores; a store that is away, or gives nothing back now, raises, and the job is tried again."""
    check_copies(context)


def check_copies(context: ServiceContext) -> CopiesChecked | None:
    """Likewise, and tell what was found; ``None`` where there is no second store.

    Raises:
        StoreUnavailableError: A store is away.
        UnreliableStoreError: It does not even give back what it has just taken.
    """
    second = context.second_objects
    if second is None:
        return None
    with context.unit_of_work() as work:
        originals = {one.key: one for one in work.copies.all_evidence()}
        copies = list(work.copies.all_in(second.description))
    sizes = {copy.key: copy.size_bytes for copy in copies}
    expected = {
        StoreRole.FIRST: [_Expected(one.key, one.version_id, one.size_bytes or sizes.get(one.key, 1), one.clip_id) for one in originals.values()],
        StoreRole.SECOND: [_Expected(copy.key, copy.copy_version, copy.size_bytes, copy.clip_id) for copy in copies],
    }
    found: list[FoundGone] = []
    for role, store in ((StoreRole.FIRST, context.objects), (StoreRole.SECOND, second)):
        prove_reliable(context, store)
        gone = _look_through(store, role, expected[role])
        if gone:
            prove_reliable(context, store)  # still: what failed meanwhile is not gone because of that
        found += gone
        remove_old_canaries(context, store)
    newly_lost = note_losses(context, found)
    ledger = running_sha256()
    for copy in copies:
        ledger.update(f"{copy.key} {copy.source_version} {copy.copy_version} {copy.sha256}\n".encode())
    counts = (len(expected[StoreRole.FIRST]), len(copies), newly_lost)
    return CopiesChecked(*counts, still_lost=_conclude(context, counts, ledger=ledger.digest().hex()))


def list_losses(context: ServiceContext) -> list[ObjectLoss]:
    """List every version that is gone now, for the service itself."""
    with context.unit_of_work() as work:
        return work.copies.open_losses()


def _look_through(store: ObjectStore, role: StoreRole, expected: Sequence[_Expected]) -> list[FoundGone]:
    listed = {
        (one.key, one.version_id)
        for prefix in (CLIP_PREFIX, LOG_PREFIX, COVERAGE_PREFIX)
        for one in store.list_all(prefix)
        if not one.is_delete_marker
    }
    there = [one for one in expected if (one.key, one.version_id) in listed]
    missing = [FoundGone(role, one.key, one.version_id, one.clip_id, "missing") for one in expected if (one.key, one.version_id) not in listed]
    sample = there if len(there) <= PEEKED_AT_ONCE else [there[secrets.randbelow(len(there))] for _ in range(PEEKED_AT_ONCE)]
    if all(_why_gone(store, one, [secrets.randbelow(max(one.size_bytes, 1))]) is None for one in sample):
        return missing
    for one in there:
        reason = _why_gone(store, one, range(0, one.size_bytes, STRETCH_BYTES))
        if reason is not None:
            missing.append(FoundGone(role, one.key, one.version_id, one.clip_id, reason))
    return missing


def _why_gone(store: ObjectStore, one: _Expected, offsets: Iterable[int]) -> str | None:
    if not one.size_bytes:
        return None
    try:
        for offset in offsets:
            store.peek(one.key, one.version_id, offset=offset)
    except ObjectNotFoundError:
        return "missing"
    except StoreUnavailableError:
        store.ping()  # away is away: nothing is gone because of that
        return "unreadable"
    return None


def _conclude(context: ServiceContext, counts: tuple[int, int, int], *, ledger: str) -> int:
    """Enter the check in the custody log, and have repaired again what is still gone."""
    first, second, newly_lost = counts
    with context.unit_of_work() as work:
        losses = work.copies.open_losses()
        if not work.jobs.count_waiting(repair_copy.job_name):
            for loss in losses:
                work.jobs.defer(repair_copy, loss_id=str(loss.id))
        details: dict[str, JsonValue] = {
            "first": first,
            "second": second,
            "newly_lost": newly_lost,
            "still_lost": len(losses),
            "ledger_sha256": ledger,
        }
        work.custody.append(SUBJECT, context.new_id(), "copies.checked", actor=WORKER, at=context.clock.now(), details=details)
    return len(losses)
