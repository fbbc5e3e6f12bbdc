"""A dock tells how a plugging-in goes, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from evidence_store.actor import WORKER, Actor
from evidence_store.models import Clip
from service.context import ServiceContext
from service.errors import UnacceptableValueError
from service.ingest.errors import SessionNotFoundError
from service.ingest.read_back_clip import seal_when_due
from service.ingest.tell_session import tell_ended
from service.jobs import job

OUTCOMES = ("finished", "unplugged", "failed")
LOST = "lost"
SILENT_FOR = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class SessionState:
    """How far a session's files have come, by state."""

    session_id: UUID
    is_ended: bool
    counts: dict[str, int]
    quarantined: int


def report_progress(context: ServiceContext, session_id: UUID, progress: Mapping[str, Any], *, dock: Actor) -> None:
    """Show on the board how far a docking is; nothing depends on it.

    Raises:
        SessionNotFoundError: This dock has no such session.
    """
    with context.unit_of_work() as work:
        if work.docks.session(session_id, UUID(dock.id)) is None:
            raise SessionNotFoundError(session_id)
        work.docks.set_progress(session_id, progress=dict(progress), progress_at=context.clock.now())


def report_failure(context: ServiceContext, session_id: UUID, clip_id: UUID, *, failure: Mapping[str, Any], dock: Actor) -> None:
    """Keep why a file could not be read; it stays expected.

    Raises:
        SessionNotFoundError: The clip is not among this session's files.
    """
    with context.unit_of_work() as work:
        found = work.docks.file_of(session_id, clip_id, for_update=True) if work.docks.session(session_id, UUID(dock.id)) else None
        if found is None:
            raise SessionNotFoundError(session_id)
        file, clip = found
        if file.failure != failure:
            file.failure = dict(failure)
            details = {"session_id": str(session_id), **failure}
            work.custody.append("clip", clip.id, "reading.failed", actor=dock, at=context.clock.now(), details=details)


def end_session(context: ServiceContext, session_id: UUID, outcome: str, *, dock: Actor) -> None:
    """Record that a recorder is done with, or gone; what it gave is sealed as soon as it is verified.

    Raises:
        SessionNotFoundError: This dock has no such session.
        UnacceptableValueError: No such outcome.
    """
    if outcome not in OUTCOMES:
        raise UnacceptableValueError("outcome", f"one of {', '.join(OUTCOMES)}")
    with context.unit_of_work() as work:
        session = work.docks.session(session_id, UUID(dock.id), for_update=True)
        if session is None:
            raise SessionNotFoundError(session_id)
        if session.outcome != outcome:
            session.ended_at = now = context.clock.now()
            session.outcome = outcome
            tell_ended(work, session, actor=dock, at=now)
            work.flush()
            seal_when_due(work, session)


@job("session.end_lost")
def end_lost_sessions(context: ServiceContext) -> None:
    """End sessions whose dock has been silent for five minutes; one that speaks again later goes on, and says itself how it ended."""
    now = context.clock.now()
    with context.unit_of_work() as work:
        for session in work.docks.lock_silent_sessions(since=now - SILENT_FOR):
            session.ended_at = now
            session.outcome = LOST
            tell_ended(work, session, actor=WORKER, at=now)
            work.flush()
            seal_when_due(work, session)


def read_session(context: ServiceContext, session_id: UUID, *, dock: Actor) -> SessionState:
    """Tell a dock how far a session's files have come.

    Raises:
        SessionNotFoundError: This dock has no such session.
    """
    with context.unit_of_work() as work:
        session = work.docks.session(session_id, UUID(dock.id))
        if session is None:
            raise SessionNotFoundError(session_id)
        counts, quarantined = work.docks.count_states(session_id)
        return SessionState(session_id, session.ended_at is not None, counts, quarantined)


def list_session_clips(context: ServiceContext, session_id: UUID, *, dock: Actor) -> list[tuple[int, Clip]]:
    """List a session's files with their place in the listing.

    Raises:
        SessionNotFoundError: This dock has no such session.
    """
    with context.unit_of_work() as work:
        if work.docks.session(session_id, UUID(dock.id)) is None:
            raise SessionNotFoundError(session_id)
        return [(file.position, clip) for file, clip in work.docks.files(session_id)]
