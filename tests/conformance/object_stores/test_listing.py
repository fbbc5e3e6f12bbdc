"""What a store tells of everything it holds, the one in memory and a real S3 server alike; and what may be removed."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from evidence_store.errors import ObjectStoreRefusedError
from evidence_store.object_store.memory import MemoryObjectStore
from evidence_store.object_store.s3 import S3Address, S3ObjectStore

PAGE = 1_000
"""Most entries of one page of S3."""


def later(**amount):
    return (datetime.now(UTC) + timedelta(**amount)).replace(microsecond=0)


@pytest.fixture(scope="module")
def s3(seaweedfs):
    address = S3Address(seaweedfs.endpoint, seaweedfs.endpoint, seaweedfs.access_key, seaweedfs.secret_key, f"listing-{uuid4().hex[:8]}")
    store = S3ObjectStore(address)
    store.prepare()
    return store


@pytest.fixture(params=["memory", "s3", pytest.param("radosgw", marks=pytest.mark.nightly)])
def store(request):
    return MemoryObjectStore(now=later) if request.param == "memory" else request.getfixturevalue(request.param)


@pytest.fixture
def key():
    return f"clips/{uuid4()}/original"


def test_a_listing_names_every_version_and_marker_below_a_prefix(store):
    prefix = f"clips/{uuid4()}/"
    first = store.put(f"{prefix}original", b"one", retain_until=later(minutes=10))
    second = store.put(f"{prefix}original", b"other", retain_until=later(minutes=10))
    manifest = store.put(f"{prefix}manifest", b"m", retain_until=later(minutes=10))
    assert store.attempt("delete-newest", f"{prefix}original", second.version_id, now=later()) == "accepted"

    listed = list(store.list_all(prefix))

    versions = {(one.key, one.version_id, one.size_bytes) for one in listed if not one.is_delete_marker}
    assert versions == {(one.key, one.version_id, one.size_bytes) for one in (first, second, manifest)}
    (marker,) = (one for one in listed if one.is_delete_marker)
    assert {(one.key, one.version_id) for one in listed if one.is_newest} == {(marker.key, marker.version_id), (manifest.key, manifest.version_id)}
    assert all(one.written_at.utcoffset() == timedelta(0) and one.written_at <= later(minutes=1) for one in listed)
    assert {one.version_id for one in store.list_versions(f"{prefix}original")} == {first.version_id, second.version_id}


def test_a_listing_longer_than_a_page_is_whole(store):
    prefix = f"clips/{uuid4().hex}-"
    written = {store.put(f"{prefix}{number:04d}", b"x", retain_until=later(minutes=10)).version_id for number in range(PAGE + 30)}
    store.attempt("delete-newest", f"{prefix}0500", "", now=later())

    listed = list(store.list_all(prefix))

    assert {one.version_id for one in listed if not one.is_delete_marker} == written
    assert len(listed) == len(written) + sum(one.is_delete_marker for one in listed)


def test_unfinished_uploads_are_listed_until_they_are_abandoned(store):
    prefix = f"clips/{uuid4()}/"
    upload_id = store.begin_upload(f"{prefix}original", retain_until=later(minutes=10))

    (found,) = store.list_unfinished(prefix)

    assert (found.key, found.upload_id) == (f"{prefix}original", upload_id)
    assert found.begun_at <= later(minutes=1)
    store.abandon_upload(found.key, found.upload_id)
    assert store.list_unfinished(prefix) == []


def test_a_locked_version_cannot_be_removed_and_a_marker_over_it_can(store, key):
    locked = store.put(key, b"evidence", retain_until=later(days=2))
    store.attempt("delete-newest", key, locked.version_id, now=later())
    (marker,) = (one for one in store.list_all(key) if one.is_delete_marker)

    with pytest.raises(ObjectStoreRefusedError):
        store.remove_version(key, locked.version_id)
    store.remove_version(key, marker.version_id)
    store.remove_version(key, marker.version_id)

    assert [one.version_id for one in store.list_all(key)] == [locked.version_id]
    assert b"".join(store.read(key, locked.version_id)) == b"evidence"


def test_more_unfinished_uploads_than_fit_a_page_are_all_listed(store):
    prefix = f"clips/{uuid4().hex}-"
    begun = {store.begin_upload(f"{prefix}{number:04d}", retain_until=later(minutes=10)) for number in range(PAGE + 5)}

    assert {one.upload_id for one in store.list_unfinished(prefix)} == begun
