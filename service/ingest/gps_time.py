"""A recorder's own time beside GPS time, as far as a track tells at what recorder time a fix was written. Pure.

Two things tell it. A track may say how long the recording ran at each fix (``SecondsFromStart``, or the number of a block that comes every second):
then the recorder's time of a fix is that of the recording's beginning plus so much. Or a log may end with a fix: then the recorder's time of it is
that of the file's last change, as far as the recorder writes at once. All this is measured, with an uncertainty; nothing is corrected by it.
"""

import re
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from pathlib import PurePosixPath
from statistics import median

from service.ingest.policy import named_time, wall_time
from service.media.gps.track import Track, TrackFormat

DIFFERS_BEYOND_S = 60.0
START_KNOWN_WITHIN_S = 2.0
"""A name gives whole seconds, FAT gives a time of creation likewise or coarser, and a fix is of its second."""
WRITTEN_WITHIN_S = 10.0
"""FAT keeps the last change by two seconds; the rest is how late a recorder may write a line, which no format says."""
_QUARTER_HOUR_S = 900.0
_LATER_SEGMENT = re.compile(r".*20\d{6}_?\d{6}_(\d{1,4})(?:_IMP)?")
"""Segments of one recording carry the time of its beginning, all the same."""


class GpsBasis(StrEnum):
    """What tells at what recorder time a fix was written."""

    ELAPSED = "elapsed"
    FILE_CHANGED = "file_changed"


@dataclass(frozen=True, slots=True)
class GpsOffset:
    """A recorder's clock minus GPS time.

    Attributes:
        seconds: Positive when the recorder is ahead. Where the track's zone is not known, the remainder to the nearest quarter of an hour.
        uncertainty_s: How far it may be off.
        basis: What it was derived from.
        is_zone_known: Whether the track says that its times are UTC. Where not, a clock that is off by quarters of hours goes unseen.
    """

    seconds: float
    uncertainty_s: float
    basis: GpsBasis
    is_zone_known: bool


def start_of_recording(name: str, *, created: str | None, modified: str | None, zone: tzinfo) -> datetime | None:
    """When a recorder says a file's recording began, UTC; ``None`` where neither its name nor its time of creation says so.

    Args:
        name: Name of the file; that of a later segment tells the beginning of the first.
        created: Wall time of creation as listed; one that is no earlier than the last change tells of a copy.
        modified: Wall time of the last change as listed.
        zone: Zone of times that carry no offset.
    """
    segment = _LATER_SEGMENT.fullmatch(PurePosixPath(name).stem)
    named = named_time(name, zone) if segment is None or int(segment[1]) <= 1 else None
    if named is not None or created is None:
        return named
    begun, ended = wall_time(created, zone), wall_time(modified, zone) if modified else None
    return None if begun is None or (ended is not None and begun >= ended) else begun


def gps_offset(track: Track, *, started_at: datetime | None, changed_at: datetime | None) -> GpsOffset | None:
    """Derive a recorder's clock minus GPS time from a track; ``None`` where nothing tells.

    Args:
        track: The track.
        started_at: When the recording began by the recorder's clock, UTC.
        changed_at: When the recorder last changed the file, UTC.
    """
    found = _by_elapsed(track, started_at) or _by_last_change(track, changed_at)
    if found is None:
        return None
    seconds, uncertainty_s, basis = found
    if not track.is_zone_known:
        seconds = _remainder(seconds)
    return GpsOffset(round(seconds, 1), round(uncertainty_s, 1), basis, track.is_zone_known)


def differs_from_gps(offset: GpsOffset, *, correction_s: float, correction_uncertainty_s: float) -> bool:
    """Whether a corrected time is off GPS time by more than a minute and both uncertainties.

    Args:
        offset: Recorder minus GPS.
        correction_s: Recorder minus service, in seconds; 0 where it is not known, so that the recorder's own time is compared.
        correction_uncertainty_s: How far that may be off.
    """
    seconds = offset.seconds - correction_s
    if not offset.is_zone_known:
        seconds = _remainder(seconds)
    return abs(seconds) > DIFFERS_BEYOND_S + offset.uncertainty_s + correction_uncertainty_s


def _by_elapsed(track: Track, started_at: datetime | None) -> tuple[float, float, GpsBasis] | None:
    if started_at is None:
        return None
    ahead = sorted((started_at - fix.at).total_seconds() + fix.elapsed_s for fix in track.fixes if fix.at is not None and fix.elapsed_s is not None)
    if not ahead:
        return None
    most = ahead[len(ahead) // 20 : len(ahead) - len(ahead) // 20]
    return median(ahead), START_KNOWN_WITHIN_S + (most[-1] - most[0]) / 2, GpsBasis.ELAPSED


def _by_last_change(track: Track, changed_at: datetime | None) -> tuple[float, float, GpsBasis] | None:
    if changed_at is None or track.format is not TrackFormat.NMEA or not track.ends_with_fix or not track.fixes:
        return None
    last = track.fixes[-1].at
    return None if last is None else ((changed_at - last).total_seconds(), WRITTEN_WITHIN_S, GpsBasis.FILE_CHANGED)


def _remainder(seconds: float) -> float:
    half = _QUARTER_HOUR_S / 2
    return (seconds + half) % _QUARTER_HOUR_S - half
