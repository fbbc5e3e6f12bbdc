"""What the store gives back decides; what cannot be proven is never called proven."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from evidence_store.actor import Role
from evidence_store.errors import StoreUnavailableError
from evidence_store.object_store.memory import MemoryObjectStore
from evidence_store.object_store.store import Retention
from integrity.receipt import ClipState
from service.ingest.end_session import end_session
from service.ingest.errors import LockNotAppliedError
from service.ingest.read_back_clip import read_back_clip
from service.ingest.release_clip import decide_releases
from service.roster.apply_import import import_roster
from service.roster.rows import Roster
from service.safekeeping.probe_lock import probe_lock
from tests.builders import IDENTITY, make_file
from tests.service_fixtures import running_service

FILE = make_file()


class FaultyStore(MemoryObjectStore):
    """A store that can be told to fail in the ways that matter."""

    fault = ""

    def read(self, key, version_id, *, offset=0, length=None):
        data = b"".join(super().read(key, version_id, offset=offset, length=length))
        if self.fault == "flips-a-bit" and key.endswith("original"):
            data = bytes([data[0] ^ 1]) + data[1:]
        if self.fault == "loses-the-end" and key.endswith("original"):
            data = data[:-1]
        if self.fault == "is-away":
            raise StoreUnavailableError("object store", "test")
        yield data

    def retention(self, key, version_id):
        found = super().retention(key, version_id)
        if self.fault == "does-not-lock":
            return None
        if self.fault == "locks-in-governance":
            return Retention("GOVERNANCE", found.until)
        if self.fault == "locks-too-short" and not self._is_extended(key):
            return Retention("COMPLIANCE", found.until - timedelta(days=30))
        return found

    def extend_retention(self, key, version_id, *, until):
        super().extend_retention(key, version_id, until=until)
        self.extended = key

    def _is_extended(self, key):
        return getattr(self, "extended", None) == key

    def attempt(self, forbidden, key, version_id, *, now):
        if self.fault == "deletes-locked" and forbidden == "delete-version":
            self._versions[key] = [version for version in self._versions[key] if version.stored.version_id != version_id]
            return "accepted"
        return super().attempt(forbidden, key, version_id, now=now)


@pytest.fixture
def faulty(tmp_path, database):
    with running_service(tmp_path, database, FaultyStore()) as made:
        yield made


def stored(service, file=FILE, content=b"footage", identity=IDENTITY, failure=None):
    session_id = service.open(identity)
    (announced,) = service.announce(session_id, file, identity=identity, failure=failure)
    service.upload(session_id, announced.clip_id, content)
    end_session(service.context, session_id, "finished", dock=service.dock)
    return session_id, announced.clip_id


@pytest.mark.parametrize("fault", ["flips-a-bit", "loses-the-end"])
def test_bytes_that_differ_are_quarantined_and_never_verified(faulty, fault):
    _, clip_id = stored(faulty)
    faulty.context.objects.fault = fault

    faulty.seal(clip_id)

    clip = faulty.clip(clip_id)
    assert (clip.state, clip.quarantine) == (ClipState.STORED, "read_back_mismatch")
    assert faulty.chain(clip_id)[-1] == "clip.quarantined"


def test_a_recorder_that_comes_again_gives_a_mismatched_clip_anew(faulty):
    _, clip_id = stored(faulty)
    faulty.context.objects.fault = "flips-a-bit"
    read_back_clip(faulty.context, clip_id=str(clip_id))
    faulty.context.objects.fault = ""

    (announced,) = faulty.announce(faulty.open(), FILE)

    assert (announced.action, announced.clip_id != clip_id) == ("upload", True)


def test_an_object_that_is_gone_is_quarantined(faulty):
    _, clip_id = stored(faulty)
    faulty.context.objects._versions.clear()

    read_back_clip(faulty.context, clip_id=str(clip_id))

    assert faulty.clip(clip_id).quarantine == "object_missing"


def test_a_store_that_is_away_decides_nothing(faulty):
    _, clip_id = stored(faulty)
    faulty.context.objects.fault = "is-away"

    with pytest.raises(StoreUnavailableError):
        read_back_clip(faulty.context, clip_id=str(clip_id))

    assert (faulty.clip(clip_id).state, faulty.clip(clip_id).quarantine) == (ClipState.STORED, None)


@pytest.mark.parametrize("fault", ["does-not-lock", "locks-in-governance"])
def test_without_a_confirmed_lock_nothing_is_stored(faulty, fault):
    faulty.context.objects.fault = fault

    with pytest.raises(LockNotAppliedError):
        stored(faulty)


def test_a_lock_that_ends_too_early_is_lengthened_and_read_back(faulty):
    faulty.context.objects.fault = "locks-too-short"

    _, clip_id = stored(faulty)

    clip = faulty.clip(clip_id)
    assert clip.retain_until >= clip.received_at + timedelta(days=180)


def test_reading_back_twice_is_harmless(faulty):
    _, clip_id = stored(faulty)

    faulty.seal(clip_id)
    faulty.seal(clip_id)

    assert faulty.chain(clip_id).count("clip.verified") == 1


def test_a_size_that_lied_is_stored_marked_and_sealed(faulty):
    _, clip_id = stored(faulty, replace(FILE, size_bytes=1000), b"footage")

    faulty.seal(clip_id)

    clip = faulty.clip(clip_id)
    assert (clip.state, clip.quarantine, clip.size_bytes, clip.announced_bytes) == (ClipState.SEALED, "size_mismatch", 7, 1000)


def register(service):
    roster = {"recorders": [{"serial": "ZF00001", "agency": "0"}]}
    import_roster(service.context, Roster.model_validate(roster), actor=service.people[Role.ADMINISTRATOR])


def let_go(service):
    with service.context.unit_of_work() as work:
        work.docks.get(UUID(service.dock.id)).keep_on_recorder = False


def reasons(service, session_id):
    return [str(reason) for item in decide_releases(service.context, session_id, dock=service.dock) for reason in item.decision.reasons]


def test_the_gate_opens_only_when_all_is_proven(faulty):
    register(faulty)
    session_id, clip_id = stored(faulty)
    assert reasons(faulty, session_id) == ["not_read_back", "not_sealed", "lock_not_proven", "keep_on_recorder"]
    faulty.seal(clip_id)
    assert reasons(faulty, session_id) == ["lock_not_proven", "keep_on_recorder"]
    probe_lock(faulty.context)
    assert reasons(faulty, session_id) == ["keep_on_recorder"]
    let_go(faulty)
    assert reasons(faulty, session_id) == []


def test_a_store_that_deletes_what_is_locked_shuts_the_gate(faulty):
    register(faulty)
    let_go(faulty)
    session_id, clip_id = stored(faulty)
    faulty.seal(clip_id)
    faulty.context.objects.fault = "deletes-locked"

    probe_lock(faulty.context)

    assert reasons(faulty, session_id) == ["lock_not_proven"]


def test_an_incomplete_listing_shuts_the_gate_for_all_of_its_files(faulty):
    register(faulty)
    let_go(faulty)
    session_id, clip_id = stored(faulty, failure="DCIM/102 cannot be read")
    faulty.seal(clip_id)
    probe_lock(faulty.context)

    assert reasons(faulty, session_id) == ["listing_incomplete"]


def test_an_unregistered_recorder_keeps_its_files_and_they_are_sealed(faulty):
    let_go(faulty)
    session_id, clip_id = stored(faulty)
    faulty.seal(clip_id)
    probe_lock(faulty.context)

    assert faulty.clip(clip_id).state == ClipState.SEALED
    assert faulty.clip(clip_id).flags == ["unknown_officer", "unregistered_recorder"]
    assert reasons(faulty, session_id) == ["recorder_unregistered"]


def test_a_recorder_without_any_identity_is_taken_in_all_the_same(faulty):
    nameless = replace(IDENTITY, serial=None, officer_code=None)

    _, clip_id = stored(faulty, identity=nameless)
    faulty.seal(clip_id)

    assert faulty.clip(clip_id).state == ClipState.SEALED
