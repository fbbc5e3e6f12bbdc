"""GPS logs of NMEA 0183 sentences: RMC and GGA of any talker, whatever lies between them.

The sentences are those of NMEA 0183 as receivers' makers publish them (for instance u-blox M8 protocol specification, sections 31.2.4 and 31.2.14): a
``$``, two letters of the talker, three of the sentence, fields parted by commas, ``*`` and the XOR of everything between in hexadecimal. Latitude is
``ddmm.mmmm``, longitude ``dddmm.mmmm``. Times are UTC by the standard. RMC alone carries a date; a GGA takes its from the RMC before it, a day later
when the time of day fell back by more than half a day. A sentence with a wrong checksum does not count; one without a checksum does, and is counted.
"""

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from operator import xor

from service.media.gps.track import MAX_FIXES, Fix, Problem, Track, TrackFormat, finished, position
from service.media.gps.window import Window

MAX_BYTES = 32 * 1024**2
_LONGEST = 200
"""Longer than any sentence; the standard ends them at 82 characters, which makers do not heed."""
_SENTENCE = re.compile(rb"\$([A-Z]{2}(RMC|GGA),([ -#%-)+-~]{0,160}))(?:\*([0-9A-Fa-f]{2})|(?=[\r\n\0]))?")
_ANY_CHECKED = re.compile(rb"\$([A-Z]{5},[ -#%-)+-~]{0,160})\*([0-9A-Fa-f]{2})")
_TIME = re.compile(r"(\d{2})(\d{2})(\d{2}(?:\.\d{0,9})?)")
_DATE = re.compile(r"(\d{2})(\d{2})(\d{2})")
_LATITUDE = re.compile(r"(\d{2})(\d{2}(?:\.\d{0,12})?)")
_LONGITUDE = re.compile(r"(\d{3})(\d{2}(?:\.\d{0,12})?)")
_TRUE_MODES = frozenset({"", "A", "D", "P", "R", "F"})
"""Modes of an RMC that are measured; E is reckoned, M typed in, S simulated, N nothing."""
_TRUE_QUALITIES = frozenset({"1", "2", "3", "4", "5"})
_HALF_DAY_S = 43_200.0
_CENTURY_TURN = 80
"""GPS begins in 1980."""
_AT_THE_END_BYTES = 512


def looks_like_nmea(head: bytes) -> bool:
    """Whether the first bytes of a file hold at least two sentences: with right checksums of any kind, or RMC and GGA."""
    checked = sum(1 for found in _ANY_CHECKED.finditer(head) if _checksum(found[1]) == int(found[2], 16))
    unchecked = sum(1 for found in _SENTENCE.finditer(head) if found[4] is None and _is_whole(found))
    return checked + unchecked >= 2


def read_nmea(window: Window) -> Track:
    """Read every fix of a log; what is no sentence is passed over."""
    log = _Log()
    rest, beyond = b"", 0
    for chunk in window.chunks():
        data = rest + chunk
        beyond += len(chunk)
        cut = data.rfind(b"$", max(0, len(data) - _LONGEST))
        rest = data[cut:] if cut >= 0 else b""
        log.take_all(data[:cut] if cut >= 0 else data, ends_at=beyond - len(rest))
        if log.is_full:
            break
    log.take_all(rest + b"\n", ends_at=beyond)
    if window.is_cut_off or log.is_full:
        log.problems[Problem.CUT_OFF] += 1
    ends_with_fix = log.is_last_a_fix and not log.problems[Problem.CUT_OFF] and window.size_bytes - log.last_at < _AT_THE_END_BYTES
    return finished(TrackFormat.NMEA, log.fixes(), +log.problems, ends_with_fix=ends_with_fix)


