"""A worker reads a stored clip back by its version and compares; only then is it verified."""

import logging
from uuid import UUID

from evidence_store.actor import WORKER
from evidence_store.errors import ObjectNotFoundError
from evidence_store.models import Clip, DockSession
from evidence_store.object_store.keys import manifest_key
from evidence_store.object_store.store import StoredObject
from evidence_store.unit_of_work import UnitOfWork
from integrity.canonical import JsonValue
from integrity.hashing import Digests, running_sha256, sha256_hex
from integrity.listing import ClockReading, RecordedFile, RecorderIdentity
from integrity.manifest import Manifest, sign_manifest
from integrity.manifest import StoredObject as ManifestObject
from integrity.plain import from_plain
from integrity.provenance import Provenance
from integrity.receipt import ClipState
from service.context import ServiceContext
from service.copies.make_copies import defer_copies
from service.custody.seal_clips import EVENTS_PER_CHECKPOINT, SEALING_FIRST, seal_clips
from service.ingest.judge_imported import StatedDigest, judge_imported
from service.ingest.probe_clip import probe_clip
from service.jobs import job

READ_BACK_MISMATCH = "read_back_mismatch"
OBJECT_MISSING = "object_missing"
PAUSE_S = 30
LOOKS_CAN_WAIT = -10
"""What is in a clip matters less than that it is safe."""
_LOG = logging.getLogger(__name__)


@job("clip.read_back")
def read_back_clip(context: ServiceContext, *, clip_id: str) -> None:
    """Re-read a clip's object and compare it with what the dock read from the recorder.

    Equal: a signed manifest is laid beside it and the clip is verified. Not equal, or gone: it is put in quarantine. A store that is away raises, and
    the job is tried again. Equal bytes have an equal SM3, so SHA-256 alone is computed, and for imported footage the digest that its source states.
    """
    with context.unit_of_work() as work:
        clip = work.clips.get(UUID(clip_id))
        session = work.docks.get_session(clip.session_id) if clip else None
        if clip is None or session is None or clip.state != ClipState.STORED:
            return
        if context.settings.read_back_paused:
            work.jobs.defer(read_back_clip, delay_s=PAUSE_S, clip_id=clip_id)
            return
    comparison = StatedDigest.of(clip)
    found = _digest(context, clip, comparison)
    if found != clip.sha256:
        _quarantine(context, clip, OBJECT_MISSING if found is None else READ_BACK_MISMATCH, found)
        return
    judge_imported(context, clip, comparison)
    data = _write_manifest(context, clip, session)
    manifest = context.objects.put(manifest_key(clip.id), data, retain_until=clip.retain_until or context.clock.now())
    _verify(context, clip, manifest, manifest_sha256=sha256_hex(data))


def _digest(context: ServiceContext, clip: Clip, comparison: StatedDigest | None) -> str | None:
    digest = running_sha256()
    size = 0
    try:
        for chunk in context.objects.read(clip.object_key, clip.object_version or ""):
            digest.update(chunk)
            if comparison is not None:
                comparison.running.update(chunk)
            size += len(chunk)
    except ObjectNotFoundError:
        return None
    return digest.digest().hex() if size == clip.size_bytes else f"{size} bytes"


def _quarantine(context: ServiceContext, seen: Clip, reason: str, found: str | None) -> None:
    _LOG.error("a stored clip is not what was sent", extra={"clip_id": str(seen.id), "reason": reason})
    with context.unit_of_work() as work:
        clip = work.clips.lock(seen.id)
        if clip is not None and clip.quarantine != reason:
            clip.quarantine = reason
            details = {"reason": reason, "expected_sha256": clip.sha256, "found": found}
            work.custody.append("clip", clip.id, "clip.quarantined", actor=WORKER, at=context.clock.now(), details=details)


def _write_manifest(context: ServiceContext, clip: Clip, session: DockSession) -> bytes:
    """Write the manifest that is laid beside the original, under the same lock. Done twice it gives a second version of equal content."""
    if clip.received_at is None or clip.retain_until is None or clip.size_bytes is None:
        raise ValueError(f"clip {clip.id} is stored without its facts")
    manifest = Manifest(
        clip_id=str(clip.id),
        session_id=str(session.id),
        dock_id=str(session.dock_id),
        identity=from_plain(RecorderIdentity, session.identity),
        clock=from_plain(ClockReading, session.clock) if session.clock else None,
        file=from_plain(RecordedFile, clip.listed),
        size_bytes=clip.size_bytes,
        digests=Digests(clip.sha256 or "", clip.sm3 or ""),
        received_at=clip.received_at,
        recorded_at=clip.recorded_at,
        officer_id=str(clip.officer_id) if clip.officer_id else None,
        agency_id=str(clip.agency_id),
        flags=tuple(clip.flags),
        stored=ManifestObject(context.settings.store_bucket, clip.object_key, clip.object_version or "", clip.retain_until),
        imported=from_plain(Provenance, clip.provenance) if clip.provenance else None,
    )
    return sign_manifest(manifest, context.manifest_signer)


def _verify(context: ServiceContext, seen: Clip, manifest: StoredObject, *, manifest_sha256: str) -> None:
    now = context.clock.now()
    with context.unit_of_work() as work:
        session = work.docks.lock_session(seen.session_id)
        clip = work.clips.lock(seen.id)
        if clip is None or session is None or clip.state != ClipState.STORED:
            return
        clip.state = ClipState.VERIFIED
        clip.verified_at = now
        clip.manifest_version = manifest.version_id
        details: dict[str, JsonValue] = {
            "sha256": clip.sha256,
            "version_id": clip.object_version,
            "manifest_version_id": manifest.version_id,
            "manifest_sha256": manifest_sha256,
        }
        work.custody.append("clip", clip.id, "clip.verified", actor=WORKER, at=now, details=details)
        defer_copies(context, work, clip.object_key, manifest.key)
        work.jobs.defer(probe_clip, priority=LOOKS_CAN_WAIT, clip_id=str(clip.id))
        work.flush()
        seal_when_due(work, session)


def seal_when_due(work: UnitOfWork, session: DockSession) -> None:
    """Have the log sealed when a docking's last clip is verified, or when enough events wait. The caller holds the session's row."""
    is_last = session.ended_at is not None and not work.clips.awaiting_read_back(session.id)
    if is_last or work.log.count_pending() >= EVENTS_PER_CHECKPOINT:
        work.jobs.defer_once(seal_clips, priority=SEALING_FIRST)
