"""Who had a pool recorder, from when to when."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from evidence_store.actor import Scope
from evidence_store.models import Officer, PoolCheckout, Recorder
from evidence_store.repositories.scope import within_agencies


class Checkouts:
    """Check-outs of pool recorders."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, checkout: PoolCheckout) -> None:
        """Add a check-out; the database refuses one that overlaps another of its recorder."""
        self._session.add(checkout)
        self._session.flush()

    def open_of(self, recorder_id: UUID) -> PoolCheckout | None:
        """The check-out that lasts."""
        query = select(PoolCheckout).where(PoolCheckout.recorder_id == recorder_id, PoolCheckout.returned_at.is_(None))
        return self._session.scalars(query).one_or_none()

    def of(self, recorder_id: UUID) -> list[PoolCheckout]:
        """Every check-out of a recorder, oldest first."""
        return list(self._session.scalars(select(PoolCheckout).where(PoolCheckout.recorder_id == recorder_id).order_by(PoolCheckout.taken_at)))

    def open_within(self, scope: Scope, *, limit: int) -> list[tuple[PoolCheckout, Recorder, Officer]]:
        """List check-outs that last, of recorders within a scope, newest first; to an officer only their own."""
        query = (
            select(PoolCheckout, Recorder, Officer)
            .join(Recorder, Recorder.id == PoolCheckout.recorder_id)
            .join(Officer, Officer.id == PoolCheckout.officer_id)
            .where(PoolCheckout.returned_at.is_(None), within_agencies(Recorder.agency_id, scope))
        )
        if scope.officer_id is not None:
            query = query.where(PoolCheckout.officer_id == scope.officer_id)
        rows = self._session.execute(query.order_by(PoolCheckout.taken_at.desc(), PoolCheckout.id).limit(limit))
        return [(row[0], row[1], row[2]) for row in rows]

    def latest(self, recorder_id: UUID, scope: Scope, *, limit: int) -> list[tuple[PoolCheckout, Officer]]:
        """List a recorder's latest check-outs, newest first; to an officer only their own."""
        query = select(PoolCheckout, Officer).join(Officer, Officer.id == PoolCheckout.officer_id).where(PoolCheckout.recorder_id == recorder_id)
        if scope.officer_id is not None:
            query = query.where(PoolCheckout.officer_id == scope.officer_id)
        return [(row[0], row[1]) for row in self._session.execute(query.order_by(PoolCheckout.taken_at.desc()).limit(limit))]
