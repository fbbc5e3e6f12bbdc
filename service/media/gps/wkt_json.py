"""GPS trails as Axis body worn systems store them: JSON whose entries name a point in WKT.

From the published Axis body worn integration specification 1.6.10: ``{"CoordinateEntries": [{"LocationWKT": "POINT(lon lat)", "SecondsFromStart",
"Timestamp"}]}``. ``SecondsFromStart`` is how long the recording ran. ``Timestamp`` counts as ISO 8601 with an offset, or as Unix seconds; anything
else is no time. Entries are read one by one, so a trail that was cut off gives those that are whole.
"""

import json
import math
import re
from collections import Counter
from datetime import UTC, datetime

from service.media.gps.track import MAX_FIXES, Fix, Problem, Track, TrackFormat, finished, position, read_moment
from service.media.gps.window import Window

MAX_BYTES = 32 * 1024**2
_LONGEST_ENTRY = 1_024
_MOST_ENTRIES = 2 * MAX_FIXES
_LONGEST_RECORDING_S = 30 * 86_400.0
_BEGIN = re.compile(rb'"CoordinateEntries"\s{0,64}:\s{0,64}\[')
_ENTRY = re.compile(rb"\{[^{}]{0,1024}\}")
_NUMBER = r"([-+]?\d{1,4}(?:\.\d{0,20})?)"
_POINT = re.compile(rf"\s{{0,9}}POINT\s{{0,9}}(?:ZM|Z|M)?\s{{0,9}}\(\s{{0,9}}{_NUMBER}\s{{1,9}}{_NUMBER}[-+.\d\s]{{0,64}}\)\s{{0,9}}", re.IGNORECASE)
_EARLIEST = 315_964_800
"""6 January 1980, when GPS time begins; a smaller number is no Unix time of a fix."""
_LATEST = 4_102_444_800


def looks_like_wkt_json(head: bytes) -> bool:
    """Whether the first bytes of a file begin such a trail."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and b'"CoordinateEntries"' in head


def read_wkt_json(window: Window) -> Track:
    """Read every fix of a trail."""
    fixes: list[Fix] = []
    problems: Counter[Problem] = Counter()
    rest, is_inside, entries = b"", False, 0
    for chunk in window.chunks():
        data = rest + chunk
        if not is_inside:
            begin = _BEGIN.search(data)
            if begin is None:
                rest = data[-_LONGEST_ENTRY:]
                continue
            data, is_inside = data[begin.end() :], True
        done = 0
        for found in _ENTRY.finditer(data):
            fix = _fix(found[0], problems)
            if fix is not None and len(fixes) < MAX_FIXES:
                fixes.append(fix)
            done, entries = found.end(), entries + 1
            if entries >= _MOST_ENTRIES:
                break
        rest = data[done:][-_LONGEST_ENTRY - 2 :]
        if len(fixes) >= MAX_FIXES or entries >= _MOST_ENTRIES:
            rest = b"{"
            break
    if window.is_cut_off or b"{" in rest:
        problems[Problem.CUT_OFF] += 1
    return finished(TrackFormat.WKT_JSON, fixes, problems)


def _fix(text: bytes, problems: Counter[Problem]) -> Fix | None:
    try:
        entry = json.loads(text)
    except (ValueError, RecursionError):
        problems[Problem.MALFORMED] += 1
        return None
    found = _POINT.fullmatch(entry["LocationWKT"]) if isinstance(entry.get("LocationWKT"), str) else None
    place = position(float(found[2]), float(found[1])) if found else None
    if place is None:
        problems[Problem.MALFORMED] += 1
        return None
    elapsed = _number(entry.get("SecondsFromStart"))
    is_elapsed = elapsed is not None and 0 <= elapsed <= _LONGEST_RECORDING_S
    return Fix(*place, _moment(entry.get("Timestamp"), problems), elapsed if is_elapsed else None)


def _moment(value: object, problems: Counter[Problem]) -> datetime | None:
    if isinstance(value, str):
        return read_moment(value, problems)
    seconds = _number(value)
    if seconds is None or not _EARLIEST <= seconds <= _LATEST:
        problems[Problem.NO_DATE] += 1
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
