"""How the service does, for administrators."""

from fastapi import APIRouter, Request, Response

from api.dependencies import Context, CurrentActor
from api.web.rendering import render
from service.health import read_health

router = APIRouter(prefix="/health")


@router.get("")
def get_health(request: Request, context: Context, actor: CurrentActor) -> Response:
    """Show every part's state, and the newest lock probe step by step."""
    health = read_health(context, actor=actor)
    return render(request, "health/health.html", actor=actor, readiness=health.readiness, watched=health.watched, probe=health.probe)