class _Log:
    """What was read so far: position, second of the day, and day (proleptic ordinal) of each fix."""

    def __init__(self) -> None:
        self.problems: Counter[Problem] = Counter()
        self.is_last_a_fix = False
        self.last_at = 0
        self._rows: list[tuple[float, float, float, int | None]] = []
        self._day: int | None = None
        self._is_day_assumed = False

    @property
    def is_full(self) -> bool:
        return len(self._rows) >= MAX_FIXES

    def take_all(self, data: bytes, *, ends_at: int) -> None:
        """Take every sentence of a stretch that ends so many bytes into the file."""
        for found in _SENTENCE.finditer(data):
            if self.is_full:
                return
            self.is_last_a_fix = self._take(found)
            self.last_at = ends_at - (len(data) - found.end())

    def fixes(self) -> list[Fix]:
        """Give the fixes; those before the first date take it, a day earlier when midnight lay between."""
        first = next((row for row in self._rows if row[3] is not None), None)
        if first is None and self._rows:
            self.problems[Problem.NO_DATE] += len(self._rows)
        fixes = []
        for latitude, longitude, second, day in self._rows:
            if day is None and first is not None and first[3] is not None:
                day = first[3] - (1 if second > first[2] + _HALF_DAY_S else 0)  # noqa: PLW2901 - the very point
            fixes.append(Fix(latitude, longitude, None if day is None else _moment(day, second)))
        return fixes

    def _take(self, found: re.Match[bytes]) -> bool:
        if found[4] is not None and _checksum(found[1]) != int(found[4], 16):
            self.problems[Problem.CHECKSUM_WRONG] += 1
            return False
        if not _is_whole(found):
            self.problems[Problem.MALFORMED] += 1
            return False
        if found[4] is None:
            self.problems[Problem.NO_CHECKSUM] += 1
        fields = found[3].decode("ascii").split(",")
        return self._take_rmc(fields) if found[2] == b"RMC" else self._take_gga(fields)

    def _take_rmc(self, fields: list[str]) -> bool:
        if len(fields) < 9:
            return self._refuse(Problem.MALFORMED)
        if fields[1] != "A" or (len(fields) > 11 and fields[11] not in _TRUE_MODES):
            return self._refuse(Problem.NO_FIX)
        place, second = _place(fields[2:6]), _second(fields[0])
        if place is None or second is None:
            return self._refuse(Problem.MALFORMED)
        day = _day(fields[8])
        if day is None:
            return self._take_undated(place, second)
        if self._rows and self._rows[-1][2] == second and self._is_day_assumed:
            self._rows.pop()  # the GGA of the same second
        self._rows.append((*place, second, day))
        self._day, self._is_day_assumed = day, False
        return True

    def _take_gga(self, fields: list[str]) -> bool:
        if len(fields) < 6:
            return self._refuse(Problem.MALFORMED)
        if fields[5] not in _TRUE_QUALITIES:
            return self._refuse(Problem.NO_FIX)
        place, second = _place(fields[1:5]), _second(fields[0])
        if place is None or second is None:
            return self._refuse(Problem.MALFORMED)
        return self._take_undated(place, second)

    def _take_undated(self, place: tuple[float, float], second: float) -> bool:
        if self._rows and self._rows[-1][2] == second:
            return True
        if self._day is not None and second < self._rows[-1][2] - _HALF_DAY_S:
            self._day += 1
        self._rows.append((*place, second, self._day))
        self._is_day_assumed = True
        return True

    def _refuse(self, problem: Problem) -> bool:
        self.problems[problem] += 1
        return False


def _is_whole(found: re.Match[bytes]) -> bool:
    """Whether a sentence ends in a checksum or with its line, and not in rubbish."""
    return found[4] is not None or found.string[found.end() : found.end() + 1] in {b"\r", b"\n", b"\0"}


def _checksum(data: bytes) -> int:
    return reduce(xor, data, 0)


def _place(fields: list[str]) -> tuple[float, float] | None:
    latitude, longitude = _LATITUDE.fullmatch(fields[0]), _LONGITUDE.fullmatch(fields[2])
    if latitude is None or longitude is None or fields[1] not in {"N", "S"} or fields[3] not in {"E", "W"}:
        return None
    north, east = _degrees(latitude), _degrees(longitude)
    if north is None or east is None:
        return None
    return position(north if fields[1] == "N" else -north, east if fields[3] == "E" else -east)


def _degrees(found: re.Match[str]) -> float | None:
    minutes = float(found[2])
    return int(found[1]) + minutes / 60 if minutes < 60 else None


def _second(text: str) -> float | None:
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    hours, minutes, seconds = int(found[1]), int(found[2]), float(found[3])
    return hours * 3600 + minutes * 60 + seconds if hours < 24 and minutes < 60 and seconds < 61 else None


def _day(text: str) -> int | None:
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    year = int(found[3])
    try:
        return date((1900 if year >= _CENTURY_TURN else 2000) + year, int(found[2]), int(found[1])).toordinal()
    except ValueError:
        return None


def _moment(day: int, second: float) -> datetime:
    start = date.fromordinal(day)
    return datetime(start.year, start.month, start.day, tzinfo=UTC) + timedelta(seconds=second)
