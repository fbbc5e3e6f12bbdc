"""Look at a media file: what it holds, and whether Chromium can play it. Whatever the file is, the answer is metadata and never an exception."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from service.media.child import DEFAULT_LIMITS, ByteSource, Limits, run_child
from service.media.errors import ChildFailedError
from service.media.playback import flags_of, why_unplayable
from service.media.report import ChildAnswer, MediaFacts

VERSION = 1
_PROGRAM = "service.media.probe_program"
_UNTOLD = frozenset({"empty", "not_media"})
"""An empty file has its own flag already, and a log or a GPS track is no broken video."""


@dataclass(frozen=True, slots=True)
class MediaReport:
    """What is kept of a look.

    Attributes:
        media: JSON object (docs/formats/media.md): facts with ``playable`` and ``reason``, or ``error`` alone.
        duration_s: How long it plays, where that is known.
        flags: What is unusual: ``unplayable``, ``dark_picture``, ``damaged_media``.
    """

    media: dict[str, Any]
    duration_s: float | None = None
    flags: tuple[str, ...] = ()


def probe_media(source: ByteSource, *, limits: Limits = DEFAULT_LIMITS, program: str = _PROGRAM) -> MediaReport:
    """Find out what a file holds.

    Args:
        source: The file; what its ``read`` raises is passed on.
        limits: What the child may take.
        program: The child.

    Raises:
        ChildUnavailableError: The child does not come up; that says nothing about the file.
    """
    if source.size_bytes == 0:
        return failed("empty")
    try:
        answer = ChildAnswer.model_validate_json(run_child(program, source, limits=limits))
    except ChildFailedError as error:
        return failed(error.code)
    except ValidationError:
        return failed("parser_misbehaved")
    if answer.facts is None:
        return failed(answer.error or "parser_misbehaved")
    return _report(answer.facts)


def failed(code: str) -> MediaReport:
    """Report that nothing could be found out, and why."""
    return MediaReport({"error": code}, flags=() if code in _UNTOLD else ("damaged_media",))


def _report(facts: MediaFacts) -> MediaReport:
    reason, flags = why_unplayable(facts), flags_of(facts)
    media = {"version": VERSION, **facts.model_dump(), "playable": reason is None, "reason": reason, "flags": flags}
    return MediaReport(media, facts.duration_s, tuple(flags))
