"""A job waits exactly when the change that asked for it was committed."""

import psycopg
import pytest

from evidence_store.errors import StoreUnavailableError
from evidence_store.object_store.memory import MemoryObjectStore
from service.safekeeping.probe_lock import probe_lock_daily
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
        work.jobs.defer(probe_lock_daily)

    assert waiting(service) == 1


def test_a_change_that_was_rolled_back_leaves_none(service):
    def defer_and_fail():
        with service.context.unit_of_work() as work:
            work.jobs.defer(probe_lock_daily)
            raise LookupError

    with pytest.raises(LookupError):
        defer_and_fail()

    assert waiting(service) == 0


def test_a_job_that_waits_is_not_asked_for_twice(service):
    for _ in range(3):
        with service.context.unit_of_work() as work:
            work.jobs.defer_once(probe_lock_daily)

    assert waiting(service) == 1


def test_a_job_that_is_due_too_late_is_not_waited_for(service):
    with service.context.unit_of_work() as work:
        work.jobs.defer(probe_lock_daily, delay_s=60)

    with service.context.unit_of_work() as work:
        work.jobs.defer_once(probe_lock_daily)

    assert waiting(service) == 2


def test_nobody_takes_up_the_waiting_job_before_the_change_that_counts_on_it_is_committed(service, database):
    fetch = "SELECT id FROM procrastinate_fetch_job_v2(NULL, NULL)"
    with service.context.unit_of_work() as work:
        work.jobs.defer_once(probe_lock_daily)

    with psycopg.connect(database.application_url.replace("+psycopg", ""), autocommit=True) as worker:
        with service.context.unit_of_work() as work:
            work.jobs.defer_once(probe_lock_daily)
            during = worker.execute(fetch).fetchone()[0]
        afterwards = worker.execute(fetch).fetchone()[0]

    assert during is None
    assert afterwards is not None


def test_a_job_that_somebody_has_taken_up_is_not_counted_on(service, database):
    with service.context.unit_of_work() as work:
        work.jobs.defer_once(probe_lock_daily)
    with psycopg.connect(database.application_url.replace("+psycopg", ""), autocommit=True) as worker:
        worker.execute("SELECT procrastinate_fetch_job_v2(NULL, NULL)")

    with service.context.unit_of_work() as work:
        work.jobs.defer_once(probe_lock_daily)

    assert waiting(service) == 2


def test_a_database_that_is_away_is_said_to_be_so(tmp_path, database):
    url = database.application_url.rsplit("/", 1)[0] + "/no_such_database"
    with pytest.raises(StoreUnavailableError), running_service(tmp_path, type(database)("x", "", url), MemoryObjectStore()):
        raise AssertionError("unreachable")
