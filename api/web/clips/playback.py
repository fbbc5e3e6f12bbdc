"""How a browser may show a clip, judged by what a worker found in it (docs/formats/media.md), else by the ending of its name."""

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
_ONLY_SOUND = "no_video"


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
    kind = Playback(_KINDS.get(ending, "not_playable"))
    if kind is not Playback.VIDEO or why_unplayable(clip) is None:
        return kind
    return Playback.AUDIO if why_unplayable(clip) == _ONLY_SOUND else Playback.NOT_PLAYABLE


def why_unplayable(clip: Clip) -> str | None:
    """Code of why a browser would not show it, as far as a worker has looked."""
    reason = (clip.media or {}).get("reason")
    return None if reason is None else str(reason)
