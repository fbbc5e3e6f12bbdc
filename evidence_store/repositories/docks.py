"""Docks, their sessions and the files seen at each."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from evidence_store.actor import Scope
from evidence_store.models import Agency, BoardRow, Clip, Dock, DockSession, Recorder, SessionFile
from evidence_store.repositories.scope import within_agencies

_IDENTITY_LOCKS = 0x1D
"""Keeps these advisory locks apart from others."""


class Docks:
    """Docks and sessions."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, dock: Dock) -> None:
        """Add a dock."""
        self._session.add(dock)
        self._session.flush()

    def get(self, dock_id: UUID) -> Dock | None:
        """Find a dock by its id."""
        return self._session.get(Dock, dock_id)

    def find(self, dock_id: UUID, scope: Scope, *, for_update: bool = False) -> Dock | None:
        """Find a dock within a scope; the credential of an import is none."""
        query = select(Dock).where(Dock.id == dock_id, Dock.import_id.is_(None), within_agencies(Dock.agency_id, scope))
        return self._session.scalars(query.with_for_update() if for_update else query).one_or_none()

    def by_token(self, token_sha256: bytes) -> tuple[Dock, Agency] | None:
        """Find the dock that holds a token, with its agency; a disabled dock holds none."""
        query = select(Dock, Agency).join(Agency, Agency.id == Dock.agency_id).where(Dock.token_sha256 == token_sha256, Dock.disabled_at.is_(None))
        row = self._session.execute(query).one_or_none()
        return None if row is None else (row[0], row[1])

    def add_session(self, session: DockSession) -> None:
        """Add a session."""
        self._session.add(session)
        self._session.flush()

    def session(self, session_id: UUID, dock_id: UUID, *, for_update: bool = False) -> DockSession | None:
        """Find a session of this dock."""
        query = select(DockSession).where(DockSession.id == session_id, DockSession.dock_id == dock_id)
        return self._session.scalars(query.with_for_update() if for_update else query).one_or_none()

    def find_session(self, session_id: UUID, scope: Scope) -> DockSession | None:
        """Find a session of a dock within a scope."""
        query = select(DockSession).join(Dock, Dock.id == DockSession.dock_id)
        return self._session.scalars(query.where(DockSession.id == session_id, within_agencies(Dock.agency_id, scope))).one_or_none()

    def get_session(self, session_id: UUID) -> DockSession | None:
        """Find any session by id, for the service itself."""
        return self._session.get(DockSession, session_id)

    def lock_session(self, session_id: UUID) -> DockSession | None:
        """Find any session by id and hold its row until the transaction ends."""
        return self._session.scalars(select(DockSession).where(DockSession.id == session_id).with_for_update()).one_or_none()

    def lock_silent_sessions(self, *, since: datetime) -> list[DockSession]:
        """List sessions that have not ended and of which nothing was heard since a time, and hold their rows."""
        heard_at = func.greatest(DockSession.opened_at, DockSession.listed_at, DockSession.progress_at)
        query = select(DockSession).where(DockSession.ended_at.is_(None), heard_at < since).order_by(DockSession.id)
        return list(self._session.scalars(query.with_for_update(skip_locked=True)))

    def lock_identity(self, serial: str) -> None:
        """Let nobody else open a session under this serial number until the transaction ends: two at once would not see each other."""
        self._session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(serial, _IDENTITY_LOCKS))))

    def lock_elsewhere(self, serial: str, dock_id: UUID, *, since: datetime) -> list[DockSession]:
        """List other docks' sessions under way whose recorder gave this serial number and that were heard of since a time, and hold their rows."""
        heard_at = func.greatest(DockSession.opened_at, DockSession.listed_at, DockSession.progress_at)
        query = select(DockSession).where(
            DockSession.identity["serial"].astext == serial,
            DockSession.dock_id != dock_id,
            DockSession.ended_at.is_(None),
            heard_at >= since,
        )
        return list(self._session.scalars(query.order_by(DockSession.id).with_for_update()))

    def set_progress(self, session_id: UUID, **values: object) -> None:
        """Write what the dock says of its progress; needs no lock, because it is for the board only."""
        self._session.execute(update(DockSession).where(DockSession.id == session_id).values(**values))

    def add_files(self, files: Sequence[SessionFile]) -> None:
        """Add the files of a listing."""
        self._session.add_all(files)
        self._session.flush()

    def files(self, session_id: UUID, *, for_update: bool = False) -> list[tuple[SessionFile, Clip]]:
        """List a session's files with their clips, in listing order; ``for_update`` holds the clips' rows."""
        query = (
            select(SessionFile, Clip)
            .join(Clip, Clip.id == SessionFile.clip_id)
            .where(SessionFile.session_id == session_id)
            .order_by(SessionFile.position)
        )
        return [(row[0], row[1]) for row in self._session.execute(query.with_for_update(of=Clip) if for_update else query)]

    def ordered_of(self, recorder_key: tuple[str, str], before: UUID) -> list[tuple[SessionFile, Clip]]:
        """List files that earlier sessions of a recorder were told to remove and that are not known to be gone.

        Args:
            recorder_key: Member of the identity and its value, for instance ``("serial", "A123456")``.
            before: The session under way, left out.
        """
        member, value = recorder_key
        query = (
            select(SessionFile, Clip)
            .join(Clip, Clip.id == SessionFile.clip_id)
            .join(DockSession, DockSession.id == SessionFile.session_id)
            .where(
                SessionFile.release_ordered_at.is_not(None),
                Clip.released_at.is_(None),
                DockSession.identity[member].astext == value,
                DockSession.id != before,
            )
            .order_by(Clip.id)
            .with_for_update(of=Clip)
        )
        return [(row[0], row[1]) for row in self._session.execute(query)]

    def file_of(self, session_id: UUID, clip_id: UUID, *, for_update: bool = False) -> tuple[SessionFile, Clip] | None:
        """Find a session's file by its clip; ``for_update`` holds the clip's row."""
        query = (
            select(SessionFile, Clip)
            .join(Clip, Clip.id == SessionFile.clip_id)
            .where(SessionFile.session_id == session_id, SessionFile.clip_id == clip_id)
        )
        if for_update:
            query = query.with_for_update(of=Clip)
        row = self._session.execute(query).first()
        return None if row is None else (row[0], row[1])

    def latest_of_recorder(self, recorder_id: UUID, *, limit: int) -> list[DockSession]:
        """List a registered recorder's sessions at every dock, newest first."""
        query = select(DockSession).where(DockSession.recorder_id == recorder_id).order_by(DockSession.opened_at.desc()).limit(limit)
        return list(self._session.scalars(query))

    def count_states(self, session_id: UUID) -> tuple[dict[str, int], int]:
        """Count a session's files by their clips' state, and those in quarantine."""
        query = (
            select(Clip.state, func.count(), func.count(Clip.quarantine))
            .join(SessionFile, SessionFile.clip_id == Clip.id)
            .where(SessionFile.session_id == session_id)
            .group_by(Clip.state)
        )
        rows = list(self._session.execute(query))
        return {row[0]: row[1] for row in rows}, sum(row[2] for row in rows)

    def board(self, scope: Scope, *, limit: int) -> list[BoardRow]:
        """List the newest sessions of docks within a scope, those under way first."""
        query = (
            select(DockSession, Dock, Recorder)
            .join(Dock, Dock.id == DockSession.dock_id)
            .outerjoin(Recorder, Recorder.id == DockSession.recorder_id)
            .where(within_agencies(Dock.agency_id, scope), Dock.import_id.is_(None))
            .order_by(DockSession.ended_at.is_not(None), DockSession.opened_at.desc())
            .limit(limit)
        )
        rows = list(self._session.execute(query))
        states = self._states([row[0].id for row in rows])
        return [BoardRow(row[0], row[1], row[2], states.get(row[0].id, {})) for row in rows]

    def _states(self, session_ids: list[UUID]) -> dict[UUID, dict[str, int]]:
        query = (
            select(SessionFile.session_id, Clip.state, func.count())
            .join(Clip, Clip.id == SessionFile.clip_id)
            .where(SessionFile.session_id.in_(session_ids))
            .group_by(SessionFile.session_id, Clip.state)
        )
        found: dict[UUID, dict[str, int]] = {}
        for session_id, state, count in self._session.execute(query):
            found.setdefault(session_id, {})[state] = count
        return found
