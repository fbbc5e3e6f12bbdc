"""The recording a clip is a segment of, worked out from what its recorder gave around that time, so that late segments join by themselves."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from evidence_store.actor import Actor
from evidence_store.models import Clip
from service.access.permission import require
from service.access.policy import Action
from service.clips.errors import ClipNotFoundError
from service.context import ServiceContext
from service.ingest.policy import named_time, wall_time
from service.ingest.segments import Piece, TimeGap, group_segments

_AROUND = timedelta(hours=24)
_MOST = 2_000
"""A day of one-minute files is 1,440."""


@dataclass(frozen=True, slots=True)
class PlacedClip:
    """A segment that the actor may see."""

    number: int
    clip: Clip


@dataclass(frozen=True, slots=True)
class ClipRecording:
    """A recording of more than one file, as one of its clips sees it.

    Attributes:
        number: The clip's own place.
        count: How many segments there are, the missing ones left out; also those the actor may not see.
        segments: Those the actor may see, in order.
        missing: Numbers missing between them.
        gaps: Gaps in time.
    """

    number: int
    count: int
    segments: tuple[PlacedClip, ...]
    missing: tuple[int, ...]
    gaps: tuple[TimeGap, ...]


def find_recording(context: ServiceContext, clip_id: UUID, *, actor: Actor) -> ClipRecording | None:
    """Find the recording that a clip is a segment of; ``None`` when it stands alone.

    Looks at what the same recorder gave within a day before and after.

    Raises:
        NotPermittedError: This role may not.
        ClipNotFoundError: No such clip, or none the actor may see.
    """
    require(Action.FIND_CLIPS, actor)
    with context.unit_of_work() as work:
        row = work.clips.find(clip_id, actor)
        if row is None:
            raise ClipNotFoundError(clip_id)
        if row.clip.recorded_at is None:
            return None
        clips = {str(clip.id): clip for clip in work.clips.around(row.clip, _AROUND, limit=_MOST)}
        seen = work.clips.visible_among(clips.values(), actor)
    zone = ZoneInfo(context.settings.recorder_time_zone)
    for recording in group_segments(_piece(clip, zone) for clip in _newest(row.clip, list(clips.values()))):
        own = next((segment for segment in recording.segments if segment.key == str(clip_id)), None)
        if own is not None:
            placed = tuple(PlacedClip(one.number, clips[one.key]) for one in recording.segments if clips[one.key].id in seen)
            return ClipRecording(own.number, len(recording.segments), placed, recording.missing, recording.gaps)
    return None


def _newest(own: Clip, clips: list[Clip]) -> list[Clip]:
    """Of clips that are one file of the recorder, given more than once, only the newest; the one that is asked about always."""
    files: dict[tuple[str, str | None], Clip] = {}
    for clip in sorted(clips, key=lambda clip: (clip.id == own.id, clip.announced_at, clip.generation)):
        files[clip.path, clip.recorded_at.isoformat() if clip.recorded_at else None] = clip
    return list(files.values())


def _piece(clip: Clip, zone: ZoneInfo) -> Piece:
    created, modified = clip.listed.get("created"), clip.listed.get("modified")
    return Piece(
        key=str(clip.id),
        path=clip.path,
        named_at=named_time(clip.original_name, zone),
        created_at=wall_time(created, zone) if created else None,
        modified_at=wall_time(modified, zone) if modified else None,
        duration_s=clip.duration_s,
    )
