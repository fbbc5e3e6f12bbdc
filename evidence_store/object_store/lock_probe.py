"""Does the store really refuse? Writes a canary under a short lock, attacks it, and reads it back after each attack."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from evidence_store.errors import ObjectNotFoundError, ObjectStoreRefusedError, StoreUnavailableError
from evidence_store.object_store.store import ObjectStore

ACCEPTED = "accepted"
UNANSWERED = "unanswered"
"""The store failed at the attempt instead of refusing it, which proves nothing; one that is away fails at the reading that follows."""
CANARY = b"If this can be changed or removed before its time, nothing in this store is evidence.\n"
CANARY_LOCK = timedelta(hours=1)

MUST_BE_REFUSED = (
    "delete-version",
    "delete-with-bypass",
    "delete-in-batch",
    "shorten-retention",
    "downgrade-retention",
    "clear-retention",
    "suspend-versioning",
    "wrong-content-md5",
)
"""Attempts the store must answer with an error."""
MUST_LEAVE_INTACT = ("overwrite", "delete-newest")
"""Attempts a versioned bucket may accept: they add a version or a delete marker, and the locked version must still be there."""


@dataclass(frozen=True, slots=True)
class LockProbeStep:
    """One attempt and what came of it.

    Attributes:
        attempt: What was tried.
        answer: The store's error code, or ``accepted``, or ``unanswered``.
        is_intact: Whether the canary's bytes and lock were still there afterwards.
        is_passed: Whether the store did what it must.
    """

    attempt: str
    answer: str
    is_intact: bool
    is_passed: bool


@dataclass(frozen=True, slots=True)
class LockProbeResult:
    """Every step of a run; a store passes when every step does."""

    steps: tuple[LockProbeStep, ...]

    @property
    def is_passed(self) -> bool:
        """Whether the store may be trusted with evidence."""
        return bool(self.steps) and all(step.is_passed for step in self.steps)


def probe_lock(objects: ObjectStore, key: str, *, now: Callable[[], datetime]) -> LockProbeResult:
    """Write, attack and read back a canary.

    Args:
        objects: The store to be tried.
        key: A key that nothing else uses; its versions stay until their lock ends.
        now: The clock.

    Raises:
        StoreUnavailableError: The store could not be reached; nothing is known about it.
    """
    canary = objects.put(key, CANARY, retain_until=now() + CANARY_LOCK)
    steps = [_step("lock", ACCEPTED, is_intact=_is_intact(objects, key, canary.version_id, now()), is_refused=True)]
    for attempt in MUST_BE_REFUSED + MUST_LEAVE_INTACT:
        try:
            answer = objects.attempt(attempt, key, canary.version_id, now=now())
        except StoreUnavailableError:
            answer = UNANSWERED
        is_intact = _is_intact(objects, key, canary.version_id, now())
        steps.append(_step(attempt, answer, is_intact=is_intact, is_refused=answer not in {ACCEPTED, UNANSWERED} or attempt in MUST_LEAVE_INTACT))
    return LockProbeResult(tuple(steps))


def _step(attempt: str, answer: str, *, is_intact: bool, is_refused: bool) -> LockProbeStep:
    return LockProbeStep(attempt, answer, is_intact=is_intact, is_passed=is_intact and is_refused)


def _is_intact(objects: ObjectStore, key: str, version_id: str, now: datetime) -> bool:
    try:
        lock = objects.retention(key, version_id)
        held = b"".join(objects.read(key, version_id))
    except (ObjectNotFoundError, ObjectStoreRefusedError):
        return False
    least = now + CANARY_LOCK - timedelta(minutes=5)
    return held == CANARY and lock is not None and lock.mode == "COMPLIANCE" and lock.until >= least
