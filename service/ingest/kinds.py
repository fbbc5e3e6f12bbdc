"""What kind of file a clip is and whether it is marked as important, by its name. Pure.

A name is a maker's convention; what is inside, a worker finds out.
"""

import re
from enum import StrEnum


class ClipKind(StrEnum):
    """What a file is, as far as its name tells; each is evidence of its own kind."""

    VIDEO = "video"
    AUDIO = "audio"
    STILL = "still"
    GPS_TRACK = "gps_track"
    LOG = "log"
    OTHER = "other"


_ENDINGS = {
    ClipKind.VIDEO: ("mp4", "mov", "avi", "mkv", "ts", "m4v", "3gp", "asf", "264", "265", "h264", "h265"),
    ClipKind.AUDIO: ("wav", "mp3", "aac", "amr", "m4a", "ogg"),
    ClipKind.STILL: ("jpg", "jpeg", "png", "bmp"),
    ClipKind.GPS_TRACK: ("nmea", "gps", "wkt", "gpx"),
    ClipKind.LOG: ("log", "txt"),
}
_KINDS = {ending: kind for kind, endings in _ENDINGS.items() for ending in endings}


def kind_of(name: str) -> ClipKind:
    """Tell a file's kind by the ending of its name."""
    _, dot, ending = name.rpartition(".")
    return _KINDS.get(ending.lower(), ClipKind.OTHER) if dot else ClipKind.OTHER


def is_marked(name: str, mark: str) -> bool:
    """Whether a file's name carries the key-file mark, a regular expression."""
    return re.search(mark, name) is not None
