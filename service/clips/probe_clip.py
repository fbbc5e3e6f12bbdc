"""A worker looks at what a clip holds: container, codecs, duration, and whether a browser can play it. Metadata; no state depends on it."""

from collections.abc import Iterable
from pathlib import PurePosixPath
from uuid import UUID

from evidence_store.errors import ObjectNotFoundError
from evidence_store.models import Clip
from integrity.receipt import ClipState
from service.context import ServiceContext
from service.jobs import job
from service.media.child import ByteSource
from service.media.probe import MediaReport, failed, probe_media

_VIDEO_SUFFIXES = frozenset({".mp4", ".mov", ".avi", ".mkv", ".ts", ".m4v", ".3gp", ".asf", ".264", ".265"})
DAMAGED = "damaged_media"


@job("clip.probe_media")
def probe_clip(context: ServiceContext, *, clip_id: str) -> None:
    """Look at a stored clip once, and keep what was found beside it; a broken or hostile file gives a code instead.

    The original is read by its version, in runs, never as a whole. A store that is away raises, and the job is tried again.
    """
    with context.unit_of_work() as work:
        clip = work.clips.get(UUID(clip_id))
    if clip is None or clip.media is not None or not clip.reached(ClipState.STORED):
        return
    report = _look(context, clip)
    with context.unit_of_work() as work:
        row = work.clips.lock(clip.id)
        if row is None or row.media is not None:
            return
        row.media = report.media
        row.duration_s = report.duration_s
        row.flags = sorted({*row.flags, *report.flags, *_flags_by_name(row.original_name, report)})


def _look(context: ServiceContext, clip: Clip) -> MediaReport:
    def read(offset: int, length: int) -> Iterable[bytes]:
        return context.objects.read(clip.object_key, clip.object_version or "", offset=offset, length=length)

    try:
        return probe_media(ByteSource(clip.size_bytes or 0, read))
    except ObjectNotFoundError:
        return failed("object_missing")


def _flags_by_name(name: str, report: MediaReport) -> tuple[str, ...]:
    """A file that calls itself a video and is nothing of the kind is damaged; a log is a log."""
    is_called_video = PurePosixPath(name).suffix.lower() in _VIDEO_SUFFIXES
    return (DAMAGED,) if is_called_video and report.media.get("error") == "not_media" else ()
