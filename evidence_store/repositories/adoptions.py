"""Which recorder a medium without identity was said to belong to."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from evidence_store.actor import Scope
from evidence_store.models import Recorder, RecorderAdoption
from evidence_store.repositories.scope import within_agencies


class Adoptions:
    """Adoptions of recorders."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, adoption: RecorderAdoption) -> None:
        """Add an adoption; the database refuses a second one of a medium while the first lasts."""
        self._session.add(adoption)
        self._session.flush()

    def current(self, medium: str) -> RecorderAdoption | None:
        """The adoption of a medium that lasts."""
        query = select(RecorderAdoption).where(RecorderAdoption.medium == medium, RecorderAdoption.ended_at.is_(None))
        return self._session.scalars(query).one_or_none()

    def find(self, adoption_id: UUID, scope: Scope) -> RecorderAdoption | None:
        """Find an adoption of a recorder within a scope, and hold its row until the transaction ends."""
        query = (
            select(RecorderAdoption)
            .join(Recorder, Recorder.id == RecorderAdoption.recorder_id)
            .where(RecorderAdoption.id == adoption_id, within_agencies(Recorder.agency_id, scope))
        )
        return self._session.scalars(query.with_for_update(of=RecorderAdoption)).one_or_none()

    def lasting(self, scope: Scope) -> list[tuple[RecorderAdoption, Recorder]]:
        """List adoptions that last, of recorders within a scope, newest first."""
        query = (
            select(RecorderAdoption, Recorder)
            .join(Recorder, Recorder.id == RecorderAdoption.recorder_id)
            .where(RecorderAdoption.ended_at.is_(None), within_agencies(Recorder.agency_id, scope))
            .order_by(RecorderAdoption.adopted_at.desc(), RecorderAdoption.id)
        )
        return [(row[0], row[1]) for row in self._session.execute(query)]
