"""The dock's own clock beside the service's, and whether a recorder's may be set by it."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum

from device_drivers.dock.errors import DockError
from device_drivers.dock.service_client import ServiceClient
from device_drivers.recorder import Capabilities
from integrity.listing import ClockReading, DockClock

_ASKED = 3
_TIME_ERROR = 5
"""What ``adjtimex`` returns while no time source keeps the clock (Linux, ``timex.h``)."""
_TIMEX_BYTES = 512
MOST_DOCK_OFFSET_S = 2.0
"""A dock that differs more from the service than this sets no recorder's clock."""
LEAST_OFFSET_S = 1.0
"""A recorder that differs less than this is left alone: setting it would gain nothing."""


class ClockPolicy(StrEnum):
    """When a dock sets recorders' clocks."""

    NEVER = "never"
    MEASURED = "measured"
    ALWAYS = "always"


class ClockVerdict(StrEnum):
    """Whether a recorder's clock is to be set, or why not."""

    SET = "set"
    NOT_WANTED = "not_wanted"
    CANNOT_BE_SET = "cannot_be_set"
    DOCK_UNKNOWN = "dock_unknown"
    DOCK_NOT_SYNCHRONISED = "dock_not_synchronised"
    DOCK_DIFFERS = "dock_differs"
    NOT_MEASURED = "not_measured"
    IN_STEP = "in_step"


def decide_clock(policy: ClockPolicy, capabilities: Capabilities, *, reading: ClockReading | None, dock: DockClock | None) -> ClockVerdict:
    """Decide whether a recorder's clock is to be set. It is never set before it was measured, unless the policy says ``always``.

    Args:
        policy: When clocks are set at this dock.
        capabilities: What the recorder can do.
        reading: Its clock, as measured.
        dock: The dock's clock beside the service's.
    """
    checks = (
        (policy is not ClockPolicy.NEVER, ClockVerdict.NOT_WANTED),
        (capabilities.can_set_clock, ClockVerdict.CANNOT_BE_SET),
        (dock is not None, ClockVerdict.DOCK_UNKNOWN),
        (dock is not None and dock.is_synchronised, ClockVerdict.DOCK_NOT_SYNCHRONISED),
        (dock is not None and abs(dock.offset_s) <= MOST_DOCK_OFFSET_S, ClockVerdict.DOCK_DIFFERS),
        (reading is not None or policy is ClockPolicy.ALWAYS, ClockVerdict.NOT_MEASURED),
        (reading is None or abs(reading.offset_s) >= LEAST_OFFSET_S, ClockVerdict.IN_STEP),
    )
    return next((verdict for holds, verdict in checks if not holds), ClockVerdict.SET)


def measure_dock_clock(client: ServiceClient, now: Callable[[], datetime], *, is_synchronised: Callable[[], bool]) -> DockClock | None:
    """Compare the dock's clock with the service's, by the quickest of a few answers.

    Args:
        client: Calls to the service.
        now: The dock's clock, aware UTC.
        is_synchronised: Whether the dock's system says that a time source keeps its clock.

    Returns:
        The comparison, or ``None`` where the service did not answer.
    """
    best: DockClock | None = None
    for _ in range(_ASKED):
        began, monotonic = now(), time.monotonic()
        try:
            theirs = client.service_time()
        except DockError:
            break
        half_s = (time.monotonic() - monotonic) / 2
        middle = began + timedelta(seconds=half_s)
        if best is None or half_s < best.uncertainty_s:
            best = DockClock(middle, round((middle - theirs).total_seconds(), 6), round(half_s, 6), is_synchronised())
    return best


def system_clock_is_synchronised() -> bool:
    """Whether the kernel says that a time source keeps this machine's clock (``adjtimex``, Linux)."""
    library = ctypes.CDLL(None, use_errno=True)
    state: int = library.adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    return 0 <= state < _TIME_ERROR
