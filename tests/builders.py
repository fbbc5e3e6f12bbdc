"""Values for tests: valid as they come, overridden where the test is about something."""

import base64
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from integrity.hashing import Digests, content_md5, sha256_hex
from integrity.listing import Listing, RecordedFile, RecorderIdentity
from integrity.receipt import UploadedPart, UploadReceipt
from service.custody.keys import make_keys
from service.settings import Settings

NOW = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
IDENTITY = RecorderIdentity(family="mass-storage", serial="ZF00001", officer_code="000001", volume_id="1234ABCD")


def make_file(path: str = "DCIM/A.MP4", content: bytes = b"footage", **changes) -> RecordedFile:
    file = RecordedFile(
        path=path,
        path_raw_base64=base64.b64encode(path.encode("utf-16-le")).decode(),
        size_bytes=len(content),
        modified="2026-11-24T08:15:30",
        fingerprint=sha256_hex(content),
        locator=path,
    )
    return replace(file, **changes)


def make_listing(*files: RecordedFile, identity: RecorderIdentity = IDENTITY, failure: str | None = None) -> Listing:
    return Listing(identity=identity, clock=None, files=files, is_complete=failure is None, failure=failure, taken_at=NOW)


def make_receipt(*parts: bytes) -> UploadReceipt:
    digests = Digests.of(b"".join(parts))
    uploaded = tuple(
        UploadedPart(number=number, size_bytes=len(part), md5=content_md5(part).hex(), etag=content_md5(part).hex())
        for number, part in enumerate(parts, start=1)
    )
    return UploadReceipt(size_bytes=sum(map(len, parts)), sha256=digests.sha256, sm3=digests.sm3, parts=uploaded)


def make_settings(tmp_path: Path, database_url: str, **changes) -> Settings:
    make_keys(tmp_path / "keys", "test.example/log", now=NOW)
    values = {
        "database_url": database_url,
        "store_endpoint": "127.0.0.1:1",
        "store_access_key": "none",
        "store_secret_key": "none",
        "store_secure": False,
        "keys_dir": tmp_path / "keys",
        "reread_percent": 0,
    }
    return Settings(**{**values, **changes})
