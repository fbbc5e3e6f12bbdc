"""A GPS track as a picture: a line in the plane, where it begins and ends, and a scale. Pure; no map, and nothing is asked of anybody."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

WIDTH, HEIGHT = 640, 360
_MARGIN = 28
_METRES_PER_DEGREE = 111_195.0
"""Along a meridian of a sphere with the mean radius of the earth."""
_SMALLEST_SPAN_M = 20.0
"""Somebody who stood still is a point, not the receiver's noise enlarged."""
_SCALE_SHARE = 0.3
_STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class TrackPicture:
    """What a template draws, in the units of a view box of 640 by 360.

    Attributes:
        points: The line, as the ``points`` of an SVG ``polyline``.
        start: Where it begins.
        end: Where it ends.
        scale_length: How long the scale bar is.
        scale_m: What it stands for, in metres.
    """

    points: str
    start: tuple[float, float]
    end: tuple[float, float]
    scale_length: float
    scale_m: int


@dataclass(frozen=True, slots=True)
class TrackView:
    """A track as a page shows it.

    Attributes:
        facts: The ``track`` member of a clip's ``media``.
        first_at: Time of its earliest fix, UTC as far as the track's zone is known.
        last_at: Time of its latest fix.
        picture: Its line; ``None`` where there is no fix.
    """

    facts: Mapping[str, Any]
    first_at: datetime | None
    last_at: datetime | None
    picture: TrackPicture | None


def view_track(media: Mapping[str, Any] | None) -> TrackView | None:
    """Prepare the track of a clip's ``media`` (docs/formats/media.md); ``None`` where it has none, or nobody looked."""
    facts = (media or {}).get("track")
    if facts is None:
        return None
    first_at, last_at = (None if facts[key] is None else datetime.fromisoformat(facts[key]) for key in ("first_at", "last_at"))
    return TrackView(facts, first_at, last_at, draw_line(facts["line"]) if facts["line"] else None)


def draw_line(line: Sequence[Sequence[float]]) -> TrackPicture:
    """Draw a line of at least one point, each as latitude and longitude in degrees, north up."""
    longitudes = _unrolled([east for _, east in line])
    south, north = min(north for north, _ in line), max(north for north, _ in line)
    west, east = min(longitudes), max(longitudes)
    shrink = max(0.01, math.cos(math.radians((south + north) / 2)))
    width_m, height_m = (east - west) * _METRES_PER_DEGREE * shrink, (north - south) * _METRES_PER_DEGREE
    per_m = min((WIDTH - 2 * _MARGIN) / max(width_m, _SMALLEST_SPAN_M), (HEIGHT - 2 * _MARGIN) / max(height_m, _SMALLEST_SPAN_M))

    def place(latitude: float, longitude: float) -> tuple[float, float]:
        right = (longitude - (west + east) / 2) * _METRES_PER_DEGREE * shrink * per_m
        up = (latitude - (south + north) / 2) * _METRES_PER_DEGREE * per_m
        return round(WIDTH / 2 + right, 1), round(HEIGHT / 2 - up, 1)

    places = [place(latitude, longitude) for (latitude, _), longitude in zip(line, longitudes, strict=True)]
    scale_m = _round_length(_SCALE_SHARE * WIDTH / per_m)
    return TrackPicture(" ".join(f"{x},{y}" for x, y in places), places[0], places[-1], round(scale_m * per_m, 1), scale_m)


def _unrolled(longitudes: Sequence[float]) -> list[float]:
    """Let a line that crosses the 180th meridian go on instead of round the earth."""
    unrolled = [longitudes[0]]
    for longitude in longitudes[1:]:
        unrolled.append(longitude + 360 * round((unrolled[-1] - longitude) / 360))
    return unrolled


def _round_length(metres: float) -> int:
    """The longest of 1, 2, 5, 10, 20 ... metres that is no longer."""
    power = int(10 ** math.floor(math.log10(max(metres, 1))))
    return max(step * power for step in _STEPS if step * power <= max(metres, 1))
