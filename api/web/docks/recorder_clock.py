"""How a recorder's clock drifted, as a table."""

from fastapi import APIRouter, Request, Response

from api.dependencies import Context, CurrentActor
from api.web.rendering import render
from service.docks.clock_history import read_clock_history
from service.roster.errors import RecorderNotFoundError

router = APIRouter(prefix="/recorders")


@router.get("/{serial}/clock")
def get_clock(serial: str, request: Request, context: Context, actor: CurrentActor) -> Response:
    """Show what was measured at a recorder's latest dockings."""
    if "\0" in serial:
        raise RecorderNotFoundError(serial)
    recorder, readings = read_clock_history(context, serial, actor=actor)
    return render(request, "docks/clock.html", actor=actor, recorder=recorder, readings=readings)
