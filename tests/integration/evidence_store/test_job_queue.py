"""A job waits exactly when the change that asked for it was committed."""

import pytest

from evidence_store.errors import StoreUnavailableError
from evidence_store.object_store.memory import MemoryObjectStore
from service.safekeeping.probe_lock import probe_lock
from tests.service_fixtures import running_service


@pytest.fixture
def service(tmp_path, database):
    with running_service(tmp_path, database, MemoryObjectStore()) as made:
        yield made


def waiting(service):
    with service.context.unit_of_work() as work:
        return work.jobs.count_waiting("store.probe_lock")


def test_a_committed_change_leaves_its_job(service):
    with service.context.unit_of_work() as work:
        work.jobs.defer(probe_lock)

    assert waiting(service) == 1


def test_a_change_that_was_rolled_back_leaves_none(service):
    def defer_and_fail():
        with service.context.unit_of_work() as work:
            work.jobs.defer(probe_lock)
            raise LookupError

    with pytest.raises(LookupError):
        defer_and_fail()

    assert waiting(service) == 0


def test_a_database_that_is_away_is_said_to_be_so(tmp_path, database):
    url = database.application_url.rsplit("/", 1)[0] + "/no_such_database"
    with pytest.raises(StoreUnavailableError), running_service(tmp_path, type(database)("x", "", url), MemoryObjectStore()):
        raise AssertionError("unreachable")
