"""A GPS log for a simulated recorder's card: somebody who walks in a wide curve, one NMEA sentence a second, marked as a demonstration."""

import math
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import xor

_NORTH, _EAST = 30.0, 120.0
_ROUND_DEGREES = 0.0004
"""About 40 m."""
_STEP = 0.09
"""Radians of the curve a second, a brisk walk."""


def make_log(recorded_at: datetime, length_s: int, *, number: int) -> bytes:
    """Make the log of a recording.

    Args:
        recorded_at: When it began, aware.
        length_s: How many seconds it lasted.
        number: Of the docking; each walks elsewhere.
    """
    begin = recorded_at.astimezone(UTC)
    lines = ["GPTXT,01,01,02,DEMO"]
    for second in range(length_s + 1):
        angle = number + second * _STEP
        north = _NORTH + number * 0.001 + _ROUND_DEGREES * math.sin(angle)
        east = _EAST + number * 0.001 + _ROUND_DEGREES * math.cos(2 * angle)
        at = begin + timedelta(seconds=second)
        lines.append(f"GPRMC,{at:%H%M%S}.00,A,{_packed(north, 2)},N,{_packed(east, 3)},E,2.5,,{at:%d%m%y},,,A")
    return "".join(f"${line}*{reduce(xor, line.encode()):02X}\r\n" for line in lines).encode()


def _packed(degrees: float, width: int) -> str:
    """Degrees as NMEA writes them: ``dddmm.mmmm``."""
    whole = int(degrees)
    return f"{whole:0{width}}{(degrees - whole) * 60:07.4f}"
