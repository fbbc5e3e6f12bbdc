"""What the lock probe tries on a locked version, as an S3 client with full rights would.

Each attack returns the store's refusal, or :data:`ACCEPTED`; a refusal may also be raised as the SDK's own error.
"""

import base64
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from minio import Minio
from minio.commonconfig import COMPLIANCE, GOVERNANCE
from minio.deleteobjects import DeleteObject
from minio.versioningconfig import SUSPENDED, VersioningConfig

from integrity.hashing import content_md5

ACCEPTED = "accepted"
Attack = Callable[[Minio, str, str, str, datetime], str]

_BYPASS = {"x-amz-bypass-governance-retention": "true"}


def _delete_version(client: Minio, bucket: str, key: str, version_id: str, _now: datetime) -> str:
    client.remove_object(bucket, key, version_id=version_id)
    return ACCEPTED


def _delete_with_bypass(client: Minio, bucket: str, key: str, version_id: str, _now: datetime) -> str:
    client._execute("DELETE", bucket, key, headers=dict(_BYPASS), query_params={"versionId": version_id})  # noqa: SLF001 - no public call takes the header
    return ACCEPTED


def _delete_in_batch(client: Minio, bucket: str, key: str, version_id: str, _now: datetime) -> str:
    refusals = list(client.remove_objects(bucket, iter([DeleteObject(key, version_id)]), bypass_governance_mode=True))
    return str(refusals[0].code) if refusals else ACCEPTED


def _shorten(client: Minio, bucket: str, key: str, version_id: str, now: datetime) -> str:
    return _put_retention(client, bucket, key, version_id=version_id, mode=COMPLIANCE, until=now + timedelta(seconds=1))


def _downgrade(client: Minio, bucket: str, key: str, version_id: str, now: datetime) -> str:
    return _put_retention(client, bucket, key, version_id=version_id, mode=GOVERNANCE, until=now + timedelta(days=400))


def _clear(client: Minio, bucket: str, key: str, version_id: str, _now: datetime) -> str:
    body = b"<Retention/>"
    client._execute("PUT", bucket, key, body=body, headers=_xml_headers(body), query_params=_retention_of(version_id))  # noqa: SLF001 - no public call sends an empty one
    return ACCEPTED


def _overwrite(client: Minio, bucket: str, key: str, _version_id: str, _now: datetime) -> str:
    client._put_object(bucket, key, b"other bytes")  # noqa: SLF001 - the plainest write there is
    return ACCEPTED


def _delete_newest(client: Minio, bucket: str, key: str, _version_id: str, _now: datetime) -> str:
    client.remove_object(bucket, key)
    return ACCEPTED


def _suspend_versioning(client: Minio, bucket: str, _key: str, _version_id: str, _now: datetime) -> str:
    client.set_bucket_versioning(bucket, VersioningConfig(SUSPENDED))
    return ACCEPTED


def _wrong_content_md5(client: Minio, bucket: str, key: str, _version_id: str, _now: datetime) -> str:
    client._put_object(bucket, key, b"not these bytes", {"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="})  # noqa: SLF001 - put_object passes no Content-MD5
    return ACCEPTED


ATTACKS: dict[str, Attack] = {
    "delete-version": _delete_version,
    "delete-with-bypass": _delete_with_bypass,
    "delete-in-batch": _delete_in_batch,
    "shorten-retention": _shorten,
    "downgrade-retention": _downgrade,
    "clear-retention": _clear,
    "suspend-versioning": _suspend_versioning,
    "wrong-content-md5": _wrong_content_md5,
    "overwrite": _overwrite,
    "delete-newest": _delete_newest,
}


def _put_retention(client: Minio, bucket: str, key: str, *, version_id: str, mode: str, until: datetime) -> str:
    body = f"<Retention><Mode>{mode}</Mode><RetainUntilDate>{until:%Y-%m-%dT%H:%M:%SZ}</RetainUntilDate></Retention>".encode()
    client._execute("PUT", bucket, key, body=body, headers=_xml_headers(body) | _BYPASS, query_params=_retention_of(version_id))  # noqa: SLF001 - no public call takes the header
    return ACCEPTED


def _retention_of(version_id: str) -> dict[str, Any]:
    return {"retention": "", "versionId": version_id}


def _xml_headers(body: bytes) -> dict[str, Any]:
    return {"Content-Type": "application/xml", "Content-MD5": base64.b64encode(content_md5(body)).decode()}
