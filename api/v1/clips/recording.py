"""The recording that a clip is a segment of."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from api.dependencies import Context, CurrentActor
from service.ingest.recordings import find_recording

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


class RecordingAnswer(BaseModel):
    """A clip's place among the segments of its recording; alone it is segment 1 of 1."""

    number: int
    count: int
    segments: list[SegmentItem]
    missing: list[int]
    gaps: list[GapItem]


@router.get("/{clip_id}/recording")
def get_recording(clip_id: UUID, context: Context, actor: CurrentActor) -> RecordingAnswer:
    """Tell which segments belong to a clip's recording, and what is missing between them."""
    found = find_recording(context, clip_id, actor=actor)
    if found is None:
        return RecordingAnswer(number=1, count=1, segments=[], missing=[], gaps=[])
    return RecordingAnswer(
        number=found.number,
        count=found.count,
        segments=[SegmentItem(number=one.number, clip_id=one.clip.id, original_name=one.clip.original_name) for one in found.segments],
        missing=list(found.missing),
        gaps=[GapItem(after=gap.after, before=gap.before, seconds=gap.seconds) for gap in found.gaps],
    )
