"""Which clips are to be read in full again, and what came of it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from evidence_store.models import Clip, FixityCheck, FixityRun
from integrity.receipt import ClipState

_LAST_READ = func.coalesce(Clip.checked_at, Clip.verified_at)
_FAILED = "fixity_failed"
_NEVER_RIGHT = ("read_back_mismatch", "object_missing")
"""Marks that no further reading can change."""


class Fixity:
    """Readings of clips long after they were verified."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def count_kept(self) -> int:
        """Count the clips that are to be re-read again and again."""
        return self._session.execute(select(func.count()).select_from(Clip).where(_kept())).scalar_one()

    def count_due(self, before: datetime) -> int:
        """Count the clips that nobody has read since a time."""
        return self._session.execute(select(func.count()).select_from(Clip).where(_kept(), before > _LAST_READ)).scalar_one()

    def count_read(self, since: datetime) -> tuple[int, int]:
        """Count the checks since a time, and the bytes they read."""
        query = select(func.count(), func.coalesce(func.sum(Clip.size_bytes), 0)).select_from(FixityCheck).join(Clip, Clip.id == FixityCheck.clip_id)
        row = self._session.execute(query.where(FixityCheck.checked_at >= since)).one()
        return row[0], int(row[1] or 0)

    def oldest(self, *, before: datetime, limit: int) -> Sequence[Clip]:
        """List clips that nobody has read since a time: those that failed, which may be repaired by now, then those unread longest."""
        unread = select(Clip).where(_kept(), before > _LAST_READ).order_by(_LAST_READ, Clip.id).limit(limit)
        failed = list(self._session.scalars(unread.where(Clip.quarantine == _FAILED)))
        others = unread.where(Clip.quarantine.is_distinct_from(_FAILED)).limit(limit - len(failed))
        return failed + list(self._session.scalars(others))

    def oldest_read_at(self) -> datetime | None:
        """When the clip that is unread longest was read."""
        return self._session.execute(select(func.min(_LAST_READ)).where(_kept())).scalar_one()

    def note(self, check: FixityCheck) -> None:
        """Keep a check, and that its clip was read."""
        self._session.add(check)
        self._session.execute(update(Clip).where(Clip.id == check.clip_id).values(checked_at=check.checked_at))

    def add_run(self, run: FixityRun) -> None:
        """Keep that a stretch of readings ended."""
        self._session.add(run)

    def unsummed(self, *, since: datetime) -> list[UUID]:
        """Runs with checks since a time that were never summed up, because their process died."""
        summed = select(FixityRun.id).where(FixityRun.id == FixityCheck.run_id)
        return list(self._session.scalars(select(FixityCheck.run_id).distinct().where(FixityCheck.checked_at >= since, ~summed.exists())))

    def checks_of(self, run_id: UUID) -> list[tuple[FixityCheck, int]]:
        """A run's checks with the size of each clip, in order."""
        query = select(FixityCheck, Clip.size_bytes).join(Clip, Clip.id == FixityCheck.clip_id).where(FixityCheck.run_id == run_id)
        return [(row[0], row[1] or 0) for row in self._session.execute(query.order_by(FixityCheck.checked_at, FixityCheck.clip_id))]


def _kept() -> ColumnElement[bool]:
    is_kept: ColumnElement[bool] = Clip.state.in_([ClipState.VERIFIED, ClipState.SEALED, ClipState.RELEASED])
    return is_kept & (Clip.quarantine.is_(None) | Clip.quarantine.not_in(_NEVER_RIGHT))
