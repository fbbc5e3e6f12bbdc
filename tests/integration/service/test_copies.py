"""A second store, in memory: what is copied, what counts, what is found gone, and how it comes back."""

import json
from datetime import timedelta
from uuid import UUID

import pytest

from evidence_store.errors import ObjectNotFoundError, StoreUnavailableError
from evidence_store.object_store.keys import CANARY_PREFIX, manifest_key, original_key
from evidence_store.object_store.memory import MemoryObjectStore
from service.copies.canary import prove_stores_differ
from service.copies.check_copies import check_copies, list_losses
from service.copies.errors import SameStoreError, UnreliableStoreError
from service.copies.make_copies import catch_up, copy_object
from service.copies.repair_copy import repair_copy
from service.copies.state import read_copies
from service.custody.export_log import export_log
from service.health import read_health, read_metrics
from service.ingest.release_clip import decide_releases
from service.ingest.wipe_gate import GateReason
from service.safekeeping.probe_lock import probe_lock_daily, probe_second_lock_daily
from tests.builders import IDENTITY, make_file
from tests.service_fixtures import running_service

CONTENT = b"what the recorder saw" * 100
SECOND = {"second_store_endpoint": "second.example:9000", "second_store_access_key": "a", "second_store_secret_key": "b"}


class NamedStore(MemoryObjectStore):
    """A store with a name, that can be damaged below its lock or be away."""

    def __init__(self, name):
        super().__init__()
        self.name, self.is_away, self.forgets = name, False, False
        self.unreadable = set()

    @property
    def description(self):
        return self.name

    def destroy(self, key):
        del self._versions[key]

    def alter(self, key):
        self._versions[key][-1].data = b"forged" + self._versions[key][-1].data[6:]

    def put(self, key, data, *, retain_until):
        if self.is_away:
            raise StoreUnavailableError("object store", "away")
        return super().put(key, b"nothing" if self.forgets else data, retain_until=retain_until)

    def read(self, key, version_id, *, offset=0, length=None):
        if key in self.unreadable:
            raise StoreUnavailableError("object store", "500")
        return super().read(key, version_id, offset=offset, length=length)


@pytest.fixture
def stores():
    return NamedStore("first/evidence"), NamedStore("second/evidence")


@pytest.fixture
def service(tmp_path, database, stores):
    first, second = stores
    with running_service(tmp_path, database, first, second_objects=second, **SECOND) as made:
        first._now = second._now = made.clock.now
        made.register(IDENTITY.serial)
        yield made


@pytest.fixture
def clip_id(service):
    return service.dock_one(make_file("A.MP4", CONTENT), CONTENT)


@pytest.fixture
def keys(clip_id):
    return original_key(clip_id), manifest_key(clip_id)


@pytest.fixture
def copied(service, keys):
    run_jobs(service, copy_object)
    return keys


def waiting(service, function):
    with service.context.unit_of_work() as work:
        query = "SELECT args FROM procrastinate_jobs WHERE task_name = %s AND status = 'todo' ORDER BY id"
        rows = work._session.connection().connection.cursor().execute(query, [function.job_name]).fetchall()
        return [row[0] for row in rows]


def run_jobs(service, function):
    """Do what waits, and take it from the queue first, as a worker does."""
    arguments = waiting(service, function)
    with service.context.unit_of_work() as work:
        query = "DELETE FROM procrastinate_jobs WHERE task_name = %s AND status = 'todo'"
        work._session.connection().connection.cursor().execute(query, [function.job_name])
    for given in arguments:
        function(service.context, **given)
    return len(arguments)


def gate(service, clip_id):
    session_id = service.clip(clip_id).session_id
    (decision,) = decide_releases(service.context, session_id, dock=service.dock)
    return set(decision.decision.reasons)


def test_original_and_manifest_are_copied_by_jobs_deferred_with_the_verification(service, stores, keys):
    assert [given["key"] for given in waiting(service, copy_object)] == list(keys)

    run_jobs(service, copy_object)

    first, second = stores
    for key in keys:
        (original,), (copy,) = first.list_versions(key), second.list_versions(key)
        assert b"".join(second.read(key, copy.version_id)) == b"".join(first.read(key, original.version_id))
        assert second.retention(key, copy.version_id).until >= first.retention(key, original.version_id).until
    assert read_copies(service.context).behind == 0


