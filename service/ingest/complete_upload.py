"""A dock says that a clip's last byte reached the store."""

from datetime import datetime, timedelta
from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.errors import ObjectNotFoundError, UploadMismatchError
from evidence_store.models import Clip
from evidence_store.object_store.store import Retention, StoredObject
from evidence_store.unit_of_work import UnitOfWork
from integrity.canonical import JsonValue
from integrity.receipt import ClipState, UploadReceipt
from service.context import ServiceContext
from service.ingest.errors import LockNotAppliedError, ReceiptMismatchError, SessionNotFoundError, UploadNotBegunError
from service.ingest.grant_upload import LOCK_MARGIN
from service.ingest.read_back_clip import read_back_clip

COMPLIANCE = "COMPLIANCE"
SIZE_MISMATCH = "size_mismatch"
RECEIPT_MISMATCH = "receipt_mismatch"


def complete_upload(context: ServiceContext, session_id: UUID, clip_id: UUID, *, upload_id: str, receipt: UploadReceipt, dock: Actor) -> ClipState:
    """Join a clip's parts, make sure they are locked, record it, and have it read back.

    Until the clip is released, the recorder's copy must be kept. The same receipt again gives the clip's state.

    Raises:
        SessionNotFoundError: The clip is not among this session's files.
        UploadNotBegunError: The upload goes under another id.
        ReceiptMismatchError: The receipt contradicts the store or an earlier receipt; what was stored stays as it is.
        LockNotAppliedError: The store did not lock the object; nothing was recorded.
    """
    clip = _find(context, session_id, clip_id, dock=dock)
    if clip.reached(ClipState.STORED):
        return _confirm(context, clip, receipt, dock=dock)
    if clip.upload_id is None or clip.upload_id != upload_id:
        raise UploadNotBegunError(clip_id)
    stored = _finish(context, clip, receipt)
    received_at = context.clock.now()
    lock = _ensure_lock(context, clip_id, stored, received_at)
    with context.unit_of_work() as work:
        locked = work.clips.lock(clip_id)
        if locked is None:
            raise SessionNotFoundError(session_id)
        if not locked.reached(ClipState.STORED):
            _record(work, locked, receipt, stored, lock, session_id=session_id, received_at=received_at, dock=dock)
        elif (locked.sha256, locked.sm3) != (receipt.sha256, receipt.sm3):
            raise ReceiptMismatchError(clip_id, "another receipt was recorded meanwhile")
        return locked.clip_state


def _find(context: ServiceContext, session_id: UUID, clip_id: UUID, *, dock: Actor) -> Clip:
    with context.unit_of_work() as work:
        found = work.docks.file_of(session_id, clip_id) if work.docks.session(session_id, UUID(dock.id)) else None
    if found is None:
        raise SessionNotFoundError(session_id)
    return found[1]


def _confirm(context: ServiceContext, clip: Clip, receipt: UploadReceipt, *, dock: Actor) -> ClipState:
    if (clip.sha256, clip.sm3, clip.size_bytes) == (receipt.sha256, receipt.sm3, receipt.size_bytes):
        return clip.clip_state
    now = context.clock.now()
    with context.unit_of_work() as work:
        locked = work.clips.lock(clip.id)
        if locked is not None and locked.quarantine is None:
            locked.quarantine = RECEIPT_MISMATCH
            details: dict[str, JsonValue] = {
                "reason": RECEIPT_MISMATCH,
                "sha256": receipt.sha256,
                "sm3": receipt.sm3,
                "size_bytes": receipt.size_bytes,
            }
            work.custody.append("clip", clip.id, "clip.quarantined", actor=dock, at=now, details=details)
    raise ReceiptMismatchError(clip.id, "an earlier receipt named other digests")


def _finish(context: ServiceContext, clip: Clip, receipt: UploadReceipt) -> StoredObject:
    until = context.clock.now() + timedelta(days=context.settings.retention_days) + LOCK_MARGIN
    if not receipt.parts:
        context.objects.abandon_upload(clip.object_key, clip.upload_id or "")
        return context.objects.put(clip.object_key, b"", retain_until=until)
    try:
        stored = context.objects.finish_upload(clip.object_key, clip.upload_id or "", parts=receipt.parts)
    except (ObjectNotFoundError, UploadMismatchError) as error:
        raise ReceiptMismatchError(clip.id, str(error)) from error
    if stored.size_bytes != receipt.size_bytes:
        raise ReceiptMismatchError(clip.id, f"the store holds {stored.size_bytes} bytes, the receipt names {receipt.size_bytes}")
    return stored


def _ensure_lock(context: ServiceContext, clip_id: UUID, stored: StoredObject, received_at: datetime) -> Retention:
    """Read the lock back from the store; lengthen it once when the upload took longer than the margin."""
    least = received_at + timedelta(days=context.settings.retention_days)
    lock = context.objects.retention(stored.key, stored.version_id)
    if lock is not None and lock.mode == COMPLIANCE and lock.until < least:
        context.objects.extend_retention(stored.key, stored.version_id, until=least + LOCK_MARGIN)
        lock = context.objects.retention(stored.key, stored.version_id)
    if lock is None or lock.mode != COMPLIANCE or lock.until < least:
        raise LockNotAppliedError(clip_id, "no lock" if lock is None else f"{lock.mode} until {lock.until.isoformat()}")
    return lock


def _record(  # noqa: PLR0913 - one row, written from all that is known of it
    work: UnitOfWork,
    clip: Clip,
    receipt: UploadReceipt,
    stored: StoredObject,
    lock: Retention,
    *,
    session_id: UUID,
    received_at: datetime,
    dock: Actor,
) -> None:
    clip.state = ClipState.STORED
    clip.session_id = session_id
    clip.size_bytes = receipt.size_bytes
    clip.sha256 = receipt.sha256
    clip.sm3 = receipt.sm3
    clip.object_version = stored.version_id
    clip.retain_until = lock.until
    clip.received_at = received_at
    details: dict[str, JsonValue] = {
        "size_bytes": receipt.size_bytes,
        "announced_bytes": clip.announced_bytes,
        "sha256": receipt.sha256,
        "sm3": receipt.sm3,
        "version_id": stored.version_id,
        "retain_until": lock.until.isoformat(),
        "session_id": str(session_id),
    }
    work.custody.append("clip", clip.id, "clip.stored", actor=dock, at=received_at, details=details)
    if receipt.size_bytes != clip.announced_bytes:
        clip.quarantine = SIZE_MISMATCH
        clip.flags = sorted({*clip.flags, SIZE_MISMATCH})
        work.custody.append("clip", clip.id, "clip.quarantined", actor=dock, at=received_at, details={"reason": SIZE_MISMATCH})
    work.jobs.defer(read_back_clip, clip_id=str(clip.id))
