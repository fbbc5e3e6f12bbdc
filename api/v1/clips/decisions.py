"""What a person decides about one clip."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import Context, CurrentActor
from service.access.reasons import LONGEST_REASON
from service.clips.categorise_clip import Category, categorise_clip
from service.clips.claim_clip import claim_clip, list_unassigned
from service.clips.keeping import KeepReason, why_kept
from service.ingest.quarantine import QuarantineDecision, decide_quarantine

router = APIRouter(tags=["clips"])


class QuarantineRequest(BaseModel):
    """Lift a quarantine or keep it, and why."""

    model_config = ConfigDict(extra="forbid")

    decision: QuarantineDecision
    reason: str = Field(max_length=LONGEST_REASON)


class ClaimRequest(BaseModel):
    """Whose clip it is, by officer number, and how that is known; a duty officer may leave the number out."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(max_length=LONGEST_REASON)
    officer: Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[^\x00]+$")] | None = None


class CategoryRequest(BaseModel):
    """What a clip is, and how that is known."""

    model_config = ConfigDict(extra="forbid")

    category: Category
    reason: str = Field(max_length=LONGEST_REASON)


class KeepingAnswer(BaseModel):
    """Whether a clip may be disposed of, and every reason why not."""

    disposable: bool
    reasons: list[KeepReason]


class UnassignedItem(BaseModel):
    """A clip that belongs to nobody; ``recorded_at`` by the recorder's uncorrected clock, UTC."""

    id: UUID
    original_name: str
    recorder_serial: str | None
    recorded_at: datetime | None
    announced_at: datetime


class UnassignedList(BaseModel):
    """Clips that belong to nobody, newest first."""

    items: list[UnassignedItem]


@router.post("/clips/{clip_id}/quarantine-decision", status_code=HTTPStatus.NO_CONTENT)
def post_quarantine_decision(clip_id: UUID, request: QuarantineRequest, context: Context, actor: CurrentActor) -> None:
    """Enter a decision about a clip in quarantine in its chain of custody."""
    decide_quarantine(context, clip_id, request.decision, reason=request.reason, actor=actor)


@router.post("/clips/{clip_id}/claim", status_code=HTTPStatus.NO_CONTENT)
def post_claim(clip_id: UUID, request: ClaimRequest, context: Context, actor: CurrentActor) -> None:
    """Claim a clip that belongs to nobody; it says so from then on."""
    claim_clip(context, clip_id, officer_code=request.officer, reason=request.reason, actor=actor)


@router.post("/clips/{clip_id}/category", status_code=HTTPStatus.NO_CONTENT)
def post_category(clip_id: UUID, request: CategoryRequest, context: Context, actor: CurrentActor) -> None:
    """Say what a clip is."""
    categorise_clip(context, clip_id, request.category, reason=request.reason, actor=actor)


@router.get("/clips/{clip_id}/keeping")
def get_keeping(clip_id: UUID, context: Context, actor: CurrentActor) -> KeepingAnswer:
    """Tell why a clip must be kept."""
    decision = why_kept(context, clip_id, actor=actor)
    return KeepingAnswer(disposable=decision.is_disposable, reasons=list(decision.reasons))


@router.get("/unassigned-clips")
def get_unassigned(context: Context, actor: CurrentActor) -> UnassignedList:
    """Tell which clips of one's agency belong to nobody."""
    items = [
        UnassignedItem(
            id=clip.id,
            original_name=clip.original_name,
            recorder_serial=clip.claimed_serial,
            recorded_at=clip.recorded_at,
            announced_at=clip.announced_at,
        )
        for clip in list_unassigned(context, actor=actor)
    ]
    return UnassignedList(items=items)
