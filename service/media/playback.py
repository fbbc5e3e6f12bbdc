"""Pure rules: what Chromium plays, and what is unusual about a file.

Tried with Chromium 156: H.264 plays in MP4, MOV and Matroska; AVI, MPEG-TS and MP2 sound are refused; HEVC and MPEG-4 part 2 "play" with sound and
without a picture or an error, which is why the decision is made here.
"""

from service.media.report import MediaFacts, PictureFacts, VideoFacts

_CONTAINERS = frozenset({"mp4", "mov", "matroska"})
_CODECS = frozenset({"h264", "vp8", "vp9", "av1"})
_SOUND = frozenset({"aac", "mp3", "opus", "vorbis", "flac"})
_PIXELS = frozenset({"yuv420p", "yuvj420p"})
_STILLS = frozenset({"jpeg_pipe", "png_pipe"})
DARK_LUMA = 24.0
DARK_SHARPNESS = 20.0
"""A covered lens is dark and shows no edge; a street at night is dark and shows lamps."""


def why_unplayable(facts: MediaFacts) -> str | None:
    """Why Chromium would not show a file: ``container``, ``no_video``, ``video_codec``, ``pixel_format``, ``audio_codec``; else ``None``."""
    if facts.container not in _CONTAINERS:
        return "container"
    if facts.video is None:
        return "no_video"
    return _why_no_picture(facts.video) or ("audio_codec" if facts.audio is not None and facts.audio.codec not in _SOUND else None)


def flags_of(facts: MediaFacts) -> list[str]:
    """What is unusual without being wrong: ``unplayable``, ``dark_picture``. A still picture is not expected to play."""
    flags = []
    if facts.picture is not None and is_dark(facts.picture):
        flags.append("dark_picture")
    if facts.container not in _STILLS and why_unplayable(facts) is not None:
        flags.append("unplayable")
    return flags


def is_dark(picture: PictureFacts) -> bool:
    """Whether a picture looks as if the lens was covered."""
    return picture.mean_luma < DARK_LUMA and picture.sharpness < DARK_SHARPNESS


def _why_no_picture(video: VideoFacts) -> str | None:
    if video.codec not in _CODECS:
        return "video_codec"
    if video.pixel_format not in _PIXELS:
        return "pixel_format"
    return None
