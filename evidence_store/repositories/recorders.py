"""Recorders and who has them."""

from datetime import date
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from evidence_store.actor import Scope
from evidence_store.models import Assignment, Recorder
from evidence_store.repositories.scope import within_agencies


class Recorders:
    """Recorders with their effective-dated facts."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def by_serial(self, serial: str) -> Recorder | None:
        """Find a recorder by its own serial number."""
        return self._session.scalars(select(Recorder).where(Recorder.serial == serial)).one_or_none()

    def find(self, serial: str, scope: Scope, *, for_update: bool = False) -> Recorder | None:
        """Find a recorder within a scope; to an officer, whether or not they have it."""
        query = select(Recorder).where(Recorder.serial == serial, within_agencies(Recorder.agency_id, scope))
        return self._session.scalars(query.with_for_update() if for_update else query).one_or_none()

    def lock(self, recorder_id: UUID) -> Recorder | None:
        """Find a recorder by id and hold its row until the transaction ends."""
        return self._session.scalars(select(Recorder).where(Recorder.id == recorder_id).with_for_update()).one_or_none()

    def ids_by_serial(self) -> dict[str, UUID]:
        """Every recorder's id by serial number."""
        return {row.serial: row.id for row in self._session.execute(select(Recorder.serial, Recorder.id))}

    def named(self, recorder_ids: set[UUID]) -> dict[UUID, Recorder]:
        """Recorders by id."""
        return {recorder.id: recorder for recorder in self._session.scalars(select(Recorder).where(Recorder.id.in_(recorder_ids)))}

    def assignments_of(self, recorder_id: UUID) -> list[Assignment]:
        """Every assignment of a recorder, oldest first."""
        query = select(Assignment).where(Assignment.recorder_id == recorder_id, Assignment.superseded_at.is_(None))
        return list(self._session.scalars(query.order_by(Assignment.valid_from)))

    def assignments_on(self, recorder_id: UUID, day: date) -> list[Assignment]:
        """Assignments of a recorder that hold on a day (Asia/Shanghai)."""
        query = select(Assignment).where(
            Assignment.recorder_id == recorder_id,
            Assignment.superseded_at.is_(None),
            Assignment.valid_from <= day,
            or_(Assignment.valid_until.is_(None), Assignment.valid_until >= day),
        )
        return list(self._session.scalars(query))
