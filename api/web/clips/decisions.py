"""What a person decides on a clip's page."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Response
from fastapi.responses import RedirectResponse

from api.dependencies import Context, CurrentActor
from service.ingest.quarantine import QuarantineDecision, decide_quarantine

router = APIRouter(prefix="/clips")


@router.post("/{clip_id}/quarantine-decision")
def post_quarantine_decision(
    clip_id: UUID, context: Context, actor: CurrentActor, decision: Annotated[QuarantineDecision, Form()], reason: Annotated[str, Form()] = ""
) -> Response:
    """Enter a decision about a clip in quarantine, and go back to the clip."""
    decide_quarantine(context, clip_id, decision, reason=reason, actor=actor)
    return RedirectResponse(f"/clips/{clip_id}", HTTPStatus.SEE_OTHER)
