"""Frozen figures: every edition of every day, its digests, and where the custody log has it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import Context, CurrentActor
from api.web.coverage.pages import show_rate
from api.web.rendering import render
from service.coverage.frozen import list_snapshots
from service.coverage_outlook.snapshot_details import read_details

router = APIRouter(prefix="/coverage/snapshots")
Agency = Annotated[str, Query(max_length=64)]


@router.get("")
def get_snapshots(request: Request, context: Context, actor: CurrentActor, agency: Agency = "") -> Response:
    """List frozen figures, newest first."""
    points = list_snapshots(context, actor=actor, agency_code=agency or None)
    return render(request, "coverage/snapshots.html", actor=actor, points=points, agency_code=agency, show_rate=show_rate)


@router.get("/{snapshot_id}")
def get_snapshot(snapshot_id: UUID, request: Request, context: Context, actor: CurrentActor, agency: Agency = "") -> Response:
    """Show one frozen figure with its digests and its other editions."""
    details = read_details(context, snapshot_id, actor=actor, agency_code=agency or None)
    return render(request, "coverage/snapshot.html", actor=actor, details=details, agency_code=agency, show_rate=show_rate)
