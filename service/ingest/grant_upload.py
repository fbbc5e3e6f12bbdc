"""A dock asks where to put a clip's bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.errors import ObjectNotFoundError
from evidence_store.models import Clip
from evidence_store.object_store.store import StoredPart
from integrity.receipt import MAX_PARTS, ClipState, part_size_bytes
from service.context import ServiceContext
from service.errors import UnacceptableValueError
from service.ingest.errors import SessionNotFoundError, UploadFinishedError, UploadNotBegunError

URLS_AT_ONCE = 100
URL_VALID_FOR = timedelta(hours=1)
LOCK_MARGIN = timedelta(days=2)
"""The lock is set when an upload begins and counts from receipt, which may come later."""


@dataclass(frozen=True, slots=True)
class UploadGrant:
    """Where a clip's parts go, and which are there already.

    Attributes:
        urls: Presigned URL by part number, for the first parts that are missing.
    """

    upload_id: str
    part_size_bytes: int
    size_bytes: int
    stored_parts: list[StoredPart]
    urls: dict[int, str]


def grant_upload(context: ServiceContext, session_id: UUID, clip_id: UUID, *, dock: Actor) -> UploadGrant:
    """Begin a clip's upload, or go on with the one that was begun.

    Raises:
        SessionNotFoundError: The clip is not among this session's files.
        UploadFinishedError: The clip is stored already.
    """
    clip = _find(context, session_id, clip_id, dock=dock)
    stored: list[StoredPart] = []
    if clip.upload_id is not None:
        try:
            stored = context.objects.list_parts(clip.object_key, clip.upload_id)
        except ObjectNotFoundError:
            clip = _begin(context, session_id, clip, dock=dock)
    else:
        clip = _begin(context, session_id, clip, dock=dock)
    upload_id = clip.upload_id or ""
    size = part_size_bytes(clip.announced_bytes)
    count = max(1, -(-clip.announced_bytes // size))
    have = {part.number for part in stored}
    missing = [number for number in range(1, count + 1) if number not in have][:URLS_AT_ONCE]
    return UploadGrant(upload_id, size, clip.announced_bytes, stored, _sign(context, clip, upload_id, missing))


def sign_parts(context: ServiceContext, session_id: UUID, clip_id: UUID, *, upload_id: str, numbers: Sequence[int], dock: Actor) -> dict[int, str]:
    """Make URLs for parts of an upload that was begun.

    Raises:
        SessionNotFoundError: The clip is not among this session's files.
        UploadFinishedError: The clip is stored already.
        UploadNotBegunError: The upload goes under another id.
        UnacceptableValueError: Too many parts, or numbers that no part has.
    """
    if len(numbers) > URLS_AT_ONCE or not all(1 <= number <= MAX_PARTS for number in numbers):
        raise UnacceptableValueError("numbers", f"at most {URLS_AT_ONCE} numbers from 1 to {MAX_PARTS}")
    clip = _find(context, session_id, clip_id, dock=dock)
    if clip.upload_id != upload_id:
        raise UploadNotBegunError(clip_id)
    return _sign(context, clip, upload_id, numbers)


def _sign(context: ServiceContext, clip: Clip, upload_id: str, numbers: Sequence[int]) -> dict[int, str]:
    return {number: context.objects.sign_part(clip.object_key, upload_id, number=number, valid_for=URL_VALID_FOR) for number in numbers}


def _find(context: ServiceContext, session_id: UUID, clip_id: UUID, *, dock: Actor) -> Clip:
    with context.unit_of_work() as work:
        found = work.docks.file_of(session_id, clip_id) if work.docks.session(session_id, UUID(dock.id)) else None
    if found is None:
        raise SessionNotFoundError(session_id)
    clip = found[1]
    if clip.reached(ClipState.STORED):
        raise UploadFinishedError(clip_id, clip.state)
    return clip


def _begin(context: ServiceContext, session_id: UUID, seen: Clip, *, dock: Actor) -> Clip:
    now = context.clock.now()
    upload_id = context.objects.begin_upload(seen.object_key, retain_until=now + timedelta(days=context.settings.retention_days) + LOCK_MARGIN)
    with context.unit_of_work() as work:
        clip = work.clips.lock(seen.id)
        if clip is None or clip.reached(ClipState.STORED):
            raise UploadFinishedError(seen.id, seen.state)
        is_first = clip.upload_id == seen.upload_id
        if is_first:
            clip.upload_id = upload_id
            clip.session_id = session_id
            clip.state = ClipState.UPLOADING
            work.custody.append("clip", clip.id, "upload.begun", actor=dock, at=now, details={"session_id": str(session_id)})
    if not is_first:
        # Another request began an upload in the meantime: both go on with that one.
        context.objects.abandon_upload(clip.object_key, upload_id)
    return clip
