"""A dock says that a recorder was plugged in."""

from dataclasses import dataclass
from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.models import DockSession
from integrity.listing import ClockReading, RecorderIdentity
from integrity.plain import to_members
from service.context import ServiceContext
from service.ingest.errors import SessionConflictError, SessionNotFoundError


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session, and whether its dock leaves files on the recorder."""

    session_id: UUID
    keep_on_recorder: bool


@dataclass(frozen=True, slots=True)
class PluggingIn:
    """What a dock attests when a recorder was plugged in.

    Attributes:
        slot: Where, for people.
        software: The dock program and its version.
        protocol: Version of the dock protocol it speaks.
        identity: Who the recorder says it is.
        clock: Its clock, read before anything was set.
    """

    slot: str
    software: str
    protocol: int
    identity: RecorderIdentity
    clock: ClockReading | None


def open_session(context: ServiceContext, session_id: UUID, plugged: PluggingIn, *, dock: Actor) -> OpenedSession:
    """Open a session; the same again gives the same answer.

    Raises:
        SessionConflictError: The session was opened for another recorder.
        SessionNotFoundError: The session belongs to another dock.
    """
    identity = to_members(plugged.identity)
    with context.unit_of_work() as work:
        row = work.docks.get(UUID(dock.id))
        if row is None:
            raise SessionNotFoundError(session_id)
        known = work.docks.lock_session(session_id)
        if known is None:
            recorder = work.recorders.by_serial(plugged.identity.serial) if plugged.identity.serial else None
            session = DockSession(
                id=session_id,
                dock_id=row.id,
                recorder_id=recorder.id if recorder else None,
                slot=plugged.slot,
                software=plugged.software,
                protocol=plugged.protocol,
                identity=identity,
                clock=to_members(plugged.clock) if plugged.clock else None,
                opened_at=context.clock.now(),
            )
            work.docks.add_session(session)
        elif known.dock_id != row.id:
            raise SessionNotFoundError(session_id)
        elif known.identity != identity:
            raise SessionConflictError(session_id, "recorder")
        return OpenedSession(session_id, row.keep_on_recorder)
