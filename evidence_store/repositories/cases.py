"""Cases and the clips linked to them."""

from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from evidence_store.actor import Actor
from evidence_store.models import Agency, Case, CaseClip
from evidence_store.repositories.scope import within_agencies


class Cases:
    """Cases; every method that finds one takes the actor."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, case: Case) -> None:
        """Add a case."""
        self._session.add(case)
        self._session.flush()

    def find(self, case_id: UUID, actor: Actor, *, for_update: bool = False) -> tuple[Case, Agency] | None:
        """Find a case that the actor may see; ``for_update`` holds its row."""
        query = select(Case, Agency).join(Agency, Agency.id == Case.agency_id).where(Case.id == case_id, within_agencies(Case.agency_id, actor.scope))
        row = self._session.execute(query.with_for_update(of=Case) if for_update else query).one_or_none()
        return None if row is None else (row[0], row[1])

    def search(self, actor: Actor, *, text: str | None, limit: int) -> list[tuple[Case, Agency, int]]:
        """List cases that the actor may see, newest first, each with its number of linked clips."""
        linked = select(func.count()).where(CaseClip.case_id == Case.id, CaseClip.unlinked_at.is_(None)).scalar_subquery()
        query = (
            select(Case, Agency, linked)
            .join(Agency, Agency.id == Case.agency_id)
            .where(within_agencies(Case.agency_id, actor.scope))
            .order_by(Case.opened_at.desc(), Case.id.desc())
            .limit(limit)
        )
        if text:
            query = query.where(Case.number.icontains(text, autoescape=True) | Case.title.icontains(text, autoescape=True))
        return [(row[0], row[1], row[2]) for row in self._session.execute(query)]

    def link(self, case_id: UUID, clip_id: UUID) -> CaseClip | None:
        """The link that joins a clip to a case now."""
        query = select(CaseClip).where(CaseClip.case_id == case_id, CaseClip.clip_id == clip_id, CaseClip.unlinked_at.is_(None))
        return self._session.scalars(query.with_for_update()).one_or_none()

    def add_link(self, link: CaseClip) -> None:
        """Add a link."""
        self._session.add(link)
        self._session.flush()

    def is_linked(self, clip_id: UUID) -> bool:
        """Whether any case holds a clip now, whoever may see it."""
        return self._session.scalar(select(exists().where(CaseClip.clip_id == clip_id, CaseClip.unlinked_at.is_(None)))) is True

    def links_of(self, clip_id: UUID, actor: Actor) -> list[tuple[CaseClip, Case]]:
        """Cases that a clip is linked to now, as far as the actor may see them."""
        query = (
            select(CaseClip, Case)
            .join(Case, Case.id == CaseClip.case_id)
            .where(CaseClip.clip_id == clip_id, CaseClip.unlinked_at.is_(None), within_agencies(Case.agency_id, actor.scope))
            .order_by(CaseClip.linked_at)
        )
        return [(row[0], row[1]) for row in self._session.execute(query)]

    def links_in(self, case_id: UUID) -> dict[UUID, CaseClip]:
        """The links of a case now, by clip."""
        query = select(CaseClip).where(CaseClip.case_id == case_id, CaseClip.unlinked_at.is_(None))
        return {link.clip_id: link for link in self._session.scalars(query)}
