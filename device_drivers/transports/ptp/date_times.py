"""DateTime strings: ``YYYYMMDDThhmmss``, tenths of a second and an offset where a device has them. Pure; no input or output.

Source: PIMA 15740:2000, clause 5.3.5.2 (``YYYYMMDDThhmmss[.s]`` and ``Z`` or ``+hhmm``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo

_DATE_TIME = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})(?:\.([0-9]{1,6})[0-9]*)?(Z|[+-][0-9]{4})?\0*")


@dataclass(frozen=True, slots=True)
class DateTime:
    """A DateTime string that could be read.

    Attributes:
        wall_time: ``YYYY-MM-DDTHH:MM:SS``, with the fraction and offset that it carried.
        moment: The instant; where it carried no offset, naive.
        resolution_s: 1, or less where it carried a fraction.
    """

    wall_time: str
    moment: datetime
    resolution_s: float

    def instant(self, zone: tzinfo) -> datetime:
        """Give the instant, aware; a time without an offset is wall time of a zone."""
        return self.moment if self.moment.tzinfo is not None else self.moment.replace(tzinfo=zone)


def parse_date_time(raw: bytes) -> DateTime | None:
    """Read a DateTime string, in UTF-16LE; ``None`` where it is no time."""
    found = _DATE_TIME.fullmatch(raw.decode("utf-16-le", "replace"))
    if found is None:
        return None
    fraction, offset = found[7] or "", found[8]
    try:
        year, month, day, hour, minute, second = (int(found[group]) for group in range(1, 7))
        moment = datetime(year, month, day, hour, minute, second, int(fraction.ljust(6, "0")), _zone(offset))
    except ValueError:
        return None
    spelled = moment.replace(microsecond=0, tzinfo=None).isoformat() + (f".{fraction}" if fraction else "")
    if offset is not None:
        spelled += "+00:00" if offset == "Z" else f"{offset[:3]}:{offset[3:]}"
    return DateTime(spelled, moment, 10.0 ** -len(fraction))


def format_date_time(moment: datetime, zone: tzinfo, *, like: DateTime | None) -> bytes:
    """Spell an aware moment in UTF-16LE as a device spells its own time: in its offset where that carried one, else as wall time of a zone."""
    offset = like.moment.tzinfo if like is not None else None
    text = moment.astimezone(offset or zone).strftime("%Y%m%dT%H%M%S%z" if offset is not None else "%Y%m%dT%H%M%S")
    return text.encode("utf-16-le")


def _zone(offset: str | None) -> timezone | None:
    if offset is None:
        return None
    if offset == "Z":
        return UTC
    minutes = int(offset[1:3]) * 60 + int(offset[3:5])
    if int(offset[3:5]) > 59:
        raise ValueError(offset)
    return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))
