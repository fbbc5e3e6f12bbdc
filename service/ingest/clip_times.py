"""A clip's times as far as they are known: what the recorder said, what is measured of the clocks, and what follows from each, side by side."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from evidence_store.models import Clip
from service.ingest.policy import corrected_time, corrected_uncertainty
from service.media.gps.track import Problem


@dataclass(frozen=True, slots=True)
class ClipTimes:
    """When a recording began.

    Attributes:
        recorded_at: By the recorder's own clock, UTC, uncorrected.
        corrected_at: What the service's clock would have shown, UTC; ``None`` where an offset is unknown.
        uncertainty_s: How far ``corrected_at`` may be off by the measurements; what the recorder drifted since the recording is not in it.
        gps_offset_s: Recorder's clock minus GPS time by the clip's own track; ``None`` where the track does not tell.
        gps_uncertainty_s: How far that may be off.
        is_gps_zone_known: Whether the track says that its times are UTC; where not, the offset is the rest to the nearest quarter of an hour.
        gps_at: What GPS time was then, UTC; ``None`` where the offset or the track's zone is unknown.
    """

    recorded_at: datetime | None
    corrected_at: datetime | None
    uncertainty_s: float | None
    gps_offset_s: float | None
    gps_uncertainty_s: float | None
    is_gps_zone_known: bool
    gps_at: datetime | None


def times_of(clip: Clip) -> ClipTimes:
    """Tell a clip's times."""
    corrected_at = None
    if clip.recorded_at is not None:
        corrected_at = corrected_time(clip.recorded_at, clock_offset_s=clip.clock_offset_s, dock_offset_s=clip.dock_offset_s)
    uncertainty_s = corrected_uncertainty(clip.clock_uncertainty_s, clip.dock_uncertainty_s) if corrected_at is not None else None
    media = clip.media or {}
    offset_s = media.get("gps_offset_s")
    is_zone_known = Problem.GPS_ZONE_UNKNOWN not in media.get("track", {}).get("problems", {})
    gps_at = _gps_time(clip.recorded_at, offset_s) if is_zone_known else None
    return ClipTimes(clip.recorded_at, corrected_at, uncertainty_s, offset_s, media.get("gps_uncertainty_s"), is_zone_known, gps_at)


def _gps_time(recorded_at: datetime | None, offset_s: float | None) -> datetime | None:
    if recorded_at is None or offset_s is None:
        return None
    try:
        return recorded_at - timedelta(seconds=offset_s)
    except OverflowError:
        return None
