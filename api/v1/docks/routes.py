"""Docks, for administrators: registered, and what is plugged in."""

from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import Context, CurrentActor
from service.docks.board import read_board
from service.docks.register_dock import register_dock, set_keep_on_recorder

router = APIRouter(prefix="/docks", tags=["docks"])


class DockRequest(BaseModel):
    """A dock to be registered in an agency."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=80)
    agency: str = Field(max_length=64)


class DockAnswer(BaseModel):
    """A dock and its token, which is told this once."""

    id: UUID
    token: str


class DockChange(BaseModel):
    """Whether the dock leaves files on recorders even when they could be removed."""

    model_config = ConfigDict(extra="forbid")

    keep_on_recorder: bool


class SessionItem(BaseModel):
    """One plugging-in; ``states`` counts its files by state."""

    session_id: UUID
    dock: str
    slot: str
    recorder_serial: str | None
    is_registered: bool
    opened_at: datetime
    ended_at: datetime | None
    outcome: str | None
    file_count: int | None
    states: dict[str, int]
    progress: dict[str, Any] | None


class SessionList(BaseModel):
    """Sessions under way first, then the newest."""

    items: list[SessionItem]


@router.post("", status_code=HTTPStatus.CREATED)
def create_dock(request: DockRequest, context: Context, actor: CurrentActor) -> DockAnswer:
    """Register a dock."""
    credential = register_dock(context, request.name, agency_code=request.agency, actor=actor)
    return DockAnswer(id=credential.dock_id, token=credential.token)


@router.patch("/{dock_id}", status_code=HTTPStatus.NO_CONTENT)
def change_dock(dock_id: UUID, request: DockChange, context: Context, actor: CurrentActor) -> None:
    """Let a dock remove from recorders what the wipe gate allows, or have it leave everything there."""
    set_keep_on_recorder(context, dock_id, keep=request.keep_on_recorder, actor=actor)


@router.get("/sessions")
def list_sessions(context: Context, actor: CurrentActor) -> SessionList:
    """Tell what is plugged in now and what came lately."""
    items = [
        SessionItem(
            session_id=row.session.id,
            dock=row.dock.name,
            slot=row.session.slot,
            recorder_serial=row.session.identity["serial"],
            is_registered=row.recorder is not None,
            opened_at=row.session.opened_at,
            ended_at=row.session.ended_at,
            outcome=row.session.outcome,
            file_count=row.session.file_count,
            states=row.states,
            progress=row.session.progress,
        )
        for row in read_board(context, actor=actor)
    ]
    return SessionList(items=items)
