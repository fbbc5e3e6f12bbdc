"""What somebody should look at on a recorder: battery, card, clock, files that fill it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from statistics import median

from device_drivers.dock.reading_order import is_locked
from device_drivers.recorder import RecorderStatus
from integrity.listing import ClockReading, RecordedFile

LOW_BATTERY_PERCENT = 20
LOW_SPACE = 0.1
MOST_LOCKED = 0.25
"""Share of a card that locked files may take; recorders never overwrite them, and stop when the card is full."""
WRONG_CLOCK_S = 60.0
EARLIEST_YEAR = 2015
"""Recorders that lost their battery restart in 1970, 1980 or 2000."""
FEWEST_HOURS = 2.0
_SHORTEST_S, _LONGEST_S = 10.0, 6 * 3600.0
_MOVING_PICTURES = re.compile(r"\.(mp4|mov|avi|mkv|ts)$", re.IGNORECASE)


class Concern(StrEnum):
    """What somebody should look at."""

    BATTERY_LOW = "battery_low"
    NO_CARD = "no_card"
    WRITE_PROTECTED = "write_protected"
    CARD_NEARLY_FULL = "card_nearly_full"
    LOCKED_FILES = "locked_files"
    CLOCK_WRONG = "clock_wrong"
    CLOCK_RESET = "clock_reset"
    NOTHING_RECORDED = "nothing_recorded"
    LISTING_INCOMPLETE = "listing_incomplete"
    FILES_UNREADABLE = "files_unreadable"
    CONTESTED = "contested"
    NO_IDENTITY = "no_identity"
    SPOOL_FULL = "spool_full"
    SPOOL_REFUSED = "spool_refused"
    SERVICE_AWAY = "service_away"


@dataclass(frozen=True, slots=True)
class Condition:
    """How a recorder is doing.

    Attributes:
        battery_percent: Charge, where it tells.
        is_charging: Whether it takes charge, where it tells.
        last_recorded: Its own wall time of the newest footage, ``YYYY-MM-DDTHH:MM:SS``.
        hours_left: Hours of recording that fit on its card at the rate of what is on it, where both can be told.
        free_share: Part of the card that is free, where it tells.
        concerns: What somebody should look at.
    """

    battery_percent: int | None = None
    is_charging: bool | None = None
    last_recorded: str | None = None
    hours_left: float | None = None
    free_share: float | None = None
    concerns: tuple[Concern, ...] = ()


def judge_condition(status: RecorderStatus, clock: ClockReading | None, files: Sequence[RecordedFile] | None) -> Condition:
    """Judge a recorder by what it says and what lies on it.

    Args:
        status: What it says.
        clock: Its clock, where it can be read.
        files: What lies on it; ``None`` before it was listed.
    """
    capacity, free = status.capacity_bytes, status.free_bytes
    if capacity and free is None and files is not None:
        free = max(0, capacity - sum(file.size_bytes for file in files))
    footage = [file for file in files or () if _MOVING_PICTURES.search(file.path)]
    rate = _bytes_per_s(footage)
    hours_left = None if free is None or rate is None else round(free / rate / 3600, 1)
    free_share = round(free / capacity, 3) if capacity and free is not None else None
    checks = (
        (status.battery_percent is not None and status.battery_percent < LOW_BATTERY_PERCENT, Concern.BATTERY_LOW),
        (status.has_card is False, Concern.NO_CARD),
        (bool(status.is_write_protected), Concern.WRITE_PROTECTED),
        ((free_share is not None and free_share < LOW_SPACE) or (hours_left or FEWEST_HOURS) < FEWEST_HOURS, Concern.CARD_NEARLY_FULL),
        (bool(capacity) and _locked_bytes(files or ()) > MOST_LOCKED * (capacity or 1), Concern.LOCKED_FILES),
        (clock is not None and int(clock.recorder_time[:4]) < EARLIEST_YEAR, Concern.CLOCK_RESET),
        (clock is not None and abs(clock.offset_s) > WRONG_CLOCK_S, Concern.CLOCK_WRONG),
        (files is not None and not footage, Concern.NOTHING_RECORDED),
    )
    newest = max((file.modified or file.created or "" for file in footage), default="")
    return Condition(
        status.battery_percent, status.is_charging, newest or None, hours_left, free_share, tuple(concern for holds, concern in checks if holds)
    )


def _locked_bytes(files: Sequence[RecordedFile]) -> int:
    return sum(file.size_bytes for file in files if is_locked(file))


def _bytes_per_s(footage: Sequence[RecordedFile]) -> float | None:
    """Median rate of recordings whose beginning and end are both told; made of wall times of one recorder, so zones do not matter."""
    rates = []
    for file in footage:
        if file.created and file.modified:
            seconds = (datetime.fromisoformat(file.modified[:19]) - datetime.fromisoformat(file.created[:19])).total_seconds()
            if _SHORTEST_S <= seconds <= _LONGEST_S and file.size_bytes:
                rates.append(file.size_bytes / seconds)
    return median(rates) if rates else None
