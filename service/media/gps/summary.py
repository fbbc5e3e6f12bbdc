"""What is kept of a track: a few facts and a thinned line, whatever its length."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from service.media.gps.track import Fix, Track

VERSION = 1
MOST_POINTS = 500
_EARTH_RADIUS_M = 6_371_008.8
"""Mean radius of WGS 84 (IUGG)."""


def summarise(track: Track) -> dict[str, Any]:
    """Sum a track up as a JSON object (docs/formats/media.md)."""
    times = [fix.at for fix in track.fixes if fix.at is not None]
    return {
        "version": VERSION,
        "format": str(track.format),
        "fixes": len(track.fixes),
        "first_at": min(times).isoformat() if times else None,
        "last_at": max(times).isoformat() if times else None,
        "bounds": _bounds(track.fixes),
        "distance_m": round(sum(distance_m(one, other) for one, other in pairwise(track.fixes)), 1),
        "line": [[fix.latitude, fix.longitude] for fix in thin(track.fixes)],
        "problems": {str(problem): count for problem, count in sorted(track.problems.items())},
    }


def thin(fixes: Sequence[Fix]) -> list[Fix]:
    """Pick at most 500 fixes, evenly by number, the first and the last among them."""
    if len(fixes) <= MOST_POINTS:
        return list(fixes)
    last = len(fixes) - 1
    return [fixes[round(number * last / (MOST_POINTS - 1))] for number in range(MOST_POINTS)]


def distance_m(one: Fix, other: Fix) -> float:
    """Tell how far apart two fixes are, along the sphere, in metres (haversine formula)."""
    south, north = math.radians(one.latitude), math.radians(other.latitude)
    east = math.radians(other.longitude - one.longitude)
    chord = math.sin((north - south) / 2) ** 2 + math.cos(south) * math.cos(north) * math.sin(east / 2) ** 2
    return 2 * _EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, chord)))


def _bounds(fixes: Sequence[Fix]) -> dict[str, float] | None:
    if not fixes:
        return None
    latitudes, longitudes = [fix.latitude for fix in fixes], [fix.longitude for fix in fixes]
    return {"south": min(latitudes), "west": min(longitudes), "north": max(latitudes), "east": max(longitudes)}
