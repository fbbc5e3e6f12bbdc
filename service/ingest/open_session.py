"""A dock says that a recorder was plugged in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.models import Dock, DockSession
from evidence_store.repositories.custody import NewEvent
from evidence_store.unit_of_work import UnitOfWork
from integrity.listing import ClockReading, DockClock, RecorderIdentity, is_identity
from integrity.plain import to_members
from service.context import ServiceContext
from service.ingest.errors import SessionConflictError, SessionNotFoundError
from service.ingest.policy import medium_of
from service.ingest.tell_session import tell_opened

CONTESTED = "contested"
HEARD_OF_WITHIN = timedelta(seconds=30)
"""Another dock's session counts as present when something was heard of it so lately."""


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session, whether its dock leaves files on the recorder, and whether another recorder claims the same identity."""

    session_id: UUID
    keep_on_recorder: bool
    is_contested: bool


@dataclass(frozen=True, slots=True)
class PluggingIn:
    """What a dock attests when a recorder was plugged in.

    Attributes:
        slot: Where, for people.
        software: The dock program and its version.
        protocol: Version of the dock protocol it speaks.
        identity: Who the recorder says it is.
        clock: Its clock, read before anything was set.
        dock_clock: The dock's clock beside ours.
        condition: Battery, card and room left, as far as the recorder tells.
        plugged_at: When it was plugged in, by the dock's clock, UTC.
        rivals: Sessions of other recorders that are plugged in at this dock now and say they are the same.
    """

    slot: str
    software: str
    protocol: int
    identity: RecorderIdentity
    clock: ClockReading | None
    dock_clock: DockClock | None = None
    condition: Mapping[str, Any] | None = None
    plugged_at: datetime | None = None
    rivals: tuple[UUID, ...] = field(default=())


def open_session(context: ServiceContext, session_id: UUID, plugged: PluggingIn, *, dock: Actor) -> OpenedSession:
    """Open a session; the same again gives the same answer.

    Two recorders that claim one identity at one time are both put aside: nothing of either is released before a person decided.

    Raises:
        SessionConflictError: The session was opened for another recorder.
        SessionNotFoundError: The session belongs to another dock.
    """
    identity = to_members(plugged.identity)
    with context.unit_of_work() as work:
        row = work.docks.get(UUID(dock.id))
        if row is None:
            raise SessionNotFoundError(session_id)
        if plugged.identity.serial and is_identity(plugged.identity.serial):
            work.docks.lock_identity(plugged.identity.serial)
        session = work.docks.lock_session(session_id)
        if session is None:
            session = _new_session(context, work, session_id, plugged, row)
            work.docks.add_session(session)
            tell_opened(work, session, dock=dock)
        elif session.dock_id != row.id:
            raise SessionNotFoundError(session_id)
        elif session.identity != identity:
            raise SessionConflictError(session_id, "recorder")
        rivals = _rivals(context, work, session, plugged)
        for one in [session, *rivals] if rivals else []:
            _put_aside(context, work, one, dock=dock)
        return OpenedSession(session_id, row.keep_on_recorder, session.is_contested)


def _new_session(context: ServiceContext, work: UnitOfWork, session_id: UUID, plugged: PluggingIn, dock: Dock) -> DockSession:
    recorder_id, adoption_id = _whose(work, plugged.identity)
    return DockSession(
        id=session_id,
        dock_id=dock.id,
        recorder_id=recorder_id,
        adoption_id=adoption_id,
        slot=plugged.slot,
        software=plugged.software,
        protocol=plugged.protocol,
        identity=to_members(plugged.identity),
        clock=to_members(plugged.clock) if plugged.clock else None,
        dock_clock=to_members(plugged.dock_clock) if plugged.dock_clock else None,
        condition=dict(plugged.condition) if plugged.condition else None,
        plugged_at=plugged.plugged_at,
        is_contested=False,
        opened_at=context.clock.now(),
    )


def _whose(work: UnitOfWork, identity: RecorderIdentity) -> tuple[UUID | None, UUID | None]:
    """The registered recorder that it is, and the adoption that says so where the recorder itself gives no serial number worth the name."""
    if identity.serial and is_identity(identity.serial):
        recorder = work.recorders.by_serial(identity.serial)
        return (recorder.id if recorder else None), None
    medium = medium_of(to_members(identity))
    adoption = work.adoptions.current(medium) if medium else None
    return (adoption.recorder_id, adoption.id) if adoption else (None, None)


def _rivals(context: ServiceContext, work: UnitOfWork, session: DockSession, plugged: PluggingIn) -> list[DockSession]:
    """Sessions of other recorders that claim the same identity now: those the dock names, and those under way at other docks."""
    serial = plugged.identity.serial
    if not serial or not is_identity(serial):
        return []
    named = [rival for rival in map(work.docks.lock_session, sorted(plugged.rivals)) if rival is not None and rival.dock_id == session.dock_id]
    elsewhere = work.docks.lock_elsewhere(serial, session.dock_id, since=context.clock.now() - HEARD_OF_WITHIN)
    return [rival for rival in [*named, *elsewhere] if rival.id != session.id and rival.identity.get("serial") == serial]


def _put_aside(context: ServiceContext, work: UnitOfWork, session: DockSession, *, dock: Actor) -> None:
    """Mark a session, and every clip of it that has no mark yet."""
    if session.is_contested:
        return
    now = context.clock.now()
    session.is_contested = True
    details = {"serial": session.identity.get("serial"), "slot": session.slot, "dock_id": str(session.dock_id)}
    work.custody.append("session", session.id, "identity.contested", actor=dock, at=now, details=details)
    clips = [clip for _, clip in work.docks.files(session.id, for_update=True) if clip.quarantine is None]
    for clip in clips:
        clip.quarantine = CONTESTED
    events = [NewEvent(clip.id, "clip.quarantined", {"reason": CONTESTED, "session_id": str(session.id)}) for clip in clips]
    work.custody.append_all("clip", events, actor=dock, at=now)
