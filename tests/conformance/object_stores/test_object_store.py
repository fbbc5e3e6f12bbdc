"""What every object store promises, held against the one in memory and a real S3 server."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import urllib3

from evidence_store.errors import ObjectNotFoundError, UploadMismatchError
from evidence_store.object_store.lock_probe import probe_lock
from evidence_store.object_store.memory import MemoryObjectStore
from evidence_store.object_store.s3 import S3Address, S3ObjectStore
from integrity.hashing import content_md5
from tests.builders import make_receipt

FIRST, LAST = b"a" * 5 * 1024**2, b"b" * 1000


def later(**amount):
    return (datetime.now(UTC) + timedelta(**amount)).replace(microsecond=0)


@pytest.fixture(scope="module")
def s3(seaweedfs):
    address = S3Address(seaweedfs.endpoint, seaweedfs.endpoint, seaweedfs.access_key, seaweedfs.secret_key, f"conformance-{uuid4().hex[:8]}")
    store = S3ObjectStore(address)
    store.prepare()
    return store


@pytest.fixture(params=["memory", "s3", pytest.param("radosgw", marks=pytest.mark.nightly)])
def store(request):
    return MemoryObjectStore() if request.param == "memory" else request.getfixturevalue(request.param)


@pytest.fixture
def key():
    return f"clips/{uuid4()}/original"


def put_part(store, key, upload_id, number, data):
    if isinstance(store, MemoryObjectStore):
        store.put_part(key, upload_id, number=number, data=data)
        return
    with urllib3.PoolManager() as pool:
        answer = pool.request("PUT", store.sign_part(key, upload_id, number=number, valid_for=timedelta(minutes=5)), body=data)
    assert answer.status == 200, answer.data


def upload(store, key, *parts):
    upload_id = store.begin_upload(key, retain_until=later(minutes=10))
    for number, part in enumerate(parts, start=1):
        put_part(store, key, upload_id, number, part)
    return upload_id


def test_parts_become_one_locked_version(store, key):
    upload_id = upload(store, key, FIRST, LAST)

    stored = store.finish_upload(key, upload_id, parts=make_receipt(FIRST, LAST).parts)

    assert stored.size_bytes == len(FIRST) + len(LAST)
    assert b"".join(store.read(key, stored.version_id)) == FIRST + LAST
    lock = store.retention(key, stored.version_id)
    assert lock.mode == "COMPLIANCE"
    assert lock.until > later(minutes=8)


def test_finishing_again_gives_the_same_version(store, key):
    upload_id = upload(store, key, LAST)
    parts = make_receipt(LAST).parts

    versions = {store.finish_upload(key, upload_id, parts=parts).version_id for _ in range(3)}

    assert len(versions) == 1
    assert len(store.list_versions(key)) == 1


def test_parts_that_were_not_sent_do_not_become_an_object(store, key):
    upload_id = upload(store, key, LAST)

    with pytest.raises((UploadMismatchError, ObjectNotFoundError)):
        store.finish_upload(key, upload_id, parts=make_receipt(b"other").parts)

    assert store.list_versions(key) == []


def test_an_unfinished_upload_tells_its_parts(store, key):
    upload_id = upload(store, key, FIRST, LAST)

    parts = store.list_parts(key, upload_id)

    assert [(part.number, part.size_bytes, part.etag) for part in parts] == [
        (1, len(FIRST), content_md5(FIRST).hex()),
        (2, len(LAST), content_md5(LAST).hex()),
    ]


def test_a_part_sent_again_takes_the_place_of_the_first(store, key):
    upload_id = upload(store, key, b"wrong")
    put_part(store, key, upload_id, 1, LAST)

    stored = store.finish_upload(key, upload_id, parts=make_receipt(LAST).parts)

    assert b"".join(store.read(key, stored.version_id)) == LAST


def test_an_upload_that_does_not_exist_is_not_found(store, key):
    with pytest.raises(ObjectNotFoundError):
        store.list_parts(key, "no-such-upload")
    with pytest.raises(ObjectNotFoundError):
        store.finish_upload(key, "no-such-upload", parts=make_receipt(LAST).parts)


@pytest.mark.parametrize(("offset", "length"), [(0, None), (0, 1), (10, 5), (990, 100), (0, 0)])
def test_any_run_of_bytes_can_be_read(store, key, offset, length):
    stored = store.put(key, LAST, retain_until=later(minutes=10))

    found = b"".join(store.read(key, stored.version_id, offset=offset, length=length))

    assert found == (LAST[offset:] if length is None else LAST[offset : offset + length])


def test_a_read_names_its_version(store, key):
    old = store.put(key, b"old", retain_until=later(minutes=10))
    new = store.put(key, b"new", retain_until=later(minutes=10))

    assert b"".join(store.read(key, old.version_id)) == b"old"
    assert b"".join(store.read(key, new.version_id)) == b"new"
    assert [version.version_id for version in store.list_versions(key)] == [new.version_id, old.version_id]


def test_a_version_that_does_not_exist_is_not_found(store, key):
    store.put(key, b"x", retain_until=later(minutes=10))

    with pytest.raises(ObjectNotFoundError):
        b"".join(store.read(f"{key}-other", "00000000000000000000000000000000"))


def test_a_lock_can_be_lengthened(store, key):
    stored = store.put(key, b"x", retain_until=later(minutes=10))

    store.extend_retention(key, stored.version_id, until=later(hours=2))

    assert store.retention(key, stored.version_id).until > later(minutes=100)


def test_an_empty_object_is_an_object(store, key):
    stored = store.put(key, b"", retain_until=later(minutes=10))

    assert b"".join(store.read(key, stored.version_id)) == b""


def test_the_lock_holds_against_every_attack(store):
    result = probe_lock(store, f"lock-probe/{uuid4()}", now=lambda: datetime.now(UTC))

    assert result.is_passed, [step for step in result.steps if not step.is_passed]


def test_a_store_that_only_says_so_is_found_out(moto):
    address = S3Address(moto, moto, "trial", "trial", f"conformance-{uuid4().hex[:8]}")
    pretender = S3ObjectStore(address)
    pretender.prepare()

    result = probe_lock(pretender, f"lock-probe/{uuid4()}", now=lambda: datetime.now(UTC))

    assert not result.is_passed
    assert {"lock", "delete-version", "delete-with-bypass", "delete-in-batch", "suspend-versioning", "clear-retention"} <= {
        step.attempt for step in result.steps if not step.is_passed
    }


def test_a_key_that_begins_alike_is_another_object(store, key):
    store.put(f"{key}-2", b"x", retain_until=later(minutes=10))

    assert store.list_versions(key) == []


def test_an_abandoned_upload_is_gone_and_may_be_abandoned_again(store, key):
    upload_id = upload(store, key, LAST)

    for _ in range(2):
        store.abandon_upload(key, upload_id)

    with pytest.raises(ObjectNotFoundError):
        store.list_parts(key, upload_id)
