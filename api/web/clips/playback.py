"""How a browser may show a clip, judged by the ending of its name; whether it can decode it shows only there."""

from enum import StrEnum

from evidence_store.models import Clip
from integrity.receipt import ClipState

_KINDS = {
    "mp4": "video",
    "m4v": "video",
    "mov": "video",
    "mkv": "video",
    "webm": "video",
    "jpg": "image",
    "jpeg": "image",
    "wav": "audio",
    "mp3": "audio",
}
"""Chromium plays these; it does not play AVI or MPEG transport streams."""


class Playback(StrEnum):
    """How to show a clip, or why not."""

    VIDEO = "video"
    AUDIO = "audio"
    IMAGE = "image"
    NOT_PLAYABLE = "not_playable"
    EMPTY = "is_empty"
    NOT_STORED = "not_stored"

    @property
    def is_shown(self) -> bool:
        """Whether a browser can be asked to show it."""
        return self in {Playback.VIDEO, Playback.AUDIO, Playback.IMAGE}


def playback_of(clip: Clip) -> Playback:
    """Decide how a clip is shown."""
    if not clip.reached(ClipState.STORED):
        return Playback.NOT_STORED
    if clip.size_bytes == 0:
        return Playback.EMPTY
    ending = clip.original_name.rpartition(".")[2].lower()
    return Playback(_KINDS.get(ending, "not_playable"))
