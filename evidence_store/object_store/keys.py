"""Names of objects. They hold ids only, never anything a recorder said."""

from uuid import UUID

LOG_PREFIX = "log/"
"""What every stretch of the exported custody log begins with."""


def original_key(clip_id: UUID) -> str:
    """Where a clip's original lies."""
    return f"clips/{clip_id}/original"


def manifest_key(clip_id: UUID) -> str:
    """Where the signed manifest beside a clip's original lies."""
    return f"clips/{clip_id}/manifest"


def log_export_key(first_index: int) -> str:
    """Where the stretch of the custody log that begins at a leaf lies; keys sort as the log does."""
    return f"{LOG_PREFIX}{first_index:015d}.jsonl"


CLIP_PREFIX = "clips/"
"""What every original and manifest begins with."""
CANARY_PREFIX = "canary/"
"""What tells one store from another, and whether it gives back what it takes; each lasts minutes."""


def canary_key(canary_id: UUID) -> str:
    """Where a canary lies."""
    return f"{CANARY_PREFIX}{canary_id}"


def probe_key(run_id: UUID) -> str:
    """Where a run of the lock probe writes its canary."""
    return f"lock-probe/{run_id}"


COVERAGE_PREFIX = "coverage/"
"""What every frozen figure's roster begins with."""


def snapshot_key(snapshot_id: UUID) -> str:
    """Where the roster behind a frozen figure of coverage lies."""
    return f"{COVERAGE_PREFIX}{snapshot_id}.jsonl.gz"
