"""Measure a recorder's clock beside the dock's."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from device_drivers.transports.ptp.date_times import DateTime
from integrity.listing import ClockReading

_WATCH_S = 1.2
_PAUSE_S = 0.005


@dataclass(frozen=True, slots=True)
class _Glance:
    """What the recorder said, and the dock's clock before and after."""

    said: DateTime
    before: datetime
    after: datetime


def measure_clock(read: Callable[[], DateTime | None], now: Callable[[], datetime], zone: tzinfo) -> ClockReading | None:
    """Watch a clock until it ticks, for little more than a second.

    Where it ticks, the tick lies between two glances and the uncertainty is half of that. Where it does not, the clock is taken to be in the middle
    of what it shows, and half of its resolution adds to the uncertainty.

    Args:
        read: Asks the recorder; ``None`` where it says no time.
        now: The dock's clock, aware UTC.
        zone: Whose wall time a recorder shows that tells no offset.

    Returns:
        The reading, or ``None`` where the recorder says no time.
    """
    ends = time.monotonic() + _WATCH_S
    last = _glance(read, now)
    while last is not None and time.monotonic() < ends:
        time.sleep(_PAUSE_S)
        glance = _glance(read, now)
        if glance is None or glance.said != last.said:
            return None if glance is None else _reading(glance.said, last.before, glance.after, zone=zone, unknown_s=0.0)
        last = glance
    return None if last is None else _reading(last.said, last.before, last.after, zone=zone, unknown_s=last.said.resolution_s)


def _glance(read: Callable[[], DateTime | None], now: Callable[[], datetime]) -> _Glance | None:
    before = now()
    said = read()
    return None if said is None else _Glance(said, before, now())


def _reading(said: DateTime, before: datetime, after: datetime, *, zone: tzinfo, unknown_s: float) -> ClockReading:
    span = after - before
    middle = before + span / 2
    shown = said.instant(zone) + timedelta(seconds=unknown_s / 2)
    return ClockReading(
        recorder_time=said.wall_time,
        dock_time=middle,
        offset_s=(shown - middle).total_seconds(),
        uncertainty_s=span.total_seconds() / 2 + unknown_s / 2,
    )
