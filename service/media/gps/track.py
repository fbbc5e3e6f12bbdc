"""What a GPS track says, as values."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

MAX_FIXES = 100_000
"""A day of one fix a second is 86,400."""
_PLACES = 7
"""Decimal places of a degree that are kept: about a centimetre."""


class TrackFormat(StrEnum):
    """How a track is written."""

    NMEA = "nmea"
    WKT_JSON = "wkt_json"
    GPX = "gpx"
    NOVATEK = "novatek"


class Problem(StrEnum):
    """What a track has that is not a fix to rely on; each is counted, none is mended."""

    CHECKSUM_WRONG = "checksum_wrong"
    NO_CHECKSUM = "no_checksum"
    MALFORMED = "malformed"
    NO_FIX = "no_fix"
    NO_DATE = "no_date"
    NO_ZONE = "no_zone"
    OUT_OF_ORDER = "out_of_order"
    CUT_OFF = "cut_off"
    DOCTYPE_REFUSED = "doctype_refused"
    LAYOUT_UNREAD = "layout_unread"
    LIGOGPS_UNREAD = "ligogps_unread"
    ENCRYPTED_UNREAD = "encrypted_unread"
    BLOCKS_SKIPPED = "blocks_skipped"
    GPS_ZONE_UNKNOWN = "gps_zone_unknown"
    NOT_EVERY_SECOND = "not_every_second"


@dataclass(frozen=True, slots=True)
class Fix:
    """Where a receiver was.

    Attributes:
        latitude: Degrees north, WGS 84.
        longitude: Degrees east.
        at: What the receiver said the time was, UTC (see :attr:`Track.is_zone_known`); ``None`` where the track carries no date.
        elapsed_s: How long the recording ran when the recorder wrote it, by the recorder; ``None`` where the track does not tell.
    """

    latitude: float
    longitude: float
    at: datetime | None
    elapsed_s: float | None = None


@dataclass(frozen=True, slots=True)
class Track:
    """All fixes of a file, in its order.

    Attributes:
        format: How it is written.
        fixes: Valid ones only; perhaps none.
        problems: How often each was met.
        is_zone_known: Whether the format says that times are UTC; where it does not, they are taken as UTC and may be off by the recorder's zone.
        ends_with_fix: Whether the last thing in the file is a fix that counts.
    """

    format: TrackFormat
    fixes: tuple[Fix, ...]
    problems: Mapping[Problem, int]
    is_zone_known: bool = True
    ends_with_fix: bool = False


def finished(format: TrackFormat, fixes: list[Fix], problems: Counter[Problem], *, ends_with_fix: bool = False) -> Track:  # noqa: A002 - the word
    """Make a track of what a reader gathered; fixes whose time is before that of the fix before them are counted."""
    latest: datetime | None = None
    for fix in fixes:
        if fix.at is not None:
            if latest is not None and fix.at < latest:
                problems[Problem.OUT_OF_ORDER] += 1
            latest = fix.at
    is_zone_known = format is not TrackFormat.NOVATEK
    if fixes and not is_zone_known:
        problems[Problem.GPS_ZONE_UNKNOWN] = len(fixes)
    return Track(format, tuple(fixes), dict(problems), is_zone_known=is_zone_known, ends_with_fix=ends_with_fix)


def position(latitude: float, longitude: float) -> tuple[float, float] | None:
    """Round a position; ``None`` where it is not on earth or no number."""
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None
    return round(latitude, _PLACES), round(longitude, _PLACES)


def read_moment(text: str, problems: Counter[Problem]) -> datetime | None:
    """Read an ISO 8601 time, UTC; one without an offset is no instant and is counted, as is one that is none."""
    try:
        moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo is None:
            problems[Problem.NO_ZONE] += 1
            return None
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        problems[Problem.NO_DATE] += 1
        return None
