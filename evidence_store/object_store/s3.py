"""The object store over the S3 API, through the MinIO SDK.

The SDK keeps the multipart calls behind underscores and takes no checksum or condition as a parameter, so this adapter alone knows both and pins the
SDK's version. Every body carries Content-MD5, because a store may ignore the signed ``x-amz-content-sha256``.
"""

import base64
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import urllib3
from minio import Minio
from minio.commonconfig import COMPLIANCE
from minio.datatypes import Part
from minio.error import InvalidResponseError, S3Error, ServerError
from minio.retention import Retention as MinioRetention
from minio.versioningconfig import VersioningConfig

from evidence_store.errors import ObjectNotFoundError, ObjectStoreRefusedError, StoreUnavailableError, UnfitBucketError, UploadMismatchError
from evidence_store.object_store import s3_attacks
from evidence_store.object_store.store import ListedVersion, Retention, StoredObject, StoredPart, UnfinishedUpload
from integrity.hashing import content_md5
from integrity.receipt import UploadedPart

CHUNK_BYTES = 1024**2
_CONNECT_TIMEOUT_S = 5.0
_READ_TIMEOUT_S = 60.0
_PING_TIMEOUT_S = 3.0
_ATTEMPTS = 3
_ENABLED = "Enabled"
_UPLOADS_AT_ONCE = 10_000
"""SeaweedFS gives so many; it names no place to go on from, so that asking for fewer loses the rest. Others give a thousand and a place."""
_PASSING = {"SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "OperationAborted"}
_MISSING = {"NoSuchKey", "NoSuchVersion", "NoSuchUpload", "NoSuchBucket", "MethodNotAllowed"}
_WRONG_PARTS = {"InvalidPart", "InvalidPartOrder", "EntityTooSmall"}


@dataclass(frozen=True, slots=True)
class S3Address:
    """Where an S3 store is and how to sign in.

    Attributes:
        endpoint: ``host:port`` the service uses.
        public_endpoint: ``host:port`` that docks use; it is part of what a presigned URL signs.
        secure: Whether to use TLS; needed off loopback.
        ca_file: Own certificate authority in PEM, when the system's do not know the store's.
    """

    endpoint: str
    public_endpoint: str
    access_key: str
    secret_key: str
    bucket: str
    secure: bool = False
    public_secure: bool = False
    ca_file: str | None = None
    region: str = "us-east-1"


class S3ObjectStore:
    """A bucket of an S3 store."""

    def __init__(self, address: S3Address) -> None:
        self._bucket = address.bucket
        self._description = f"{address.endpoint}/{address.bucket}"
        self._client = _client(address, address.endpoint, secure=address.secure)
        self._signer = _client(address, address.public_endpoint, secure=address.public_secure)
        self._impatient = _client(address, address.endpoint, secure=address.secure, read_timeout_s=_PING_TIMEOUT_S, attempts=0)

    @property
    def description(self) -> str:
        """Address and bucket."""
        return self._description

    def prepare(self) -> None:
        """Make the bucket when it is missing, and check versioning and Object Lock."""
        with _translated("prepare", self._bucket):
            if not self._client.bucket_exists(self._bucket):
                self._client.make_bucket(self._bucket, object_lock=True)
            if self._client.get_bucket_versioning(self._bucket).status != _ENABLED:
                self._client.set_bucket_versioning(self._bucket, VersioningConfig(_ENABLED))
        try:
            self._client.get_object_lock_config(self._bucket)
        except S3Error as error:
            raise UnfitBucketError(self._bucket, f"Object Lock is not enabled ({error.code})") from error

    def ping(self) -> None:
        """Make sure, within seconds, that the store answers for its bucket."""
        with _translated("ping", self._bucket):
            is_there = self._impatient.bucket_exists(self._bucket)
        if not is_there:
            raise ObjectNotFoundError(self._bucket, "(NoSuchBucket)")

    def begin_upload(self, key: str, *, retain_until: datetime) -> str:
        """Begin a multipart upload whose object will be locked."""
        with _translated("begin upload", key):
            return str(self._client._create_multipart_upload(self._bucket, key, _lock_headers(retain_until)))  # noqa: SLF001 - the SDK has no public call

    def sign_part(self, key: str, upload_id: str, *, number: int, valid_for: timedelta) -> str:
        """Make a URL to which one part can be PUT."""
        query: dict[str, Any] = {"partNumber": str(number), "uploadId": upload_id}
        return str(self._signer.get_presigned_url("PUT", self._bucket, key, expires=valid_for, extra_query_params=query))

    def put_part(self, key: str, upload_id: str, *, number: int, data: bytes) -> str:
        """Send one part of an upload."""
        headers: dict[str, Any] = {"Content-MD5": base64.b64encode(content_md5(data)).decode()}
        with _translated("put part", key):
            return str(self._client._upload_part(self._bucket, key, data, headers, upload_id, number))  # noqa: SLF001 - the SDK has no public call

    def list_parts(self, key: str, upload_id: str) -> list[StoredPart]:
        """List the parts an unfinished upload already has."""
        parts: list[StoredPart] = []
        marker = 0
        while True:
            with _translated("list parts", key):
                page = self._client._list_parts(self._bucket, key, upload_id, part_number_marker=str(marker))  # noqa: SLF001 - the SDK has no public call
            parts += [StoredPart(part.part_number, int(part.size or 0), part.etag.strip('"')) for part in page.parts]
            if not page.is_truncated or not page.parts:
                return parts
            marker = page.parts[-1].part_number

    def finish_upload(self, key: str, upload_id: str, *, parts: Sequence[UploadedPart]) -> StoredObject:
        """Join the parts into the object, once."""
        named = [Part(part.number, part.etag) for part in parts]
        try:
            with _translated("finish upload", key):
                result = self._client._complete_multipart_upload(self._bucket, key, upload_id, named)  # noqa: SLF001 - the SDK has no public call
        except ObjectNotFoundError:
            # Finished before, and the answer was lost: the version made of these parts is the one.
            return self._made_of(key, parts)
        return self._describe(key, result.version_id) if result.version_id else self._made_of(key, parts)

    def abandon_upload(self, key: str, upload_id: str) -> None:
        """Forget an unfinished upload and its parts; one that is gone already is no error."""
        try:
            with _translated("abandon upload", key):
                self._client._abort_multipart_upload(self._bucket, key, upload_id)  # noqa: SLF001 - the SDK has no public call
        except ObjectNotFoundError:
            return

    def put(self, key: str, data: bytes, *, retain_until: datetime) -> StoredObject:
        """Write a small object, locked."""
        headers = _lock_headers(retain_until) | {"Content-MD5": base64.b64encode(content_md5(data)).decode()}
        with _translated("put", key):
            result = self._client._put_object(self._bucket, key, data, headers)  # noqa: SLF001 - put_object passes no Content-MD5
        if not result.version_id:
            raise UnfitBucketError(self._bucket, "a written object got no version id")
        return StoredObject(key, result.version_id, len(data), result.etag or "")

    def retention(self, key: str, version_id: str) -> Retention | None:
        """Read the lock of a version back from the store."""
        with _translated("read retention", key):
            # The SDK's own parser fails on stores that write nine digits of a second.
            try:
                response = self._client._execute("GET", self._bucket, key, query_params={"retention": "", "versionId": version_id})  # noqa: SLF001 - see above
            except S3Error as error:
                if error.code in {"NoSuchObjectLockConfiguration", "ObjectLockConfigurationNotFoundError"}:
                    return None
                raise
        return _parse_retention(response.data)

    def extend_retention(self, key: str, version_id: str, *, until: datetime) -> None:
        """Lock a version for longer."""
        with _translated("extend retention", key):
            self._client.set_object_retention(self._bucket, key, MinioRetention(COMPLIANCE, until), version_id=version_id)

    def read(self, key: str, version_id: str, *, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Stream bytes of a version."""
        if length == 0:
            return
        with _translated("read", key):
            response = self._client.get_object(
                self._bucket, key, offset=offset, length=length or 0, version_id=version_id, request_headers={"Cache-Control": "no-cache"}
            )
            try:
                yield from response.stream(CHUNK_BYTES)
            finally:
                response.close()
                response.release_conn()

    def peek(self, key: str, version_id: str, *, offset: int) -> None:
        """Make sure, asking once, that a byte can be read."""
        with _translated("peek", key):
            response = self._impatient.get_object(self._bucket, key, offset=offset, length=1, version_id=version_id)
            try:
                response.read()
            finally:
                response.close()
                response.release_conn()

    def list_versions(self, key: str) -> list[StoredObject]:
        """List the versions of an object, newest first."""
        with _translated("list versions", key):
            found = list(self._client.list_objects(self._bucket, prefix=key, include_version=True))
        return [
            StoredObject(key, str(item.version_id), int(item.size or 0), (item.etag or "").strip('"'))
            for item in found
            if item.object_name == key and not item.is_delete_marker
        ]

    def list_all(self, prefix: str) -> Iterator[ListedVersion]:
        """List every version and delete marker below a prefix."""
        with _translated("list", prefix):
            for item in self._client.list_objects(self._bucket, prefix=prefix, recursive=True, include_version=True):
                yield ListedVersion(
                    key=str(item.object_name),
                    version_id=str(item.version_id),
                    size_bytes=int(item.size or 0),
                    is_newest=item.is_latest == "true",
                    is_delete_marker=item.is_delete_marker,
                    written_at=_told(item.last_modified),
                )

    def list_unfinished(self, prefix: str) -> list[UnfinishedUpload]:
        """List multipart uploads below a prefix that were never finished."""
        found: list[UnfinishedUpload] = []
        key_marker = upload_id_marker = None
        while True:
            with _translated("list uploads", prefix):
                page = self._client._list_multipart_uploads(  # noqa: SLF001 - the SDK has no public call
                    self._bucket, prefix=prefix, max_uploads=_UPLOADS_AT_ONCE, key_marker=key_marker, upload_id_marker=upload_id_marker
                )
            found += [UnfinishedUpload(str(one.object_name), str(one.upload_id), _told(one.initiated_time)) for one in page.uploads]
            if not page.is_truncated or not page.next_key_marker:
                return found
            key_marker, upload_id_marker = page.next_key_marker, page.next_upload_id_marker

    def remove_version(self, key: str, version_id: str) -> None:
        """Remove one version or delete marker for good."""
        try:
            with _translated("remove version", key):
                self._client.remove_object(self._bucket, key, version_id=version_id)
        except ObjectNotFoundError:
            return

    def attempt(self, forbidden: str, key: str, version_id: str, *, now: datetime) -> str:
        """Try to do something a locked version must survive."""
        with _translated(forbidden, key):
            try:
                return s3_attacks.ATTACKS[forbidden](self._client, self._bucket, key, version_id, now)
            except S3Error as error:
                if error.code in _PASSING:
                    raise
                return str(error.code)

    def _describe(self, key: str, version_id: str) -> StoredObject:
        with _translated("describe", key):
            found = self._client.stat_object(self._bucket, key, version_id=version_id)
        return StoredObject(key, version_id, int(found.size or 0), (found.etag or "").strip('"'))

    def _made_of(self, key: str, parts: Sequence[UploadedPart]) -> StoredObject:
        """Find the version that was joined from these parts by its ETag, the MD5 of their MD5s."""
        etag = f"{content_md5(b''.join(bytes.fromhex(part.md5) for part in parts)).hex()}-{len(parts)}"
        for version in self.list_versions(key):
            if version.etag == etag:
                return version
        raise ObjectNotFoundError(key, "made of these parts")


def _client(address: S3Address, endpoint: str, *, secure: bool, read_timeout_s: float = _READ_TIMEOUT_S, attempts: int = _ATTEMPTS) -> Minio:
    pool = urllib3.PoolManager(
        timeout=urllib3.Timeout(connect=_CONNECT_TIMEOUT_S, read=read_timeout_s),
        maxsize=16,
        cert_reqs="CERT_REQUIRED",
        ca_certs=address.ca_file,
        retries=urllib3.Retry(total=attempts, backoff_factor=0.2, status_forcelist=(500, 502, 503, 504)),
    )
    return Minio(endpoint, access_key=address.access_key, secret_key=address.secret_key, secure=secure, region=address.region, http_client=pool)


def _lock_headers(retain_until: datetime) -> dict[str, Any]:
    return {"x-amz-object-lock-mode": COMPLIANCE, "x-amz-object-lock-retain-until-date": retain_until.strftime("%Y-%m-%dT%H:%M:%SZ")}


def _told(time: datetime | None) -> datetime:
    """A time as the store tells it, UTC; what has none counts as new, so that nothing is called left over because of it."""
    return time.astimezone(UTC) if time is not None else datetime.max.replace(tzinfo=UTC)


def _parse_retention(body: bytes) -> Retention | None:
    try:
        root = ET.fromstring(body)  # noqa: S314 - the answer of our own store over an authenticated channel, without entities
    except ET.ParseError as error:
        raise ObjectStoreRefusedError("read retention", "the answer is not about a lock") from error
    mode = root.findtext("{*}Mode")
    until = root.findtext("{*}RetainUntilDate")
    if not mode or not until:
        return None
    seconds = until.removesuffix("Z").split(".", 1)[0]
    return Retention(mode, datetime.fromisoformat(f"{seconds}+00:00"))


@contextmanager
def _translated(operation: str, key: str) -> Iterator[None]:
    try:
        yield
    except S3Error as error:
        if error.code in _MISSING:
            raise ObjectNotFoundError(key, f"({error.code})") from error
        if error.code in _WRONG_PARTS:
            raise UploadMismatchError(key, str(error.code)) from error
        if error.code in _PASSING or error.response.status >= 500:
            raise StoreUnavailableError("object store", f"{operation}: {error.code}") from error
        raise ObjectStoreRefusedError(operation, str(error.code)) from error
    except (ServerError, InvalidResponseError, urllib3.exceptions.HTTPError, OSError) as error:
        raise StoreUnavailableError("object store", f"{operation}: {error}") from error
