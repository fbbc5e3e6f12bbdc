"""How a recorder's clock drifted: what was measured at each of its dockings, and whether it was set there."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.models import DockSession, Recorder
from service.access.permission import require
from service.access.policy import Action
from service.context import ServiceContext
from service.roster.errors import RecorderNotFoundError

READINGS = 200


@dataclass(frozen=True, slots=True)
class ClockAtDocking:
    """One docking's measurements; seconds are positive where the first clock of the name is ahead.

    Attributes:
        opened_at: When the session was opened, by the service's clock, UTC.
        clock_offset_s: Recorder minus dock before anything was set; ``None`` where its clock cannot be read.
        clock_uncertainty_s: How far that may be off.
        dock_offset_s: Dock minus service; ``None`` where the dock did not say.
        dock_uncertainty_s: How far that may be off.
        is_dock_synchronised: Whether a time source kept the dock's clock; ``None`` where the dock did not say.
        set_at: When the dock set the recorder's clock, by the dock's clock, UTC; ``None`` when it did not.
        offset_after_s: Recorder minus dock afterwards, where it was read again.
    """

    session_id: UUID
    opened_at: datetime
    clock_offset_s: float | None
    clock_uncertainty_s: float | None
    dock_offset_s: float | None
    dock_uncertainty_s: float | None
    is_dock_synchronised: bool | None
    set_at: datetime | None
    offset_after_s: float | None


def read_clock_history(context: ServiceContext, serial: str, *, actor: Actor) -> tuple[Recorder, list[ClockAtDocking]]:
    """Tell what was measured of a recorder's clock at its latest dockings, newest first, at most 200.

    Raises:
        NotPermittedError: This role may not.
        RecorderNotFoundError: No such recorder within the actor's agency.
    """
    require(Action.SEE_BOARD, actor)
    with context.unit_of_work() as work:
        recorder = work.recorders.find(serial, actor.scope)
        if recorder is None:
            raise RecorderNotFoundError(serial)
        return recorder, [_reading(session) for session in work.docks.latest_of_recorder(recorder.id, limit=READINGS)]


def _reading(session: DockSession) -> ClockAtDocking:
    clock = session.clock or {}
    dock = session.dock_clock or {}
    done = session.clock_set or {}
    return ClockAtDocking(
        session_id=session.id,
        opened_at=session.opened_at,
        clock_offset_s=clock.get("offset_s"),
        clock_uncertainty_s=clock.get("uncertainty_s"),
        dock_offset_s=dock.get("offset_s"),
        dock_uncertainty_s=dock.get("uncertainty_s"),
        is_dock_synchronised=dock.get("is_synchronised"),
        set_at=datetime.fromisoformat(done["done_at"]) if done else None,
        offset_after_s=(done.get("after") or {}).get("offset_s"),
    )
