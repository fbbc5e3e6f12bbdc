"""What is known of a clip when it is handed over; index and report say the same for ever, whatever is found out later."""

from datetime import datetime
from typing import Any

from evidence_store.models import ClipRow
from evidence_store.object_store.keys import manifest_key
from integrity.plain import spell_instant
from service.ingest.clip_times import times_of


def facts_of(row: ClipRow, *, manifest: bytes, manifest_sha256: str) -> dict[str, Any]:
    """Gather what a package says of a clip, as JSON members; times are UTC."""
    clip, times = row.clip, times_of(row.clip)
    return {
        "clip_id": str(clip.id),
        "original_name": clip.original_name,
        "path": clip.path,
        "kind": clip.kind,
        "is_key": clip.is_key,
        "size_bytes": clip.size_bytes or 0,
        "sha256": clip.sha256,
        "sm3": clip.sm3,
        "object": {"key": clip.object_key, "version": clip.object_version},
        "manifest": {
            "key": manifest_key(clip.id),
            "version": clip.manifest_version,
            "sha256": manifest_sha256,
            "size_bytes": len(manifest),
        },
        "recorder": clip.claimed_serial,
        "recorder_model": row.recorder.model if row.recorder else None,
        "officer": row.officer.code if row.officer else None,
        "officer_name": row.officer.name if row.officer else None,
        "agency": row.agency.name,
        "agency_code": row.agency.code,
        "recorded_at": _spelled(clip.recorded_at),
        "announced_at": _spelled(clip.announced_at),
        "received_at": _spelled(clip.received_at),
        "verified_at": _spelled(clip.verified_at),
        "sealed_at": _spelled(clip.sealed_at),
        "released_at": _spelled(clip.released_at),
        "retain_until": _spelled(clip.retain_until),
        "corrected_at": _spelled(times.corrected_at),
        "corrected_uncertainty_s": times.uncertainty_s,
        "gps_offset_s": times.gps_offset_s,
        "gps_uncertainty_s": times.gps_uncertainty_s,
        "clock_offset_s": clip.clock_offset_s,
        "clock_uncertainty_s": clip.clock_uncertainty_s,
        "dock_offset_s": clip.dock_offset_s,
        "dock_uncertainty_s": clip.dock_uncertainty_s,
        "duration_s": clip.duration_s,
        "flags": list(clip.flags),
        "quarantine": clip.quarantine,
        "category": clip.category,
        "imported": clip.provenance,
    }


def _spelled(moment: datetime | None) -> str | None:
    return None if moment is None else spell_instant(moment)
