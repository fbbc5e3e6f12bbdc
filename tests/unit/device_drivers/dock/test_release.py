import uuid

import pytest

from device_drivers.dock.answers import SessionOutcome
from device_drivers.dock.release import release_files
from device_drivers.dock.session import dock_recorder, release_session
from device_drivers.errors import RecorderUnpluggedError, TransferError
from device_drivers.recorder import Capabilities
from tests.unit.device_drivers.dock.conftest import NOW


@pytest.fixture
def docked(service, tools, make_recorder):
    """A recorder with three sealed files at a dock that may empty it."""
    service.keeps = False
    recorder = make_recorder({"A.MP4": b"a", "B.MP4": b"b", "C.MP4": b"c"})
    recorder.capabilities = Capabilities(can_remove_files=True)
    session = dock_recorder(recorder, tools, session_id=str(uuid.uuid4()), slot="1-1")
    assert session.may_release
    return recorder, session


def test_exactly_what_is_ordered_goes_and_the_fresh_listing_is_reported(service, tools, docked):
    recorder, session = docked
    service.never_released = {service.clip_of("B.MP4").id}

    release_session(recorder, tools, session)

    assert set(recorder.files) == {"B.MP4"}
    assert session.released == 2
    assert [file.path for file in service.releases[session.session_id].remaining.files] == ["B.MP4"]
    assert tools.tiles.get("1-1").removed == 2


def test_where_nothing_is_ordered_nothing_is_touched(service, tools, docked):
    recorder, session = docked
    service.never_released = {service.clip_of(path).id for path in recorder.files}

    release_session(recorder, tools, session)

    assert "remove_files" not in recorder.calls
    assert len(recorder.files) == 3


def test_a_file_that_the_recorder_keeps_is_reported_with_its_reason(service, tools, docked):
    recorder, session = docked
    recorder.kept = {"A.MP4": "its size changed"}

    release_session(recorder, tools, session)

    reasons = [removal.kept_because for removal in service.releases[session.session_id].removals]
    assert reasons == ["its size changed", None, None]
    assert session.released == 2


def pull_after(count, error):
    left = [count]

    def fault(_file):
        if not left[0]:
            raise error
        left[0] -= 1

    return fault


def test_a_recorder_pulled_in_the_middle_is_reported_without_a_listing(service, tools, docked):
    recorder, session = docked
    recorder.remove_fault = pull_after(1, RecorderUnpluggedError("removing"))

    release_session(recorder, tools, session)

    report = service.releases[session.session_id]
    assert report.remaining is None
    assert [removal.kept_because is None for removal in report.removals] == [True, False, False]
    assert session.outcome is SessionOutcome.UNPLUGGED
    assert session.released == 0


def test_a_failure_in_the_middle_leaves_the_word_to_the_fresh_listing(service, tools, docked):
    recorder, session = docked
    recorder.remove_fault = pull_after(2, TransferError("removing", "stalled"))

    release_session(recorder, tools, session)

    report = service.releases[session.session_id]
    assert [file.path for file in report.remaining.files] == ["C.MP4"]
    assert session.released == 2


def test_a_service_that_is_away_is_asked_before_anything_is_removed(service, tools, docked):
    recorder, session = docked
    service.fault("answer", "POST .*/release$", times=1000, status=404)

    release_session(recorder, tools, session)

    assert session.error is not None
    assert "remove_files" not in recorder.calls


def test_a_recorder_that_cannot_remove_is_left_alone(tools, docked, service):
    recorder, session = docked
    recorder.capabilities = Capabilities()

    release_session(recorder, tools, session)

    assert session.session_id not in service.ordered


def test_a_dock_that_keeps_files_asks_nothing(service, tools, make_recorder):
    recorder = make_recorder({"A.MP4": b"a"})
    session = dock_recorder(recorder, tools, session_id=str(uuid.uuid4()), slot="1-1")

    assert not session.may_release
    assert service.ordered == {}


@pytest.mark.parametrize("missing", [("a folder",), ()])
def test_an_incomplete_listing_releases_nothing(service, tools, make_recorder, missing):
    service.keeps = False
    session = dock_recorder(make_recorder({"A.MP4": b"a"}, missing=missing), tools, session_id=str(uuid.uuid4()), slot="1-1")

    assert session.may_release is not bool(missing)


def test_removing_is_reported_for_every_order(service, tools, docked):
    recorder, session = docked
    recorder.remove_files = lambda _files: iter(())

    release_files(recorder, tools.client, session_id=session.session_id, listing=session.listing, now=lambda: NOW)

    assert all("not known" in removal.kept_because for removal in service.releases[session.session_id].removals)
