"""Copies between stores of both kinds, in parts too, and what a peek tells."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from evidence_store.errors import ObjectNotFoundError
from evidence_store.object_store.copying import PART_BYTES, WantedCopy, copy_version
from evidence_store.object_store.memory import MemoryObjectStore
from evidence_store.object_store.s3 import S3Address, S3ObjectStore
from integrity.hashing import sha256_hex


def later(**amount):
    return (datetime.now(UTC) + timedelta(**amount)).replace(microsecond=0)


@pytest.fixture(scope="module")
def s3(seaweedfs):
    address = S3Address(seaweedfs.endpoint, seaweedfs.endpoint, seaweedfs.access_key, seaweedfs.secret_key, f"copies-{uuid4().hex[:8]}")
    store = S3ObjectStore(address)
    store.prepare()
    return store


@pytest.fixture(params=["memory", "s3"])
def target(request):
    return MemoryObjectStore(now=later) if request.param == "memory" else request.getfixturevalue("s3")


@pytest.mark.parametrize("size", [0, 1, PART_BYTES, PART_BYTES + 1])
def test_a_copy_of_any_size_is_locked_and_the_same(target, size):
    source, key, data = MemoryObjectStore(), f"clips/{uuid4()}/original", bytes([7]) * size
    version = source.put(key, data, retain_until=later(minutes=5)).version_id

    made = copy_version(WantedCopy(key, version, sha256_hex(data), later(minutes=10)), source, target)

    assert b"".join(target.read(key, made.version_id)) == data
    assert target.retention(key, made.version_id).until >= later(minutes=9)
    assert [one.version_id for one in target.list_all(key)] == [made.version_id]
    assert target.list_unfinished(key) == []


def test_a_peek_tells_what_is_there_from_what_is_not(target):
    key = f"clips/{uuid4()}/original"
    version = target.put(key, b"evidence", retain_until=later(minutes=5)).version_id

    target.peek(key, version, offset=7)
    with pytest.raises(ObjectNotFoundError):
        target.peek(f"{key}-other", version, offset=0)


def test_a_part_of_an_upload_that_was_never_begun_is_refused(target):
    with pytest.raises(ObjectNotFoundError):
        target.put_part(f"clips/{uuid4()}/original", uuid4().hex, number=1, data=b"x")
