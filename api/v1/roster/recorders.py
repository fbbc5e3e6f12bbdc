"""One recorder, by its serial number: how its clock drifted, and who takes it from the pool."""

from dataclasses import asdict
from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import Context, CurrentActor
from service.docks.clock_history import read_clock_history
from service.roster.pool_checkouts import check_in, check_out, list_checkouts

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


class CheckoutRequest(BaseModel):
    """Who takes the recorder, by officer number; a duty officer may leave it out."""

    model_config = ConfigDict(extra="forbid")

    officer: Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[^\x00]+$")] | None = None


class CheckoutAnswer(BaseModel):
    """A check-out; ``returned_at`` is ``null`` while it lasts."""

    id: UUID
    taken_at: datetime
    returned_at: datetime | None


class CheckoutItem(CheckoutAnswer):
    """A check-out with the officer's number."""

    officer: str


class CheckoutList(BaseModel):
    """A recorder's latest check-outs, newest first."""

    items: list[CheckoutItem]


@router.post("/{serial}/checkouts", status_code=HTTPStatus.CREATED)
def post_checkout(serial: Serial, request: CheckoutRequest, context: Context, actor: CurrentActor) -> CheckoutAnswer:
    """Take a pool recorder now."""
    checkout = check_out(context, serial, officer_code=request.officer, actor=actor)
    return CheckoutAnswer(id=checkout.id, taken_at=checkout.taken_at, returned_at=None)


@router.post("/{serial}/checkouts/return")
def post_return(serial: Serial, context: Context, actor: CurrentActor) -> CheckoutAnswer:
    """Bring a pool recorder back now."""
    checkout = check_in(context, serial, actor=actor)
    return CheckoutAnswer(id=checkout.id, taken_at=checkout.taken_at, returned_at=checkout.returned_at)


@router.get("/{serial}/checkouts")
def get_checkouts(serial: Serial, context: Context, actor: CurrentActor) -> CheckoutList:
    """Tell who had a recorder when; to a duty officer only their own times."""
    rows = list_checkouts(context, serial, actor=actor)
    return CheckoutList(items=[CheckoutItem(id=row.id, officer=who.code, taken_at=row.taken_at, returned_at=row.returned_at) for row, who in rows])
