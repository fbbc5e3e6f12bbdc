"""A clip's times as far as they are known: what the recorder said, what is measured of the clocks, and what follows from both."""

from dataclasses import dataclass
from datetime import datetime

from evidence_store.models import Clip
from service.ingest.policy import corrected_time, corrected_uncertainty


@dataclass(frozen=True, slots=True)
class ClipTimes:
    """When a recording began.

    Attributes:
        recorded_at: By the recorder's own clock, UTC, uncorrected.
        corrected_at: What the service's clock would have shown, UTC; ``None`` where an offset is unknown.
        uncertainty_s: How far ``corrected_at`` may be off by the measurements; what the recorder drifted since the recording is not in it.
    """

    recorded_at: datetime | None
    corrected_at: datetime | None
    uncertainty_s: float | None


def times_of(clip: Clip) -> ClipTimes:
    """Tell a clip's times."""
    corrected_at = None
    if clip.recorded_at is not None:
        corrected_at = corrected_time(clip.recorded_at, clock_offset_s=clip.clock_offset_s, dock_offset_s=clip.dock_offset_s)
    uncertainty_s = corrected_uncertainty(clip.clock_uncertainty_s, clip.dock_uncertainty_s) if corrected_at is not None else None
    return ClipTimes(clip.recorded_at, corrected_at, uncertainty_s)
