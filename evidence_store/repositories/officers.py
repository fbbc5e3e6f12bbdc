"""Officers, their posts and certificates."""

from datetime import date
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from evidence_store.models import Officer, OfficerCode, OfficerPost


class Officers:
    """Officers with their effective-dated facts."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, officer_id: UUID) -> Officer | None:
        """Find an officer by id."""
        return self._session.get(Officer, officer_id)

    def by_code(self, code: str) -> Officer | None:
        """Find an officer by the number that recorders carry."""
        return self._session.scalars(select(Officer).where(Officer.code == code)).one_or_none()

    def holders_of_code(self, code: str) -> list[OfficerCode]:
        """Whom a number meant when, oldest first."""
        return list(
            self._session.scalars(
                select(OfficerCode).where(OfficerCode.code == code, OfficerCode.superseded_at.is_(None)).order_by(OfficerCode.valid_from)
            )
        )

    def nameless(self) -> set[str]:
        """Numbers of officers whose name is not known: a rebuilt database has only their numbers, until a roster tells the names."""
        return set(self._session.scalars(select(Officer.code).where(Officer.name == "")))

    def name_once(self, code: str, name: str) -> None:
        """Give an officer without a name one."""
        self._session.execute(update(Officer).where(Officer.code == code, Officer.name == "").values(name=name))

    def ids_by_code(self) -> dict[str, UUID]:
        """Every officer's id by number."""
        return {row.code: row.id for row in self._session.execute(select(Officer.code, Officer.id))}

    def named(self, officer_ids: set[UUID]) -> dict[UUID, Officer]:
        """Officers by id."""
        return {officer.id: officer for officer in self._session.scalars(select(Officer).where(Officer.id.in_(officer_ids)))}

    def agency_on(self, officer_id: UUID, day: date) -> UUID | None:
        """The agency an officer serves in on a day (Asia/Shanghai)."""
        query = select(OfficerPost.agency_id).where(
            OfficerPost.officer_id == officer_id,
            OfficerPost.superseded_at.is_(None),
            OfficerPost.valid_from <= day,
            or_(OfficerPost.valid_until.is_(None), OfficerPost.valid_until >= day),
        )
        return self._session.scalars(query).first()
