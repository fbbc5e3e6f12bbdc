"""Runs of the lock probe."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from evidence_store.models import LockProbeRun


class LockProbes:
    """What the lock probe found."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, run: LockProbeRun) -> None:
        """Keep a run."""
        self._session.add(run)

    def latest(self, store: str) -> LockProbeRun | None:
        """The last run against a store."""
        query = select(LockProbeRun).where(LockProbeRun.store == store).order_by(LockProbeRun.finished_at.desc()).limit(1)
        return self._session.scalars(query).one_or_none()
