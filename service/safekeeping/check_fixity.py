"""Clips are read in full again, those unread longest first, and compared with what was verified when they came."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from evidence_store.actor import WORKER
from evidence_store.errors import ObjectNotFoundError, StoreUnavailableError
from evidence_store.models import Clip, FixityCheck, FixityRun, StoreRole
from evidence_store.unit_of_work import UnitOfWork
from integrity.canonical import JsonValue
from integrity.hashing import running_sha256
from integrity.merkle import append_leaves, leaf_hash
from service.context import ServiceContext
from service.copies.canary import prove_reliable
from service.copies.repair_copy import FoundGone, note_losses
from service.jobs import job
from service.safekeeping.events import read_past_event
from service.safekeeping.findings import FindingKind as Kind
from service.safekeeping.findings import Found
from service.safekeeping.fixity_plan import FixityPlan, plan_fixity
from service.safekeeping.reconcile import keep_findings

FIXITY_FAILED = "fixity_failed"
"""Mark of a clip whose stored bytes are no longer those that were verified; no decision makes it evidence again."""
SUBJECT = "fixity"
MISSING, UNREADABLE = "missing", "unreadable"
A_TURN = timedelta(minutes=10)
CAN_WAIT = -20
"""Nobody waits for it."""
INTERRUPTED_WITHIN = timedelta(days=7)
_AT_ONCE = 50
_MEBI = 1024**2
_LEAST_WAIT_S = 0.05
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FixityResult:
    """What a stretch of re-reading came to.

    Attributes:
        run: Its figures; ``None`` where nothing was to be read.
        failed: Clips that are not what they were.
        is_over: Whether today's share is read, or its budget used up.
    """

    run: FixityRun | None
    failed: tuple[UUID, ...]
    is_over: bool


@job("store.check_fixity")
def check_fixity_daily(context: ServiceContext) -> None:
    """Read today's share, ten minutes at a time, so that other work gets its turn."""
    result = check_fixity(context, percent=context.settings.fixity_percent, most=A_TURN)
    if not result.is_over:
        with context.unit_of_work() as work:
            work.jobs.defer_once(check_fixity_daily, priority=CAN_WAIT)


def check_fixity(
    context: ServiceContext, *, percent: float, most: timedelta | None = None, report: Callable[[str], None] = lambda _: None
) -> FixityResult:
    """Read what is left of today's share (UTC), within the day's budget of bytes and the rate set for it.

    Killed on the way it goes on where it stopped, because every reading is noted as it ends.

    Args:
        context: What the service needs.
        percent: Share of all clips for a day; never less than a round within 90 days needs.
        most: How long it may take; a clip that was begun is read to its end.
        report: Told how far it is.

    Raises:
        StoreUnavailableError: Database or store is away; what was read so far is noted.
    """
    began_at = context.clock.now()
    today = began_at.replace(hour=0, minute=0, second=0, microsecond=0)
    with context.unit_of_work() as work:
        kept = work.fixity.count_kept()
        read_today, bytes_today = work.fixity.count_read(today)
        interrupted = work.fixity.unsummed(since=began_at - INTERRUPTED_WITHIN)
    for run_id in interrupted:
        _sum_up(context, run_id, due=0)
    budget = int(context.settings.fixity_budget_gib * 1024**3)
    plan = plan_fixity(kept=kept, read_today=read_today, bytes_today=bytes_today, percent=percent, budget_bytes=budget)
    reading = _Reading(context, plan, report)
    reading.carry_out(ends_at=began_at + most if most is not None else None)
    return FixityResult(_sum_up(context, reading.run_id, due=plan.clips), tuple(reading.failed), reading.is_over)


class _Reading:
    """One stretch of readings."""

    def __init__(self, context: ServiceContext, plan: FixityPlan, report: Callable[[str], None]) -> None:
        self._context = context
        self._plan = plan
        self._report = report
        self.run_id: UUID = context.new_id()
        self.failed: list[UUID] = []
        self.is_over = False
        self._count = 0
        self._size = 0

    def carry_out(self, *, ends_at: datetime | None) -> None:
        """Read clips until the share, the budget or the time is used up."""
        began_at = self._context.clock.now()
        while not self.is_over:
            with self._context.unit_of_work() as work:
                clips = work.fixity.oldest(before=began_at, limit=max(1, min(_AT_ONCE, self._plan.clips - self._count)))
            for clip in clips:
                if ends_at is not None and self._context.clock.now() >= ends_at:
                    return
                if self._is_used_up(clip):
                    break
                if not check_clip(self._context, clip, self.run_id):
                    self.failed.append(clip.id)
                self._count, self._size = self._count + 1, self._size + (clip.size_bytes or 0)
                self._report(f"read {self._count} of {self._plan.clips} clips, {self._size // _MEBI} MiB")
            self.is_over = self.is_over or not clips

    def _is_used_up(self, clip: Clip) -> bool:
        """Whether the share or the budget ends before this clip; the first of a day is read however long it is."""
        is_first_ever = self._count == 0 and self._plan.is_untouched
        over = self._size + (clip.size_bytes or 0) > self._plan.size_bytes and not is_first_ever
        if over:
            self._report("the day's budget of bytes is used up")
        self.is_over = over or self._count >= self._plan.clips
        return self.is_over


