"""A worker looks at what a clip holds: container, codecs, whether a browser can play it, where it was. Metadata; no state depends on it."""

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from evidence_store.errors import ObjectNotFoundError
from evidence_store.models import Clip
from integrity.receipt import ClipState
from service.context import ServiceContext
from service.ingest.gps_time import GpsOffset, differs_from_gps, gps_offset, start_of_recording
from service.ingest.kinds import kind_by_content
from service.ingest.policy import wall_time
from service.jobs import job
from service.media.child import ByteSource
from service.media.gps.read_track import is_inside_recording, read_track
from service.media.gps.summary import summarise
from service.media.gps.track import Track
from service.media.probe import VERSION, MediaReport, failed, probe_media

_VIDEO_SUFFIXES = frozenset({".mp4", ".mov", ".avi", ".mkv", ".ts", ".m4v", ".3gp", ".asf", ".264", ".265"})
DAMAGED = "damaged_media"
GPS_TIME_DIFFERS = "gps_time_differs"


@job("clip.probe_media")
def probe_clip(context: ServiceContext, *, clip_id: str) -> None:
    """Look at a stored clip once, and keep what was found beside it; a broken or hostile file gives a code instead.

    The original is read by its version, in runs, never as a whole. A store that is away raises, and the job is tried again.
    """
    with context.unit_of_work() as work:
        clip = work.clips.get(UUID(clip_id))
    if clip is None or clip.media is not None or not clip.reached(ClipState.STORED):
        return
    report, track = _look(context, clip)
    offset = None if track is None else _gps_offset(clip, track, ZoneInfo(context.settings.recorder_time_zone))
    with context.unit_of_work() as work:
        row = work.clips.lock(clip.id)
        if row is None or row.media is not None:
            return
        row.media = report.media | _track_members(track, offset)
        row.duration_s = report.duration_s
        row.kind = kind_by_content(row.media) or row.kind
        row.flags = sorted({*row.flags, *report.flags, *_flags_by_name(row.original_name, report), *_flags_by_gps(row, offset)})


def _look(context: ServiceContext, clip: Clip) -> tuple[MediaReport, Track | None]:
    """Read the track, and have the rest probed unless the track is all there is."""

    def read(offset: int, length: int) -> Iterable[bytes]:
        return context.objects.read(clip.object_key, clip.object_version or "", offset=offset, length=length)

    source = ByteSource(clip.size_bytes or 0, read)
    try:
        track = read_track(source)
        if track is not None and not is_inside_recording(track):
            return MediaReport({"version": VERSION}), track
        return probe_media(source), track
    except ObjectNotFoundError:
        return failed("object_missing"), None


def _gps_offset(clip: Clip, track: Track, zone: ZoneInfo) -> GpsOffset | None:
    created, modified = clip.listed.get("created"), clip.listed.get("modified")
    started_at = start_of_recording(clip.original_name, created=created, modified=modified, zone=zone)
    return gps_offset(track, started_at=started_at, changed_at=wall_time(modified, zone) if modified else None)


def _track_members(track: Track | None, offset: GpsOffset | None) -> dict[str, Any]:
    members: dict[str, Any] = {} if track is None else {"track": summarise(track)}
    if offset is not None:
        members |= {"gps_offset_s": offset.seconds, "gps_uncertainty_s": offset.uncertainty_s, "gps_basis": str(offset.basis)}
    return members


def _flags_by_name(name: str, report: MediaReport) -> tuple[str, ...]:
    """A file that calls itself a video and is nothing of the kind is damaged; a log is a log."""
    is_called_video = PurePosixPath(name).suffix.lower() in _VIDEO_SUFFIXES
    is_none = "container" not in report.media and report.media.get("error", "not_media") == "not_media"
    return (DAMAGED,) if is_called_video and is_none else ()


def _flags_by_gps(clip: Clip, offset: GpsOffset | None) -> tuple[str, ...]:
    if offset is None:
        return ()
    correction_s, uncertainty_s = 0.0, 0.0
    if clip.clock_offset_s is not None and clip.dock_offset_s is not None:
        correction_s = clip.clock_offset_s + clip.dock_offset_s
        uncertainty_s = (clip.clock_uncertainty_s or 0.0) + (clip.dock_uncertainty_s or 0.0)
    differs = differs_from_gps(offset, correction_s=correction_s, correction_uncertainty_s=uncertainty_s)
    return (GPS_TIME_DIFFERS,) if differs else ()
