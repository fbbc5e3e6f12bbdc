"""A dock says that it set a recorder's clock: a write to the recorder, so it is on record with the readings before and after."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from evidence_store.actor import Actor
from integrity.listing import ClockReading
from integrity.plain import to_members
from service.context import ServiceContext
from service.ingest.errors import SessionNotFoundError


@dataclass(frozen=True, slots=True)
class ClockSetting:
    """What was done to a recorder's clock.

    Attributes:
        set_to: What it was told to show, UTC.
        done_at: The dock's clock when the recorder had taken it, UTC.
        after: The recorder's clock read again, where it can be read.
    """

    set_to: datetime
    done_at: datetime
    after: ClockReading | None


def record_clock_setting(context: ServiceContext, session_id: UUID, setting: ClockSetting, *, dock: Actor) -> None:
    """Record that a recorder's clock was set; the same again changes nothing.

    Raises:
        SessionNotFoundError: This dock has no such session.
    """
    members = to_members(setting)
    with context.unit_of_work() as work:
        session = work.docks.session(session_id, UUID(dock.id), for_update=True)
        if session is None:
            raise SessionNotFoundError(session_id)
        if session.clock_set != members:
            session.clock_set = members
            details = {"before": session.clock, "serial": session.identity.get("serial"), **members}
            work.custody.append("session", session_id, "clock.set", actor=dock, at=context.clock.now(), details=details)
