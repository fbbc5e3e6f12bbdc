"""Agencies."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from evidence_store.actor import Scope
from evidence_store.models import Agency


class Agencies:
    """The agency tree."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, agencies: Iterable[Agency]) -> None:
        """Add agencies, parents first."""
        self._session.add_all(agencies)
        self._session.flush()

    def get(self, agency_id: UUID) -> Agency | None:
        """Find an agency by its id."""
        return self._session.get(Agency, agency_id)

    def named(self, agency_ids: set[UUID]) -> dict[UUID, Agency]:
        """Agencies by id."""
        if not agency_ids:
            return {}
        return {agency.id: agency for agency in self._session.scalars(select(Agency).where(Agency.id.in_(agency_ids)))}

    def by_code(self, code: str) -> Agency | None:
        """Find an agency by its code."""
        return self._session.scalars(select(Agency).where(Agency.code == code)).one_or_none()

    def within(self, scope: Scope) -> list[Agency]:
        """List the scope's agency and every one below it, by path."""
        return list(self._session.scalars(select(Agency).where(Agency.path.startswith(scope.agency_path, autoescape=True)).order_by(Agency.path)))

    def children(self, agency_id: UUID) -> list[Agency]:
        """List the agencies directly below one, by path."""
        return list(self._session.scalars(select(Agency).where(Agency.parent_id == agency_id).order_by(Agency.path)))

    def top(self) -> Agency | None:
        """The agency at the top of the tree, when there is one."""
        return self._session.scalars(select(Agency).where(Agency.parent_id.is_(None)).order_by(Agency.path).limit(1)).one_or_none()
