"""What a person decides on a clip's page."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from api.dependencies import Context, CurrentActor
from api.web.rendering import render
from service.access.reasons import LONGEST_REASON
from service.clips.categorise_clip import Category, categorise_clip
from service.clips.claim_clip import claim_clip, list_unassigned
from service.ingest.quarantine import QuarantineDecision, decide_quarantine

router = APIRouter()


@router.post("/clips/{clip_id}/quarantine-decision")
def post_quarantine_decision(
    clip_id: UUID,
    context: Context,
    actor: CurrentActor,
    decision: Annotated[QuarantineDecision, Form()],
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Enter a decision about a clip in quarantine, and go back to the clip."""
    decide_quarantine(context, clip_id, decision, reason=reason, actor=actor)
    return RedirectResponse(f"/clips/{clip_id}", HTTPStatus.SEE_OTHER)


@router.get("/unassigned")
def get_unassigned(request: Request, context: Context, actor: CurrentActor) -> Response:
    """Show the clips of one's agency that belong to nobody, each with a form to claim it."""
    clips = list_unassigned(context, actor=actor)
    return render(request, "clips/unassigned.html", actor=actor, clips=clips, longest_reason=LONGEST_REASON)


@router.post("/clips/{clip_id}/claim")
def post_claim(
    clip_id: UUID,
    context: Context,
    actor: CurrentActor,
    reason: Annotated[str, Form(max_length=1000)] = "",
    officer: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Claim a clip, and go to its page."""
    claim_clip(context, clip_id, officer_code=officer.strip() or None, reason=reason, actor=actor)
    return RedirectResponse(f"/clips/{clip_id}", HTTPStatus.SEE_OTHER)


@router.post("/clips/{clip_id}/category")
def post_category(
    clip_id: UUID, context: Context, actor: CurrentActor, category: Annotated[Category, Form()], reason: Annotated[str, Form(max_length=1000)] = ""
) -> Response:
    """Say what a clip is, and go back to it."""
    categorise_clip(context, clip_id, category, reason=reason, actor=actor)
    return RedirectResponse(f"/clips/{clip_id}", HTTPStatus.SEE_OTHER)
