"""The child that parses media: PyAV reads the container and decodes one key frame, OpenCV judges it. See ``confinement`` for what it cannot do."""

import importlib
import math
import pkgutil
import sys
from typing import Any

import av
import cv2
import numpy as np

from service.media.confinement import PipedFile, serve
from service.media.report import LONGEST_S

_FORMATS = ("mov", "mp4", "matroska", "webm", "avi", "mpegts", "mpeg", "asf", "flv", "mp3", "aac", "wav", "ogg", "amr", "h264", "hevc")
_STILLS = ("jpeg_pipe", "png_pipe")
_NAMES = {"mov,mp4,m4a,3gp,3g2,mj2": "mp4", "matroska,webm": "matroska"}
_BUFFER_BYTES = 256 * 1024
_MOST_PACKETS = 400
_MOST_PIXELS = 40_000_000
_WIDTH = 320
_MARKS = ((0, b"RIFF"), (0, b"\x1aE\xdf\xa3"), (0, b"G"), (0, b"\xff\xd8\xff"), (0, b"\x89PNG"))
_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide"})
"""First boxes of ISO base media and QuickTime files (ISO/IEC 14496-12, section 4.3)."""


def look(file: PipedFile) -> dict[str, Any]:
    """Find out what the file holds; a code where it cannot be read."""
    try:
        return {"facts": _facts(file)}
    except (av.FFmpegError, ValueError, OverflowError) as error:
        if isinstance(error, MemoryError):
            raise
    file.seek(0)
    return {"error": "damaged" if _looks_like_media(file.read(12)) else "not_media"}


def _facts(file: PipedFile) -> dict[str, Any]:
    # Playlists and scripts that name other files are no formats here, and no protocol could open them.
    options = {"format_whitelist": ",".join((*_FORMATS, *_STILLS)), "protocol_whitelist": "none"}
    with av.open(file, mode="r", options=options, buffer_size=_BUFFER_BYTES, metadata_errors="replace") as container:
        video = next((stream for stream in container.streams.video if stream.codec_context is not None), None)
        audio = next((stream for stream in container.streams.audio if stream.codec_context is not None), None)
        return {
            "container": _container_name(container),
            "duration_s": _duration(container, video or audio),
            "video": _video(video) if video else None,
            "audio": _audio(audio) if audio else None,
            "picture": _picture(container, video) if video else None,
        }


def _container_name(container: Any) -> str:
    name = str(container.format.name)
    if name in _NAMES and container.metadata.get("major_brand", "").strip() == "qt":
        return "mov"
    return _NAMES.get(name, name.split(",", 1)[0])


def _duration(container: Any, stream: Any) -> float | None:
    if container.duration is not None:
        seconds = container.duration / av.time_base
    elif stream is not None and stream.duration is not None and stream.time_base is not None:
        seconds = float(stream.duration * stream.time_base)
    else:
        return None
    return round(seconds, 3) if 0 < round(seconds, 3) <= LONGEST_S else None


def _video(stream: Any) -> dict[str, Any]:
    codec = stream.codec_context
    rate = stream.average_rate or stream.guessed_rate
    return {
        "codec": codec.codec.canonical_name,
        "profile": codec.profile or None,
        "width": codec.width,
        "height": codec.height,
        "frame_rate": round(float(rate), 3) if rate and 0.001 <= rate <= 1_000 else None,
        "pixel_format": codec.pix_fmt,
    }


def _audio(stream: Any) -> dict[str, Any]:
    codec = stream.codec_context
    return {"codec": codec.codec.canonical_name, "sample_rate_hz": codec.sample_rate or 0, "channels": codec.channels or 0}


def _picture(container: Any, stream: Any) -> dict[str, float] | None:
    """Judge the first key frame; a file without one that can be decoded says nothing of its picture, and keeps its other facts."""
    codec = stream.codec_context
    if codec.width * codec.height > _MOST_PIXELS:
        return None
    codec.thread_count = 1
    codec.skip_frame = "NONKEY"
    try:
        for number, packet in enumerate(container.demux(stream)):
            for frame in packet.decode() if packet.is_keyframe or packet.size == 0 else ():
                return _judge(frame)
            if number >= _MOST_PACKETS:
                return None
    except (av.FFmpegError, OSError, ValueError):
        return None
    return None


def _judge(frame: Any) -> dict[str, float]:
    height = max(1, round(frame.height * _WIDTH / frame.width))
    grey = frame.reformat(width=_WIDTH, height=min(height, 4 * _WIDTH), format="gray", threads=1).to_ndarray()
    return {"mean_luma": round(float(np.mean(grey)), 2), "sharpness": round(_sharpness(grey), 2)}


def _sharpness(grey: Any) -> float:
    value = float(cv2.Laplacian(grey, cv2.CV_64F).var())
    return value if math.isfinite(value) else 0.0


def _looks_like_media(head: bytes) -> bool:
    return head[4:8] in _BOXES or any(head[at:].startswith(mark) for at, mark in _MARKS)


def _warm_up() -> None:
    """Load what the libraries load late, while files can still be opened."""
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    av.logging.set_level(None)
    cv2.setNumThreads(1)
    _judge(av.VideoFrame.from_ndarray(np.zeros((16, 16), dtype=np.uint8), format="gray"))


if __name__ == "__main__":
    _warm_up()
    sys.exit(serve(look))
