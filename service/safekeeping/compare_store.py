"""What the store holds that no record names, and what records name and the store does not list. Reads, and changes nothing."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from evidence_store.object_store.keys import LOG_PREFIX
from evidence_store.unit_of_work import UnitOfWork
from integrity.canonical import JsonValue
from integrity.hashing import sha256_hex
from integrity.log_export import MAX_STRETCH_BYTES
from integrity.manifest import MAX_MANIFEST_BYTES
from service.context import ServiceContext
from service.safekeeping.findings import FindingKind as Kind
from service.safekeeping.findings import Found
from service.safekeeping.read_version import UnreadableVersionError, read_version

UNDER_WAY = timedelta(hours=1)
"""What was written so lately may be about to be recorded."""
UPLOAD_MAY_LAST = timedelta(days=1)
PASSING = ("lock-probe/", "canary/")
"""Below these the service lays what it tries the store with; it stays until its lock ends and is no evidence."""
_AT_ONCE = 1_000
_LONGEST_ID = 36


def find_orphans(context: ServiceContext, work: UnitOfWork, *, began_at: datetime) -> Iterator[Found]:
    """Name versions that no record names. A manifest or stretch of the log that was laid twice, byte for byte, is none."""
    after = ("", "")
    while rows := work.reconciliation.unknown_versions(limit=_AT_ONCE, after=after):
        after = (rows[-1]["key"], rows[-1]["version_id"])
        for row in rows:
            if row["key"].startswith(PASSING) or row["written_at"] >= began_at - UNDER_WAY or _is_laid_twice(context, work, row):
                continue
            yield Found(Kind.ORPHANED_OBJECT, f"{row['key']}@{row['version_id']}", clip_of(row["key"]), _details(row))


def find_markers(work: UnitOfWork) -> Iterator[Found]:
    """Name delete markers; footage under one is still read by its version."""
    for row in work.reconciliation.delete_markers():
        if not row["key"].startswith(PASSING):
            yield Found(Kind.DELETE_MARKER, f"{row['key']}@{row['version_id']}", clip_of(row["key"]), _details(row))


def find_lost_exports(context: ServiceContext, work: UnitOfWork) -> Iterator[Found]:
    """Name stretches of the exported log, and frozen figures, that the store no longer holds."""
    for export in work.reconciliation.unlisted_exports():
        if _is_gone(context, work, export.object_key, export.object_version):
            details: dict[str, JsonValue] = {"first_index": export.first_index, "size": export.size, "sha256": export.sha256}
            yield Found(Kind.LOG_EXPORT_GONE, f"{export.object_key}@{export.object_version}", details=details)
    for frozen in work.reconciliation.unlisted_snapshots():
        if _is_gone(context, work, frozen.object_key, frozen.object_version):
            details = {"day": frozen.day.isoformat(), "edition": frozen.edition, "sha256": frozen.object_sha256}
            yield Found(Kind.COVERAGE_GONE, f"{frozen.object_key}@{frozen.object_version}", details=details)


def _is_gone(context: ServiceContext, work: UnitOfWork, key: str, version_id: str) -> bool:
    version = work.log_audits.standing_version(key, version_id)
    return not any(one.version_id == version for one in context.objects.list_versions(key))


def find_unfinished(context: ServiceContext, *, began_at: datetime) -> Iterator[Found]:
    """Name uploads that were begun more than a day ago and never finished."""
    for upload in context.objects.list_unfinished(""):
        if upload.begun_at < began_at - UPLOAD_MAY_LAST:
            details: dict[str, JsonValue] = {"begun_at": upload.begun_at.isoformat(), "upload_id": upload.upload_id, "key": upload.key}
            yield Found(Kind.UNFINISHED_UPLOAD, f"{upload.key}?{upload.upload_id}", clip_of(upload.key), details)


def clip_of(key: str) -> UUID | None:
    """The clip whose object a key names, if it is one's."""
    parts = key.split("/")
    try:
        return UUID(parts[1]) if parts[0] == "clips" and len(parts[1]) == _LONGEST_ID else None
    except (IndexError, ValueError):
        return None


def _details(row: Mapping[str, Any]) -> dict[str, JsonValue]:
    written_at = row["written_at"].isoformat()
    return {"key": row["key"], "version_id": row["version_id"], "size_bytes": row["size_bytes"], "written_at": written_at}


def _is_laid_twice(context: ServiceContext, work: UnitOfWork, row: Mapping[str, Any]) -> bool:
    key, version, size = row["key"], row["version_id"], row["size_bytes"]
    if key.startswith(LOG_PREFIX) and size <= MAX_STRETCH_BYTES:
        export = work.log.export_of(key)
        return export is not None and _digest(context, key, version) == export.sha256
    clip_id = clip_of(key)
    if clip_id is None or not key.endswith("/manifest") or size > MAX_MANIFEST_BYTES:
        return False
    clip = work.clips.get(clip_id)
    if clip is None or clip.manifest_version is None:
        return False
    return _digest(context, key, version) == _digest(context, key, clip.manifest_version) is not None


def _digest(context: ServiceContext, key: str, version_id: str) -> str | None:
    try:
        return sha256_hex(read_version(context, key, version_id, limit=MAX_STRETCH_BYTES))
    except UnreadableVersionError:
        return None
