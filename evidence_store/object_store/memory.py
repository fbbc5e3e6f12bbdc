"""An object store in memory, for tests and for reading the promise without a server; held to the same conformance suite as S3."""

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from evidence_store.errors import ObjectNotFoundError, ObjectStoreRefusedError, UploadMismatchError
from evidence_store.object_store.store import ListedVersion, Retention, StoredObject, StoredPart, UnfinishedUpload
from integrity.hashing import content_md5
from integrity.receipt import UploadedPart

CHUNK_BYTES = 1024**2
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _Version:
    stored: StoredObject
    data: bytes
    retention: Retention | None
    written_at: datetime
    is_delete_marker: bool = False


@dataclass(slots=True)
class _Upload:
    retain_until: datetime
    begun_at: datetime
    parts: dict[int, bytes] = field(default_factory=dict)


class MemoryObjectStore:
    """Objects with versions and locks, in memory. Nobody can PUT to its URLs: parts are handed over by :meth:`put_part`.

    Args:
        now: The store's clock; without one everything counts as written long ago.
    """

    def __init__(self, *, now: Callable[[], datetime] = lambda: LONG_AGO) -> None:
        self._now = now
        self._versions: dict[str, list[_Version]] = {}
        self._uploads: dict[tuple[str, str], _Upload] = {}
        self._numbers = itertools.count(1)
        self._guard = threading.Lock()

    @property
    def description(self) -> str:
        """Says that nothing here lasts."""
        return "memory"

    def prepare(self) -> None:
        """There is nothing to prepare."""

    def ping(self) -> None:
        """It is here."""

    def begin_upload(self, key: str, *, retain_until: datetime) -> str:
        """Begin a multipart upload."""
        upload_id = f"upload-{next(self._numbers)}"
        self._uploads[key, upload_id] = _Upload(retain_until, self._now())
        return upload_id

    def sign_part(self, key: str, upload_id: str, *, number: int, valid_for: timedelta) -> str:  # noqa: ARG002 - a name, not a place
        """Name a part; the URL leads nowhere."""
        return f"memory://{key}?uploadId={upload_id}&partNumber={number}"

    def put_part(self, key: str, upload_id: str, *, number: int, data: bytes) -> str:
        """Take a part, as a PUT to its URL would; returns its ETag."""
        self._upload(key, upload_id).parts[number] = data
        return content_md5(data).hex()

    def list_parts(self, key: str, upload_id: str) -> list[StoredPart]:
        """List the parts an unfinished upload already has."""
        parts = self._upload(key, upload_id).parts
        return [StoredPart(number, len(data), content_md5(data).hex()) for number, data in sorted(parts.items())]

    def finish_upload(self, key: str, upload_id: str, *, parts: Sequence[UploadedPart]) -> StoredObject:
        """Join the parts into the object, once."""
        etag = f"{content_md5(b''.join(bytes.fromhex(part.md5) for part in parts)).hex()}-{len(parts)}"
        with self._guard:
            if (key, upload_id) not in self._uploads:
                return self._joined(key, etag)
            upload = self._uploads[key, upload_id]
            for part in parts:
                if part.number not in upload.parts or content_md5(upload.parts[part.number]).hex() != part.etag:
                    raise UploadMismatchError(key, "InvalidPart")
            del self._uploads[key, upload_id]
            return self._add(key, b"".join(upload.parts[part.number] for part in parts), etag, upload.retain_until)

    def abandon_upload(self, key: str, upload_id: str) -> None:
        """Forget an unfinished upload."""
        self._uploads.pop((key, upload_id), None)

    def put(self, key: str, data: bytes, *, retain_until: datetime) -> StoredObject:
        """Write a small object, locked."""
        with self._guard:
            return self._add(key, data, content_md5(data).hex(), retain_until)

    def retention(self, key: str, version_id: str) -> Retention | None:
        """Read the lock of a version."""
        return self._version(key, version_id).retention

    def extend_retention(self, key: str, version_id: str, *, until: datetime) -> None:
        """Lock a version for longer."""
        self._version(key, version_id).retention = Retention("COMPLIANCE", until)

    def read(self, key: str, version_id: str, *, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Stream bytes of a version."""
        data = memoryview(self._version(key, version_id).data)
        end = len(data) if length is None else min(len(data), offset + length)
        for start in range(offset, end, CHUNK_BYTES):
            yield bytes(data[start : min(start + CHUNK_BYTES, end)])

    def peek(self, key: str, version_id: str, *, offset: int) -> None:
        """Make sure that a byte can be read."""
        next(self.read(key, version_id, offset=offset, length=1), b"")

    def list_versions(self, key: str) -> list[StoredObject]:
        """List the versions of an object, newest first."""
        return [version.stored for version in reversed(self._versions.get(key, [])) if not version.is_delete_marker]

    def list_all(self, prefix: str) -> Iterator[ListedVersion]:
        """List every version and delete marker below a prefix."""
        for key in [key for key in self._versions if key.startswith(prefix)]:
            versions = self._versions[key]
            for version in reversed(versions):
                stored, is_newest = version.stored, version is versions[-1]
                yield ListedVersion(key, stored.version_id, stored.size_bytes, is_newest, version.is_delete_marker, version.written_at)

    def list_unfinished(self, prefix: str) -> list[UnfinishedUpload]:
        """List multipart uploads below a prefix that were never finished."""
        return [UnfinishedUpload(key, upload_id, one.begun_at) for (key, upload_id), one in self._uploads.items() if key.startswith(prefix)]

    def remove_version(self, key: str, version_id: str) -> None:
        """Remove one version or delete marker for good."""
        with self._guard:
            versions = self._versions.get(key, [])
            for version in versions:
                if version.stored.version_id == version_id:
                    if version.retention is not None and version.retention.until > self._now():
                        raise ObjectStoreRefusedError("remove version", "AccessDenied")
                    versions.remove(version)
                    return

    def mark_deleted(self, key: str) -> None:
        """Lay a delete marker over an object, as a DELETE without a version id does."""
        with self._guard:
            stored = StoredObject(key, f"marker-{next(self._numbers)}", 0, "")
            self._versions.setdefault(key, []).append(_Version(stored, b"", None, self._now(), is_delete_marker=True))

    def attempt(self, forbidden: str, key: str, version_id: str, *, now: datetime) -> str:
        """Refuse while the lock lasts."""
        if not any(version.stored.version_id == version_id for version in self._versions.get(key, [])):
            return "NoSuchVersion"
        lock = self._version(key, version_id).retention
        if forbidden == "overwrite":
            self.put(key, b"other bytes", retain_until=now)
            return "accepted"
        if forbidden == "delete-newest":
            self.mark_deleted(key)
            return "accepted"
        return "AccessDenied" if lock is not None and lock.until > now else "NotImplemented"

    def _upload(self, key: str, upload_id: str) -> _Upload:
        try:
            return self._uploads[key, upload_id]
        except KeyError as error:
            raise ObjectNotFoundError(key, "(NoSuchUpload)") from error

    def _version(self, key: str, version_id: str) -> _Version:
        for version in self._versions.get(key, []):
            if version.stored.version_id == version_id and not version.is_delete_marker:
                return version
        raise ObjectNotFoundError(key, "(NoSuchVersion)")

    def _joined(self, key: str, etag: str) -> StoredObject:
        for version in reversed(self._versions.get(key, [])):
            if version.stored.etag == etag and not version.is_delete_marker:
                return version.stored
        raise ObjectNotFoundError(key, "made of these parts")

    def _add(self, key: str, data: bytes, etag: str, retain_until: datetime) -> StoredObject:
        stored = StoredObject(key, f"version-{next(self._numbers)}", len(data), etag)
        self._versions.setdefault(key, []).append(_Version(stored, data, Retention("COMPLIANCE", retain_until), self._now()))
        return stored
