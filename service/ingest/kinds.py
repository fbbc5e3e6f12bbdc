"""What kind of file a clip is and whether it is marked as important: by its name, until a worker knows by what is in it. Pure."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class ClipKind(StrEnum):
    """What a file is; each is evidence of its own kind."""

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
_STILLS = frozenset({"jpeg_pipe", "png_pipe"})


def kind_of(name: str) -> ClipKind:
    """Tell a file's kind by the ending of its name."""
    _, dot, ending = name.rpartition(".")
    return _KINDS.get(ending.lower(), ClipKind.OTHER) if dot else ClipKind.OTHER


def kind_by_content(media: Mapping[str, Any]) -> ClipKind | None:
    """Tell a file's kind by what was found in it (docs/formats/media.md); ``None`` where nothing was, and its name must do."""
    if "container" not in media:
        return ClipKind.GPS_TRACK if "track" in media and "error" not in media else None
    if media["container"] in _STILLS:
        return ClipKind.STILL
    if media["video"] is not None:
        return ClipKind.VIDEO
    return ClipKind.AUDIO if media["audio"] is not None else None


def is_marked(name: str, mark: str) -> bool:
    """Whether a file's name carries the key-file mark, a regular expression."""
    return re.search(mark, name) is not None
