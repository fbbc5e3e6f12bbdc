"""What a look at a media file found, as values with bounds: they come from a process that hostile bytes may have taken over."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Word = Annotated[str, Field(min_length=1, max_length=48, pattern=r"^[A-Za-z0-9_.:() +-]+$")]
Side = Annotated[int, Field(ge=0, le=1_000_000)]
LONGEST_S = 30 * 86_400.0
"""No recorder records for longer; a file that says so does not know."""


class _Facts(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)


class VideoFacts(_Facts):
    """The first video stream: codec and pixel format by FFmpeg's names, size in pixels, frames per second on average."""

    codec: Word
    profile: Word | None = None
    width: Side
    height: Side
    frame_rate: Annotated[float, Field(gt=0, le=1_000)] | None = None
    pixel_format: Word | None = None


class AudioFacts(_Facts):
    """The first audio stream."""

    codec: Word
    sample_rate_hz: Annotated[int, Field(ge=0, le=1_000_000)]
    channels: Annotated[int, Field(ge=0, le=1_024)]


class PictureFacts(_Facts):
    """The first key frame that could be decoded, scaled to 320 pixels of width, as grey values.

    Attributes:
        mean_luma: 0 (black) to 255.
        sharpness: Variance of the Laplacian: nearly 0 where nothing has an edge.
    """

    mean_luma: Annotated[float, Field(ge=0, le=255)]
    sharpness: Annotated[float, Field(ge=0, le=10_000_000)]


class MediaFacts(_Facts):
    """What a file says about itself.

    Attributes:
        container: ``mp4``, ``mov``, ``matroska``, or FFmpeg's name.
        duration_s: As the container says; ``None`` where it does not, or says nonsense.
    """

    container: Word
    duration_s: Annotated[float, Field(gt=0, le=LONGEST_S)] | None = None
    video: VideoFacts | None = None
    audio: AudioFacts | None = None
    picture: PictureFacts | None = None


class ChildAnswer(_Facts):
    """What the child sends: facts, or the code of why there are none."""

    facts: MediaFacts | None = None
    error: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")] | None = None
