"""What the service asks of an object store, whoever made it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from integrity.receipt import UploadedPart


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A part the store already has of an unfinished upload; the ETag is the MD5 of its bytes."""

    number: int
    size_bytes: int
    etag: str


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One version of an object, as the store describes it."""

    key: str
    version_id: str
    size_bytes: int
    etag: str


@dataclass(frozen=True, slots=True)
class Retention:
    """Object Lock of one version: its mode as S3 spells it (``COMPLIANCE``, ``GOVERNANCE``) and until when, UTC."""

    mode: str
    until: datetime


@dataclass(frozen=True, slots=True)
class ListedVersion:
    """One version, or delete marker, as a listing of the store names it.

    Attributes:
        is_newest: Whether a request without a version id meets it.
        is_delete_marker: Whether it only says that the object was deleted; versions before it are still there.
        written_at: By the store's clock, UTC.
    """

    key: str
    version_id: str
    size_bytes: int
    is_newest: bool
    is_delete_marker: bool
    written_at: datetime


@dataclass(frozen=True, slots=True)
class UnfinishedUpload:
    """A multipart upload that was begun and never finished; ``begun_at`` by the store's clock, UTC."""

    key: str
    upload_id: str
    begun_at: datetime


class ObjectStore(Protocol):
    """A bucket with versioning and Object Lock.

    Every method raises ``StoreUnavailableError`` when the store cannot be reached or answers 5xx, and ``ObjectStoreRefusedError`` when it
    refuses; reads and retention name a version.
    """

    @property
    def description(self) -> str:
        """Which store this is, for the health page and the log: address and bucket."""

    def prepare(self) -> None:
        """Make the bucket when it is missing, and make sure it has versioning and Object Lock.

        Raises:
            UnfitBucketError: The bucket exists without one of them.
        """

    def ping(self) -> None:
        """Make sure, within seconds, that the store answers for its bucket."""

    def begin_upload(self, key: str, *, retain_until: datetime) -> str:
        """Begin a multipart upload whose object will be locked in COMPLIANCE mode; returns its upload id."""

    def sign_part(self, key: str, upload_id: str, *, number: int, valid_for: timedelta) -> str:
        """Make a URL to which one part can be PUT."""

    def put_part(self, key: str, upload_id: str, *, number: int, data: bytes) -> str:
        """Send one part of an upload; returns its ETag.

        Raises:
            ObjectNotFoundError: There is no such unfinished upload.
        """

    def list_parts(self, key: str, upload_id: str) -> list[StoredPart]:
        """List the parts an unfinished upload already has.

        Raises:
            ObjectNotFoundError: There is no such unfinished upload.
        """

    def finish_upload(self, key: str, upload_id: str, *, parts: Sequence[UploadedPart]) -> StoredObject:
        """Join the parts into the object; asking again after a lost answer gives the same version.

        Raises:
            ObjectNotFoundError: There is neither such an upload nor an object made of these parts.
            UploadMismatchError: The store has other parts.
        """

    def abandon_upload(self, key: str, upload_id: str) -> None:
        """Forget an unfinished upload and its parts; one that is gone already is no error."""

    def put(self, key: str, data: bytes, *, retain_until: datetime) -> StoredObject:
        """Write a small object, locked in COMPLIANCE mode."""

    def retention(self, key: str, version_id: str) -> Retention | None:
        """Read the lock of a version back from the store; ``None`` when it has none.

        Raises:
            ObjectStoreRefusedError: The store answers nothing that could be a lock.
        """

    def extend_retention(self, key: str, version_id: str, *, until: datetime) -> None:
        """Lock a version for longer."""

    def read(self, key: str, version_id: str, *, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Stream bytes of a version, at most 1 MiB at a time; nothing is requested before the first is asked for.

        Raises:
            ObjectNotFoundError: There is no such version.
        """

    def peek(self, key: str, version_id: str, *, offset: int) -> None:
        """Make sure, asking once and within seconds, that the byte at an offset can be read.

        Raises:
            ObjectNotFoundError: There is no such version.
            StoreUnavailableError: The store does not give it, though it may give others.
        """

    def list_versions(self, key: str) -> list[StoredObject]:
        """List the versions of an object, newest first, delete markers left out."""

    def list_all(self, prefix: str) -> Iterator[ListedVersion]:
        """List every version and delete marker below a prefix, page by page; stores agree about no order."""

    def list_unfinished(self, prefix: str) -> list[UnfinishedUpload]:
        """List multipart uploads below a prefix that were never finished, at least the first thousand of them."""

    def remove_version(self, key: str, version_id: str) -> None:
        """Remove one version, or delete marker, for good; one that is gone already is no error.

        Raises:
            ObjectStoreRefusedError: It is locked.
        """

    def attempt(self, forbidden: str, key: str, version_id: str, *, now: datetime) -> str:
        """Try to do something a locked version must survive; returns the store's refusal.

        Args:
            forbidden: One of the attempts of :mod:`evidence_store.object_store.lock_probe`.
            key: Object under attack.
            version_id: Its locked version.
            now: The clock's time, UTC.

        Returns:
            ``accepted`` when the store did it, else its error code.
        """
