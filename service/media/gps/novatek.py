"""GPS inside recordings of Novatek chips: blocks ``freeGPS`` in the media data, about one a second, which a box ``gps`` in ``moov`` points to.

No maker publishes this. The facts are those that three independent readers agree on: S. Franco, "Extracting GPS data from Viofo A119 and other
Novatek powered cameras" (sergei.nz, 2016); ExifTool, QuickTimeStream.pl (GPSType 3 and 17); Mapillary Tools, reader of these blocks. After eight
bytes, of which the last four count them, the box lists offset and size of each block, big-endian. A block is its size, ``freeGPS`` and a space, and
little-endian from there: hour, minute, second, year, month, day (32 bits each), then a letter ``A`` (fix) or ``V`` (none), ``N`` or ``S``, ``E`` or
``W``, zero, and as floats latitude and longitude as ``dddmm.mmmm``. Two layouts are read, in which these begin at byte 16 or at byte 48. Others are
known to exist (text, encrypted text, doubles, LigoGPS, cameras that move the numbers) and are named, never guessed at.

The time is what the camera set; with many it follows the zone chosen in its menu, and nothing in the block says which (RobXYZ/viofosync, issue 33).
"""

import math
import re
import struct
from collections import Counter
from datetime import UTC, datetime, timedelta

from service.media.gps.boxes import Box, boxes
from service.media.gps.track import Fix, Problem, Track, TrackFormat, finished, position
from service.media.gps.window import Window

MAX_BYTES = 16 * 1024**2
MOST_BLOCKS_LISTED = 100_000
MOST_BLOCKS_READ = 1_800
"""Half an hour of one a second; of more, every n-th is read, because each is a request to the store."""
_MARK = b"freeGPS "
_LIGOGPS = b"LIGOGPSINFO"
_LIGOGPS_AT = (16, 48, 80)
_ENCRYPTED = b"\xaa\xaa\xf2\xe1\xf0\xee\x54\x54"
"""Text under XOR 0xAA (ExifTool, GPSType 1), at byte 18."""
_TEXT = re.compile(rb"(?:[A-Za-z0-9+/]{8,20}={0,2}|\d{1,5}\.\d{1,18})\0*")
_TEXTS_AT = (44, 64)
"""Another layout keeps the place as text, plain or encrypted, from these bytes on, 20 each (ExifTool, GPSType 4)."""
_BLOCK_BYTES = 128
_LAYOUTS = (16, 48)
_FIELDS = struct.Struct("<6I4sff")
_EXPECTED = 24
_DRIFT = timedelta(seconds=3)


def read_novatek(window: Window) -> Track | None:
    """Read the fixes that lie inside an MP4 or MOV file; ``None`` where there are no such blocks."""
    problems: Counter[Problem] = Counter()
    listed, is_moved = _find_blocks(window, problems)
    step = max(1, math.ceil(len(listed) / MOST_BLOCKS_READ))
    fixes = []
    for index in range(0, len(listed), step):
        offset, size = listed[index]
        block = window.at(offset, min(size, _BLOCK_BYTES), ahead=False)
        fix = _fix(block, index, problems, is_moved=is_moved)
        if fix is not None:
            fixes.append(fix)
    if not listed and not problems:
        return None
    if step > 1:
        problems[Problem.BLOCKS_SKIPPED] = len(listed) - len(range(0, len(listed), step))
    if window.is_cut_off:
        problems[Problem.CUT_OFF] += 1
    if not _is_every_second(fixes):
        problems[Problem.NOT_EVERY_SECOND] += 1
        fixes = [Fix(fix.latitude, fix.longitude, fix.at) for fix in fixes]
    return finished(TrackFormat.NOVATEK, fixes, problems)


def _find_blocks(window: Window, problems: Counter[Problem]) -> tuple[list[tuple[int, int]], bool]:
    """Find offset and size of the blocks, and whether the camera is of those that move the numbers (a box ``frea``)."""
    listed: list[tuple[int, int]] = []
    is_moved = False
    for box in boxes(window, 0, window.size_bytes):
        if box.kind in {b"skip", b"free"} and window.at(box.begin, len(_LIGOGPS)) == _LIGOGPS:
            problems[Problem.LIGOGPS_UNREAD] += 1
        elif box.kind == b"frea":
            is_moved = True
        elif box.kind == b"moov":
            for inner in boxes(window, box.begin, box.end):
                if inner.kind == b"gps " and not listed:
                    listed = _pointers(window, inner)
                is_moved |= inner.kind == b"frea"
    return listed, is_moved


