"""What a person decides about one clip."""

from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import Context, CurrentActor
from service.access.reasons import LONGEST_REASON
from service.ingest.quarantine import QuarantineDecision, decide_quarantine

router = APIRouter(prefix="/clips", tags=["clips"])


class QuarantineRequest(BaseModel):
    """Lift a quarantine or keep it, and why."""

    model_config = ConfigDict(extra="forbid")

    decision: QuarantineDecision
    reason: str = Field(max_length=LONGEST_REASON)


@router.post("/{clip_id}/quarantine-decision", status_code=HTTPStatus.NO_CONTENT)
def post_quarantine_decision(clip_id: UUID, request: QuarantineRequest, context: Context, actor: CurrentActor) -> None:
    """Enter a decision about a clip in quarantine in its chain of custody."""
    decide_quarantine(context, clip_id, request.decision, reason=request.reason, actor=actor)
