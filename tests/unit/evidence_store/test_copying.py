from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest

from evidence_store.errors import CopyUnfaithfulError, OriginalLostError
from evidence_store.object_store import copying
from evidence_store.object_store.copying import WantedCopy, copy_version
from evidence_store.object_store.memory import MemoryObjectStore
from integrity.hashing import sha256_hex

NOW = datetime(2026, 11, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=180)
KEY = "clips/1/original"


class Forgetful(MemoryObjectStore):
    """Gives back other bytes than it took."""

    def read(self, key, version_id, *, offset=0, length=None):
        yield b"other" + b"".join(super().read(key, version_id, offset=offset, length=length))[5:]


class Loose(MemoryObjectStore):
    """Locks nothing."""

    def retention(self, key, version_id):
        return None


@pytest.fixture
def source():
    return MemoryObjectStore()


@pytest.mark.parametrize("data", [b"", b"x", b"a" * 100, b"b" * 101, bytes(range(200))], ids=len)
def test_a_copy_has_the_same_bytes_under_the_same_key_and_a_lock_as_long(source, data):
    target = MemoryObjectStore()
    version = source.put(KEY, data, retain_until=NOW).version_id

    with patch.object(copying, "PART_BYTES", 100):
        made = copy_version(WantedCopy(KEY, version, sha256_hex(data), LATER), source, target)

    assert b"".join(target.read(KEY, made.version_id)) == data
    assert (made.sha256, made.size_bytes, made.retain_until) == (sha256_hex(data), len(data), LATER)
    assert target.retention(KEY, made.version_id).until == LATER
    assert target.list_unfinished("") == []


@pytest.mark.parametrize("part_bytes", [3, 1000], ids=["in parts", "at once"])
def test_nothing_is_laid_down_of_an_original_whose_bytes_are_others(source, part_bytes):
    target = MemoryObjectStore()
    version = source.put(KEY, b"altered", retain_until=NOW).version_id

    with patch.object(copying, "PART_BYTES", part_bytes), pytest.raises(OriginalLostError) as refused:
        copy_version(WantedCopy(KEY, version, sha256_hex(b"as it was"), LATER), source, target)

    assert refused.value.reason == "altered"
    assert list(target.list_all("")) == target.list_unfinished("") == []


def test_an_original_that_is_gone_is_said_to_be_missing(source):
    with pytest.raises(OriginalLostError) as refused:
        copy_version(WantedCopy(KEY, "gone", None, LATER), source, MemoryObjectStore())

    assert refused.value.reason == "missing"


@pytest.mark.parametrize("target", [Forgetful(), Loose()], ids=["other bytes", "no lock"])
def test_a_copy_that_is_not_kept_as_it_was_laid_does_not_count(source, target):
    version = source.put(KEY, b"evidence", retain_until=NOW).version_id

    with pytest.raises(CopyUnfaithfulError):
        copy_version(WantedCopy(KEY, version, None, LATER), source, target)