def test_the_exported_log_is_copied_too(service, stores, copied):
    export_log(service.context)
    run_jobs(service, copy_object)

    assert [one.key for one in stores[1].list_all("log/")] == [one.key for one in stores[0].list_all("log/")]
    assert stores[1].list_all("log/")


def test_the_gate_counts_copies_in_both_stores(service, clip_id):
    probe_lock_daily(service.context)
    probe_second_lock_daily(service.context)
    before = gate(service, clip_id)

    run_jobs(service, copy_object)

    assert GateReason.NOT_READ_BACK in before
    assert gate(service, clip_id) == {GateReason.KEEP_ON_RECORDER}


def test_the_gate_stays_shut_until_the_second_stores_lock_is_proven(service, clip_id, copied):
    probe_lock_daily(service.context)
    before = gate(service, clip_id)

    probe_second_lock_daily(service.context)

    assert GateReason.LOCK_NOT_PROVEN in before
    assert GateReason.LOCK_NOT_PROVEN not in gate(service, clip_id)


@pytest.mark.parametrize("store", [0, 1], ids=["first", "second"])
def test_a_lost_version_shuts_the_gate_is_named_in_its_chain_and_repaired_from_the_other(service, stores, clip_id, copied, store):
    probe_lock_daily(service.context)
    probe_second_lock_daily(service.context)
    key = copied[0]
    lost = stores[store].list_versions(key)[0].version_id
    stores[store].destroy(key)

    checked = check_copies(service.context)

    assert (checked.first, checked.second, checked.newly_lost) == (2, 2, 1)
    (loss,) = list_losses(service.context)
    assert (loss.store, loss.key, loss.version_id, loss.reason) == (("first", "second")[store], key, lost, "missing")
    assert GateReason.NOT_READ_BACK in gate(service, clip_id)

    run_jobs(service, repair_copy)

    assert list_losses(service.context) == []
    assert service.chain(clip_id)[-2:] == ["copy.lost", "copy.repaired"]
    (again,) = stores[store].list_versions(key)
    assert b"".join(stores[store].read(key, again.version_id)) == CONTENT
    assert GateReason.NOT_READ_BACK not in gate(service, clip_id)
    if store == 0:
        assert service.clip(clip_id).object_version == again.version_id
    assert check_copies(service.context).still_lost == 0


def test_a_lost_manifest_comes_back_and_the_clip_names_its_new_version(service, stores, clip_id, copied):
    stores[0].destroy(copied[1])

    check_copies(service.context)
    run_jobs(service, repair_copy)

    assert service.clip(clip_id).manifest_version == stores[0].list_versions(copied[1])[0].version_id
    assert read_copies(service.context).behind == 0


def test_a_lost_stretch_of_the_log_comes_back(service, stores, copied):
    export_log(service.context)
    run_jobs(service, copy_object)
    (key,) = [one.key for one in stores[0].list_all("log/")]
    stores[0].destroy(key)

    check_copies(service.context)
    run_jobs(service, repair_copy)

    assert [one.key for one in stores[0].list_all("log/")] == [key]
    assert (check_copies(service.context).still_lost, read_copies(service.context).behind) == (0, 0)


def test_a_version_that_is_listed_and_cannot_be_read_is_gone_too(service, stores, copied):
    stores[1].unreadable.add(copied[0])

    check_copies(service.context)

    assert [(loss.key, loss.reason) for loss in list_losses(service.context)] == [(copied[0], "unreadable")]


def test_what_is_altered_is_never_copied_over_what_is_good(service, stores, clip_id, copied):
    stores[1].destroy(copied[0])
    stores[0].alter(copied[0])

    check_copies(service.context)
    run_jobs(service, repair_copy)

    assert {(loss.store, loss.reason) for loss in list_losses(service.context)} == {("first", "altered"), ("second", "missing")}
    assert stores[1].list_versions(copied[0]) == []
    assert service.chain(clip_id)[-2:] == ["copy.lost", "copy.lost"]


