"""The recording a clip belongs to, worked out from what its recorder gave around that time, so that late segments and sidecars join by themselves."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from evidence_store.actor import Actor
from evidence_store.models import Clip
from service.access.permission import require
from service.access.policy import Action
from service.clips.errors import ClipNotFoundError
from service.context import ServiceContext
from service.ingest.kinds import ClipKind
from service.ingest.policy import named_time, wall_time
from service.ingest.segments import Piece, Recording, Segment, TimeGap, end_of, group_segments, title_of
from service.ingest.sidecars import LinkedBy, SideFile, SpannedRecording, link_sidecars

_AROUND = timedelta(hours=24)
_MOST = 2_000
"""A day of one-minute files is 1,440."""
_SIDE_KINDS = frozenset({ClipKind.GPS_TRACK, ClipKind.LOG, ClipKind.STILL, ClipKind.AUDIO})


@dataclass(frozen=True, slots=True)
class PlacedClip:
    """A segment that the actor may see."""

    number: int
    clip: Clip


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A file beside a recording that the actor may see, and why it is said to belong there."""

    clip: Clip
    by: LinkedBy


@dataclass(frozen=True, slots=True)
class Belonging:
    """The recording that a sidecar belongs to: its segments that the actor may see, and why."""

    segments: tuple[PlacedClip, ...]
    by: LinkedBy


@dataclass(frozen=True, slots=True)
class ClipRecording:
    """A recording as one of its files sees it; a file that stands alone is segment 1 of 1.

    Attributes:
        number: The clip's own place.
        count: How many segments there are, the missing ones left out; also those the actor may not see.
        segments: Those the actor may see, in order; none of a clip that stands alone.
        missing: Numbers missing between them.
        gaps: Gaps in time.
        sidecars: Tracks, logs, stills and sound that belong to the recording, as far as the actor may see them.
        belongs_to: The recording that the clip itself is a sidecar of; ``None`` where there is none, or none that the actor may see.
        near: What is near in time and may belong together, but need not: sidecars of a recording, or segments for a sidecar.
    """

    number: int = 1
    count: int = 1
    segments: tuple[PlacedClip, ...] = ()
    missing: tuple[int, ...] = ()
    gaps: tuple[TimeGap, ...] = ()
    sidecars: tuple[Sidecar, ...] = ()
    belongs_to: Belonging | None = None
    near: tuple[Clip, ...] = ()

    @property
    def is_alone(self) -> bool:
        """Whether nothing else is known to belong to the clip."""
        return self == ClipRecording()


def find_recording(context: ServiceContext, clip_id: UUID, *, actor: Actor) -> ClipRecording:
    """Find the recording that a clip is a segment or a sidecar of.

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
            return ClipRecording()
        around = work.clips.around(row.clip, _AROUND, limit=_MOST)
        seen = work.clips.visible_among(around, actor)
    zone = ZoneInfo(context.settings.recorder_time_zone)
    clips = {str(clip.id): clip for clip in _newest(row.clip, around)}
    pieces = {key: _piece(clip, zone) for key, clip in clips.items()}
    return _Surroundings(clips, pieces, seen).seen_by(str(clip_id))


class _Surroundings:
    """What a recorder gave around a time, sorted into recordings and what lies beside them."""

    def __init__(self, clips: Mapping[str, Clip], pieces: Mapping[str, Piece], seen: set[UUID]) -> None:
        self._clips, self._pieces, self._seen = clips, pieces, seen
        self._groups = group_segments(pieces.values())
        grouped = {segment.key for group in self._groups for segment in group.segments if self._is_footage(group)}
        lone = [Recording((Segment(key, 1),), (), ()) for key, clip in clips.items() if clip.kind == ClipKind.VIDEO and key not in grouped]
        self._recordings = [group for group in self._groups if self._is_footage(group)] + lone
        beside = [key for key, clip in clips.items() if clip.kind in _SIDE_KINDS and key not in grouped]
        files = [SideFile(key, pieces[key].path, _begin(pieces[key]) or pieces[key].modified_at) for key in beside]
        self._links = link_sidecars([self._spanned(recording) for recording in self._recordings], files)

    def seen_by(self, key: str) -> ClipRecording:
        """Tell what belongs to one of the clips."""
        found = ClipRecording()
        for group in self._groups:
            own = next((segment for segment in group.segments if segment.key == key), None)
            if own is not None:
                found = ClipRecording(own.number, len(group.segments), self._placed(group), group.missing, group.gaps)
        if key in self._links.belongs:
            number, by = self._links.belongs[key]
            segments = self._placed(self._recordings[number])
            found = replace(found, belongs_to=Belonging(segments, by) if segments else None)
        elif key in self._links.near:
            firsts = (placed.clip for number in self._links.near[key] for placed in self._placed(self._recordings[number])[:1])
            found = replace(found, near=_in_order(firsts))
        for number, recording in enumerate(self._recordings):
            if any(segment.key == key for segment in recording.segments):
                found = replace(found, sidecars=self._sidecars(number), near=self._near(number))
        return found

    def _is_footage(self, recording: Recording) -> bool:
        return any(self._clips[segment.key].kind == ClipKind.VIDEO for segment in recording.segments)

    def _placed(self, recording: Recording) -> tuple[PlacedClip, ...]:
        placed = (PlacedClip(segment.number, self._clips[segment.key]) for segment in recording.segments)
        return tuple(one for one in placed if one.clip.id in self._seen)

    def _spanned(self, recording: Recording) -> SpannedRecording:
        pieces = [self._pieces[segment.key] for segment in recording.segments]
        title = title_of(pieces[0].path) if len(pieces) > 1 else None
        # Numbered names all tell when the first segment began, so only its creation tells it of the last.
        end = end_of(pieces[-1], pieces[-1].created_at if title else _begin(pieces[-1]))
        return SpannedRecording(tuple(piece.path for piece in pieces), title, _begin(pieces[0]), end)

    def _sidecars(self, number: int) -> tuple[Sidecar, ...]:
        sidecars = (Sidecar(self._clips[key], by) for key, (owner, by) in self._links.belongs.items() if owner == number)
        return tuple(sorted((one for one in sidecars if one.clip.id in self._seen), key=lambda one: (one.clip.path, one.clip.id)))

    def _near(self, number: int) -> tuple[Clip, ...]:
        clips = (self._clips[key] for key, owners in self._links.near.items() if number in owners)
        return _in_order(clip for clip in clips if clip.id in self._seen)


def _newest(own: Clip, clips: Sequence[Clip]) -> list[Clip]:
    """Of clips that are one file of the recorder, given more than once, only the newest; the one that is asked about always."""
    files: dict[tuple[str, str | None], Clip] = {}
    for clip in sorted(clips, key=lambda clip: (clip.id == own.id, clip.announced_at, clip.generation)):
        files[clip.path, clip.recorded_at.isoformat() if clip.recorded_at else None] = clip
    return list(files.values())


def _in_order(clips: Iterable[Clip]) -> tuple[Clip, ...]:
    return tuple(sorted(clips, key=lambda clip: (clip.path, clip.id)))


def _begin(piece: Piece) -> datetime | None:
    return piece.named_at or piece.created_at


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