def check_clip(context: ServiceContext, clip: Clip, run_id: UUID) -> bool:
    """Read one clip and note what was found; one that is not what it was is put into quarantine, and repaired where there is a second store.

    A clip that failed before and is right now, because it was repaired, leaves the quarantine.
    """
    found = _digest(context, clip)
    is_good = found == clip.sha256
    now = context.clock.now()
    with context.unit_of_work() as work:
        row = work.clips.lock(clip.id)
        if row is None or row.object_version != clip.object_version:
            return True  # repaired while it was read: its turn comes again
        work.fixity.note(FixityCheck(clip_id=clip.id, checked_at=now, run_id=run_id, is_good=is_good, found=found))
        if is_good and row.quarantine == FIXITY_FAILED:
            row.quarantine = _mark_before(work, clip.id)
            work.custody.append("clip", clip.id, "fixity.restored", actor=WORKER, at=now, details={"mark": row.quarantine})
            work.findings.resolve(Kind.FIXITY_FAILED, f"clip {clip.id}", at=now)
        elif not is_good and row.quarantine != FIXITY_FAILED:
            details: dict[str, JsonValue] = {"reason": FIXITY_FAILED, "expected_sha256": row.sha256, "found": found, "before": row.quarantine}
            row.quarantine = FIXITY_FAILED
            work.custody.append("clip", clip.id, "fixity.failed", actor=WORKER, at=now, details=details)
    if not is_good:
        _tell_failure(context, clip, found)
    return is_good


def _tell_failure(context: ServiceContext, clip: Clip, found: str) -> None:
    _LOG.error("a clip is no longer what was verified", extra={"clip_id": str(clip.id), "found": found})
    keep_findings(context, [Found(Kind.FIXITY_FAILED, f"clip {clip.id}", clip.id, {"expected_sha256": clip.sha256, "found": found})])
    if context.second_objects is not None:
        reason = found if found in {MISSING, UNREADABLE} else "altered"
        note_losses(context, [FoundGone(StoreRole.FIRST, clip.object_key, clip.object_version or "", clip.id, reason)])


def _mark_before(work: UnitOfWork, clip_id: UUID) -> str | None:
    """The mark that a clip had before its re-reading failed."""
    failures = [row.canonical for row, _ in work.custody.chain("clip", clip_id) if row.action == "fixity.failed"]
    before = read_past_event(failures[-1]).details.get("before") if failures else None
    return str(before) if before is not None else None


def _digest(context: ServiceContext, clip: Clip) -> str:
    """Read the original by its version; SHA-256 in hexadecimal, or what was found instead.

    Raises:
        StoreUnavailableError: The store is away, and not only this version.
    """
    try:
        return _read(context, clip)
    except ObjectNotFoundError:
        return MISSING
    except StoreUnavailableError:
        prove_reliable(context, context.objects)  # what fails because the store is away is not gone
    try:
        return _read(context, clip)
    except StoreUnavailableError:
        return UNREADABLE


def _read(context: ServiceContext, clip: Clip) -> str:
    """Read no faster than is set."""
    running = running_sha256()
    size = 0
    began_at = context.clock.now()
    rate = context.settings.fixity_mib_per_s * _MEBI
    for chunk in context.objects.read(clip.object_key, clip.object_version or ""):
        running.update(chunk)
        size += len(chunk)
        ahead_s = size / rate - (context.clock.now() - began_at).total_seconds()
        if ahead_s > _LEAST_WAIT_S:
            context.clock.wait(ahead_s)
    return running.digest().hex() if size == clip.size_bytes else f"{size} bytes"


def _sum_up(context: ServiceContext, run_id: UUID, *, due: int) -> FixityRun | None:
    """Write a run's figures, and enter them in the custody log with a root over what was read, in one transaction."""
    now = context.clock.now()
    with context.unit_of_work() as work:
        checks = work.fixity.checks_of(run_id)
        if not checks:
            return None
        run = FixityRun(id=run_id, started_at=checks[0][0].checked_at, finished_at=now, due=max(due, len(checks)), checked=len(checks))
        run.failed = sum(not check.is_good for check, _ in checks)
        run.size_bytes = sum(size for _, size in checks)
        run.root = root_of_checked([check.clip_id for check, _ in checks])
        work.fixity.add_run(run)
        details: dict[str, JsonValue] = {"due": run.due, "checked": run.checked, "failed": run.failed, "size_bytes": run.size_bytes}
        work.custody.append(SUBJECT, run_id, "fixity.checked", actor=WORKER, at=now, details={**details, "root": run.root})
    return run


def root_of_checked(clip_ids: Sequence[UUID]) -> str:
    """Root of the RFC 9162 tree over the ids of clips, 16 bytes each, in the order they were read; in hexadecimal."""
    _, root = append_leaves(lambda _level, _index: b"", 0, [leaf_hash(clip_id.bytes) for clip_id in clip_ids])
    return root.hex()