def test_checking_twice_names_a_loss_once_and_repairing_twice_lays_one_version(service, stores, clip_id, copied):
    stores[1].destroy(copied[0])
    check_copies(service.context)
    check_copies(service.context)
    (given,) = waiting(service, repair_copy)

    repair_copy(service.context, **given)
    repair_copy(service.context, **given)

    assert service.chain(clip_id).count("copy.lost") == service.chain(clip_id).count("copy.repaired") == 1
    assert len(stores[1].list_versions(copied[0])) == 1


def test_a_store_that_is_away_or_gives_nothing_back_has_lost_nothing(service, stores, copied):
    stores[1].is_away = True
    with pytest.raises(StoreUnavailableError):
        check_copies(service.context)
    stores[1].is_away, stores[1].forgets = False, True
    with pytest.raises(UnreliableStoreError):
        check_copies(service.context)

    assert list_losses(service.context) == []


def test_copying_twice_makes_one_copy(service, stores, copied):
    copy_object(service.context, key=copied[0])

    assert len(stores[1].list_versions(copied[0])) == 1


def test_what_no_job_will_copy_is_caught_up_with(service, stores, keys):
    with service.context.unit_of_work() as work:
        work._session.connection().connection.cursor().execute("DELETE FROM procrastinate_jobs")
    catch_up(service.context)
    assert waiting(service, copy_object) == []

    service.clock.advance(hours=2)
    state = read_copies(service.context)
    (part,) = (part for part in read_health(service.context, actor=service.administrator).watched if part.name == "copies")
    figures = read_metrics(service.context)
    catch_up(service.context)
    catch_up(service.context)

    assert run_jobs(service, copy_object) == len(keys) == state.behind == figures["bodycam_copies_behind"]
    assert not part.is_well
    assert figures["bodycam_copies_oldest_missing_seconds"] > 7_000
    assert read_copies(service.context).behind == 0


def test_a_longer_lock_is_followed(service, stores, clip_id, copied):
    longer = service.clip(clip_id).retain_until + timedelta(days=30)
    with service.context.unit_of_work() as work:
        work.clips.lock(clip_id).retain_until = longer
    service.clock.advance(hours=1)

    catch_up(service.context)
    run_jobs(service, copy_object)

    for key in copied:
        assert stores[1].retention(key, stores[1].list_versions(key)[0].version_id).until == longer
    assert read_copies(service.context).behind == 0


def test_a_check_is_entered_in_the_log_with_a_digest_of_the_ledger(service, copied):
    check_copies(service.context)

    with service.context.unit_of_work() as work:
        found = "SELECT canonical FROM custody_event WHERE action = 'copies.checked'"
        ((canonical,),) = work._session.connection().connection.cursor().execute(found).fetchall()
    details = json.loads(canonical)["details"]
    assert (details["first"], details["second"], details["still_lost"]) == (2, 2, 0)
    assert len(details["ledger_sha256"]) == 64


def test_two_names_of_one_store_are_refused(service, stores):
    with pytest.raises(SameStoreError):
        prove_stores_differ(service.context, stores[0])
    prove_stores_differ(service.context, stores[1])


def test_canaries_do_not_stay(service, stores, copied):
    check_copies(service.context)
    service.clock.advance(hours=2)
    check_copies(service.context)

    assert len(list(stores[0].list_all(CANARY_PREFIX))) <= 1


def test_an_original_that_is_gone_before_it_was_copied_stays_named(service, stores, clip_id, keys):
    stores[0].destroy(keys[0])

    run_jobs(service, copy_object)
    run_jobs(service, repair_copy)

    (loss,) = list_losses(service.context)
    assert (loss.store, loss.key, UUID(str(loss.clip_id))) == ("first", keys[0], clip_id)
    with pytest.raises(ObjectNotFoundError):
        next(stores[0].read(keys[0], loss.version_id))