def _pointers(window: Window, box: Box) -> list[tuple[int, int]]:
    if box.end - box.begin < 8:
        return []
    count = struct.unpack(">I", window.at(box.begin, 8)[4:].rjust(4, b"\0"))[0]
    count = min(count, MOST_BLOCKS_LISTED, (box.end - box.begin - 8) // 8)
    data = window.at(box.begin + 8, 8 * count, ahead=False)
    return [(offset, size) for offset, size in struct.iter_unpack(">II", data[: len(data) // 8 * 8])]


def _fix(block: bytes, index: int, problems: Counter[Problem], *, is_moved: bool) -> Fix | None:
    problem = _unread(block, is_moved=is_moved)
    if problem is not None:
        problems[problem] += 1
        return None
    for start in _LAYOUTS:
        letters = block[start + _EXPECTED : start + _EXPECTED + 4]
        if letters[:1] in {b"A", b"V"} and letters[3:] == b"\0" and _has_plain_time(block, start):
            fix = _read(block, start, index) if letters[:1] == b"A" else None
            if fix is None:
                problems[Problem.NO_FIX if letters[:1] == b"V" else Problem.LAYOUT_UNREAD] += 1
            return fix
    problems[Problem.LAYOUT_UNREAD if any(block[12:]) else Problem.NO_FIX] += 1
    return None


def _unread(block: bytes, *, is_moved: bool) -> Problem | None:
    if block[4:12] != _MARK or len(block) < _LAYOUTS[-1] + _FIELDS.size:
        return Problem.MALFORMED
    if any(block[at : at + len(_LIGOGPS)] == _LIGOGPS for at in _LIGOGPS_AT):
        return Problem.LIGOGPS_UNREAD
    if block[18:26] == _ENCRYPTED:
        return Problem.ENCRYPTED_UNREAD
    is_text = all(_TEXT.fullmatch(block[at : at + 20]) for at in _TEXTS_AT)
    return Problem.LAYOUT_UNREAD if is_moved or is_text or block[16:19] == b"IQS" else None


def _has_plain_time(block: bytes, start: int) -> bool:
    hour, minute, second, year, month, day = struct.unpack_from("<6I", block, start)
    is_never_set = (year, month, day) == (0, 0, 0)
    is_year = year < 100 or 2000 <= year < 2100
    return hour < 24 and minute < 60 and second < 61 and is_year and (is_never_set or (1 <= month <= 12 and 1 <= day <= 31))


def _read(block: bytes, start: int, index: int) -> Fix | None:
    hour, minute, second, year, month, day, letters, north, east = _FIELDS.unpack_from(block, start)
    if letters[1:2] not in {b"N", b"S"} or letters[2:3] not in {b"E", b"W"}:
        return None
    latitude, longitude = _degrees(north), _degrees(east)
    if latitude is None or longitude is None or north == 0 or east == 0:
        return None  # another layout leaves zeros here and keeps the place elsewhere, encrypted
    place = position(latitude if letters[1:2] == b"N" else -latitude, longitude if letters[2:3] == b"E" else -longitude)
    if place is None:
        return None
    try:
        at = datetime(year if year >= 2000 else 2000 + year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except ValueError:
        return None
    return Fix(*place, at, float(index))


def _degrees(packed: float) -> float | None:
    """Turn ``dddmm.mmmm`` into degrees; other layouts keep text or obfuscated numbers in the same place, which rarely look like that."""
    if not math.isfinite(packed) or not 0 <= packed < 18_100:
        return None
    degrees, minutes = divmod(packed, 100)
    return degrees + minutes / 60 if minutes < 60 else None


def _is_every_second(fixes: list[Fix]) -> bool:
    """Whether the blocks are a second apart by their own times, so that a block's number says how long the recording ran."""
    begins = [fix.at - timedelta(seconds=fix.elapsed_s) for fix in fixes if fix.at is not None and fix.elapsed_s is not None]
    return not begins or max(begins) - min(begins) <= _DRIFT
