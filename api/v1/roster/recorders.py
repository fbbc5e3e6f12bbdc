"""One recorder, by its serial number: how its clock drifted."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel

from api.dependencies import Context, CurrentActor
from service.docks.clock_history import read_clock_history

router = APIRouter(prefix="/recorders", tags=["recorders"])

Serial = Annotated[str, Path(min_length=1, max_length=32, pattern=r"^[^/\x00-\x1f]+$")]


class ClockReadingItem(BaseModel):
    """What one docking measured, in seconds; ``set_at`` is ``null`` where the recorder's clock was not set."""

    session_id: UUID
    opened_at: datetime
    clock_offset_s: float | None
    clock_uncertainty_s: float | None
    dock_offset_s: float | None
    dock_uncertainty_s: float | None
    is_dock_synchronised: bool | None
    set_at: datetime | None
    offset_after_s: float | None


class ClockHistory(BaseModel):
    """A recorder's clock at its latest dockings, newest first."""

    serial: str
    items: list[ClockReadingItem]


@router.get("/{serial}/clock")
def get_clock(serial: Serial, context: Context, actor: CurrentActor) -> ClockHistory:
    """Tell how a recorder's clock drifted."""
    recorder, readings = read_clock_history(context, serial, actor=actor)
    return ClockHistory(serial=recorder.serial, items=[ClockReadingItem(**asdict(reading)) for reading in readings])
