"""The recording that a clip is a segment or a sidecar of."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from api.dependencies import Context, CurrentActor
from evidence_store.models import Clip
from service.ingest.recordings import Belonging, ClipRecording, PlacedClip, find_recording

router = APIRouter(prefix="/clips", tags=["clips"])


class SegmentItem(BaseModel):
    """A segment one may see."""

    number: int
    clip_id: UUID
    original_name: str


class GapItem(BaseModel):
    """Nothing was recorded for so many seconds between two segments."""

    after: int
    before: int
    seconds: float


class NearItem(BaseModel):
    """A clip that is near in time and may belong here."""

    clip_id: UUID
    original_name: str
    kind: str


class SidecarItem(NearItem):
    """A track, log, still or sound beside the recording, linked by its ``name`` or by ``time``."""

    by: str


class BelongingItem(BaseModel):
    """The recording that the clip itself is a sidecar of."""

    by: str
    segments: list[SegmentItem]


class RecordingAnswer(BaseModel):
    """A clip's place among the segments of its recording, and what lies beside it; alone it is segment 1 of 1."""

    number: int
    count: int
    segments: list[SegmentItem]
    missing: list[int]
    gaps: list[GapItem]
    sidecars: list[SidecarItem]
    belongs_to: BelongingItem | None
    near: list[NearItem]


@router.get("/{clip_id}/recording")
def get_recording(clip_id: UUID, context: Context, actor: CurrentActor) -> RecordingAnswer:
    """Tell which segments and sidecars belong to a clip's recording, and what is missing between them; only what one may see is named."""
    return _answer(find_recording(context, clip_id, actor=actor))


def _answer(found: ClipRecording) -> RecordingAnswer:
    return RecordingAnswer(
        number=found.number,
        count=found.count,
        segments=[_segment(one) for one in found.segments],
        missing=list(found.missing),
        gaps=[GapItem(after=gap.after, before=gap.before, seconds=gap.seconds) for gap in found.gaps],
        sidecars=[SidecarItem(**_near(one.clip).model_dump(), by=one.by) for one in found.sidecars],
        belongs_to=_belonging(found.belongs_to) if found.belongs_to else None,
        near=[_near(clip) for clip in found.near],
    )


def _segment(placed: PlacedClip) -> SegmentItem:
    return SegmentItem(number=placed.number, clip_id=placed.clip.id, original_name=placed.clip.original_name)


def _near(clip: Clip) -> NearItem:
    return NearItem(clip_id=clip.id, original_name=clip.original_name, kind=clip.kind)


def _belonging(belonging: Belonging) -> BelongingItem:
    return BelongingItem(by=belonging.by, segments=[_segment(one) for one in belonging.segments])
