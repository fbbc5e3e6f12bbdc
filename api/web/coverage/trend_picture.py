"""An agency's rate over time as a picture: a line, its targets, and the band in which it is expected to reach the next. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from service.coverage_outlook.forecast import Band
from service.coverage_outlook.targets import Target
from service.coverage_outlook.trend import TrendPoint

WIDTH, HEIGHT = 720, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 16, 16, 32
_LEAST_DAYS = 60
_FEWEST_POINTS = 2
_TENTHS = 10
_MOST_GRID_LINES = 5
_LONGEST_BAND_DAYS = 366


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the picture with its words."""

    x: float
    y: float
    text: str = ""
    is_frozen: bool = False


@dataclass(frozen=True, slots=True)
class TrendPicture:
    """What a template draws, in the units of a view box of 720 by 300.

    Attributes:
        line: The rate, as the ``points`` of an SVG ``polyline``.
        points: Its points.
        targets: Where targets are due.
        path: The line through them.
        shares: Where the grid's shares are; words in percent.
        years: Where years begin.
        today: Where the last point's day is.
        band: A triangle from the last point to the early and the late date, as the ``points`` of a ``polygon``; empty without one.
    """

    line: str
    points: tuple[Mark, ...]
    targets: tuple[Mark, ...]
    path: str
    shares: tuple[Mark, ...]
    years: tuple[Mark, ...]
    today: float
    band: str


def draw_trend(trend: Sequence[TrendPoint], targets: Sequence[Target], band: Band | None = None) -> TrendPicture | None:
    """Draw a trend; ``None`` from fewer than two points."""
    if len(trend) < _FEWEST_POINTS:
        return None
    frame = _Frame(trend, targets, band)
    points = tuple(frame.mark(point.day, _share(point), is_frozen=point.snapshot is not None) for point in trend)
    marks = tuple(frame.mark(target.due_on, float(target.share)) for target in targets if frame.shows(target.due_on))
    shares = tuple(Mark(_LEFT, frame.y(share), f"{share * 100:.0f}%") for share in frame.grid())
    years = tuple(Mark(frame.x(date(year, 1, 1)), HEIGHT - _BOTTOM, str(year)) for year in frame.years())
    return TrendPicture(_spell(points), points, marks, _spell(marks), shares, years, points[-1].x, frame.fan(points[-1], targets, band))


class _Frame:
    """Days and shares to places."""

    def __init__(self, trend: Sequence[TrendPoint], targets: Sequence[Target], band: Band | None) -> None:
        self._first, self._last = trend[0].day, trend[-1].day
        coming = [target.due_on for target in targets if target.due_on > self._last][:1]
        ends = band.late or band.expected if band is not None else None
        if ends is not None and (ends - self._last).days <= _LONGEST_BAND_DAYS:
            coming.append(ends)
        self._end = max([self._last, *coming])
        if (self._end - self._first).days < _LEAST_DAYS:
            self._first = date.fromordinal(self._end.toordinal() - _LEAST_DAYS)
        shown = [float(target.share) for target in targets if self.shows(target.due_on)]
        lowest = min([*map(_share, trend), *shown])
        self._floor = max(0, int(lowest * _TENTHS - 0.5)) if lowest < 1 else _TENTHS - 1

    def shows(self, day: date) -> bool:
        return self._first <= day <= self._end

    def x(self, day: date) -> float:
        share = (day - self._first).days / (self._end - self._first).days
        return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 1)

    def y(self, share: float) -> float:
        low = self._floor / _TENTHS
        return round(HEIGHT - _BOTTOM - (share - low) / (1 - low) * (HEIGHT - _TOP - _BOTTOM), 1)

    def mark(self, day: date, share: float, *, is_frozen: bool = False) -> Mark:
        return Mark(self.x(day), self.y(share), f"{day} {int(share * 1000) / 10:.1f}%", is_frozen)

    def grid(self) -> list[float]:
        step = 1 if _TENTHS - self._floor <= _MOST_GRID_LINES else 2
        return [tenth / _TENTHS for tenth in range(_TENTHS, self._floor - 1, -step)]

    def years(self) -> list[int]:
        return [year for year in range(self._first.year, self._end.year + 1) if self.shows(date(year, 1, 1))]

    def fan(self, last: Mark, targets: Sequence[Target], band: Band | None) -> str:
        target = next((target for target in targets if target.due_on >= self._last), targets[-1] if targets else None)
        if band is None or target is None or band.early is None:
            return ""
        late = band.late if band.late is not None and self.shows(band.late) else self._end
        ends = [self.mark(min(day, self._end), float(target.share)) for day in (band.early, late)]
        return _spell((last, *ends))


def _share(point: TrendPoint) -> float:
    return point.tally.numerator / point.tally.denominator


def _spell(marks: Sequence[Mark]) -> str:
    return " ".join(f"{mark.x},{mark.y}" for mark in marks)
