"""Names of objects. They hold ids only, never anything a recorder said."""

from uuid import UUID


def original_key(clip_id: UUID) -> str:
    """Where a clip's original lies."""
    return f"clips/{clip_id}/original"


def manifest_key(clip_id: UUID) -> str:
    """Where the signed manifest beside a clip's original lies."""
    return f"clips/{clip_id}/manifest"


def probe_key(run_id: UUID) -> str:
    """Where a run of the lock probe writes its canary."""
    return f"lock-probe/{run_id}"
