"""Imports of footage, and what their sources state of files."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import any_, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from evidence_store.actor import Scope
from evidence_store.models import Agency, Clip, Dock, DockSession, FootageImport, ImportRow, ImportStatement, SessionFile
from evidence_store.repositories.scope import within_agencies


class Imports:
    """Imports of footage."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, footage_import: FootageImport) -> None:
        """Add an import."""
        self._session.add(footage_import)
        self._session.flush()

    def get(self, import_id: UUID) -> FootageImport | None:
        """Find an import by its id, for the service itself."""
        return self._session.get(FootageImport, import_id)

    def lock(self, import_id: UUID, scope: Scope) -> FootageImport | None:
        """Find an import within a scope and hold its row until the transaction ends."""
        query = select(FootageImport).where(FootageImport.id == import_id, within_agencies(FootageImport.agency_id, scope))
        return self._session.scalars(query.with_for_update()).one_or_none()

    def dock_of(self, import_id: UUID) -> Dock | None:
        """The dock credential that an import's files come through."""
        return self._session.scalars(select(Dock).where(Dock.import_id == import_id)).one_or_none()

    def state_files(self, import_id: UUID, stated: Mapping[bytes, dict[str, Any]]) -> set[bytes]:
        """Keep what the source states of files, by the digest of their path; what is stated already stays as it is.

        Returns:
            Digests of paths of which something else is stated already.
        """
        rows = [{"import_id": import_id, "path_sha256": path, "stated": value} for path, value in stated.items()]
        if rows:
            self._session.execute(insert(ImportStatement).values(rows).on_conflict_do_nothing())
        return {path for path, value in self.stated(import_id, stated).items() if value != stated[path]}

    def stated(self, import_id: UUID, paths: Collection[bytes]) -> dict[bytes, dict[str, Any]]:
        """What was stated of files, by the digest of their path."""
        query = select(ImportStatement).where(ImportStatement.import_id == import_id, ImportStatement.path_sha256.in_(paths))
        return {row.path_sha256: row.stated for row in self._session.scalars(query)}

    def newest(self, scope: Scope, *, limit: int) -> list[ImportRow]:
        """List the newest imports within a scope."""
        query = (
            select(FootageImport, Agency)
            .join(Agency, Agency.id == FootageImport.agency_id)
            .where(within_agencies(FootageImport.agency_id, scope))
            .order_by(FootageImport.opened_at.desc(), FootageImport.id)
            .limit(limit)
        )
        rows = [(row[0], row[1]) for row in self._session.execute(query)]
        ids = [one.id for one, _ in rows]
        brought, differing, recognised = self._brought(ids), self._differing(ids), self._recognised(ids)
        return [ImportRow(one, agency, brought.get(one.id, {}), recognised.get(one.id, 0), differing.get(one.id, 0)) for one, agency in rows]

    def _brought(self, ids: Collection[UUID]) -> dict[UUID, dict[str, int]]:
        query = select(Clip.import_id, Clip.state, func.count()).where(Clip.import_id.in_(ids)).group_by(Clip.import_id, Clip.state)
        found: dict[UUID, dict[str, int]] = {}
        for import_id, state, count in self._session.execute(query):
            if import_id is not None:
                found.setdefault(import_id, {})[state] = count
        return found

    def _differing(self, ids: Collection[UUID]) -> dict[UUID, int]:
        query = select(Clip.import_id, func.count()).where(Clip.import_id.in_(ids), literal("stated_digest_differs") == any_(Clip.flags))
        return {row[0]: row[1] for row in self._session.execute(query.group_by(Clip.import_id)) if row[0] is not None}

    def _recognised(self, ids: Collection[UUID]) -> dict[UUID, int]:
        """Files that other clips than the import's own turned out to be."""
        query = (
            select(Dock.import_id, func.count(func.distinct(SessionFile.clip_id)))
            .join(DockSession, DockSession.dock_id == Dock.id)
            .join(SessionFile, SessionFile.session_id == DockSession.id)
            .join(Clip, Clip.id == SessionFile.clip_id)
            .where(Dock.import_id.in_(ids), SessionFile.action == "skip", Clip.import_id.is_distinct_from(Dock.import_id))
            .group_by(Dock.import_id)
        )
        return {row[0]: row[1] for row in self._session.execute(query) if row[0] is not None}
