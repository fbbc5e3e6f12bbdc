import os
import uuid

import pytest

from device_drivers.dock.answers import SessionOutcome
from device_drivers.dock.spool import store
from device_drivers.dock.spool.errors import SpoolDamagedError, SpoolFullError, SpoolUnusableError
from device_drivers.dock.spool.store import Spool, SpooledFacts, SpoolRecord
from device_drivers.dock.statements import PluggedRecorder
from device_drivers.recorder import RecorderStatus
from integrity.listing import ClockReading, Listing, RecordedFile, RecorderIdentity
from tests.unit.device_drivers.dock.conftest import NOW

IDENTITY = RecorderIdentity(family="memory", serial="A1")
CLOCK = ClockReading("2026-11-24T11:29:07", NOW, 2.0, 0.5)
FACTS = SpooledFacts(7, "0" * 64, "1" * 64)


def record(session_id=None):
    plugged = PluggedRecorder("1-1", "test", IDENTITY, CLOCK, None, RecorderStatus(battery_percent=5), NOW)
    listing = Listing(IDENTITY, CLOCK, (RecordedFile("A.MP4", "", 7),), is_complete=True, failure=None, taken_at=NOW)
    return SpoolRecord(session_id or str(uuid.uuid4()), plugged, listing)


@pytest.fixture
def make_spool(tmp_path):
    return lambda limit_bytes=10_000_000: Spool(tmp_path / "spool", limit_bytes=limit_bytes, key_file=tmp_path / "key")


def put(session, index, content=b"footage"):
    with session.write(index) as writer:
        writer.write(content)
        writer.finish()
    session.add_facts(index, FACTS)


def test_what_was_attested_survives_the_program(make_spool):
    wanted = record()
    session = make_spool().begin(wanted)
    put(session, 0)
    session.end(SessionOutcome.FINISHED)

    (again,) = make_spool().sessions()

    assert again.record() == wanted
    assert again.files() == {0: FACTS}
    assert again.outcome() is SessionOutcome.FINISHED


def test_a_session_whose_end_nobody_noted_counts_as_unplugged(make_spool):
    assert make_spool().begin(record()).outcome() is SessionOutcome.UNPLUGGED


def test_a_file_without_its_facts_does_not_count(make_spool):
    session = make_spool().begin(record())
    with session.write(0) as writer:
        writer.write(b"footage")
        writer.finish()

    assert session.files() == {}


def test_leftovers_of_a_killed_program_are_removed(make_spool, tmp_path):
    spool = make_spool()
    session = spool.begin(record())
    (tmp_path / "spool" / session.session_id / "0.footage.part").write_bytes(b"half")

    make_spool()

    assert not list((tmp_path / "spool").glob("*/*.part"))


def test_the_limit_holds_for_everything_that_lies_there_and_is_under_way(make_spool):
    spool = make_spool(1_000_000)
    session = spool.begin(record())
    spool.reserve(session, 0, 500_000, is_key_file=False)

    with pytest.raises(SpoolFullError):
        spool.reserve(session, 1, 500_000, is_key_file=False)
    spool.settle(session, 0)
    spool.reserve(session, 1, 500_000, is_key_file=False)


def test_the_last_of_the_room_is_kept_for_key_files(make_spool):
    spool = make_spool(1_000_000)
    session = spool.begin(record())

    with pytest.raises(SpoolFullError):
        spool.reserve(session, 0, 950_000, is_key_file=False)
    spool.reserve(session, 0, 950_000, is_key_file=True)


def test_the_disk_is_never_filled(make_spool, monkeypatch):
    monkeypatch.setattr(store, "LEAST_FREE_BYTES", 2**62)
    spool = make_spool()

    with pytest.raises(SpoolFullError):
        spool.reserve(spool.begin(record()), 0, 1, is_key_file=True)


def test_a_session_whose_footage_is_sealed_leaves_nothing(make_spool, tmp_path):
    spool = make_spool()
    session = spool.begin(record())
    put(session, 0)

    spool.remove(session)

    assert [path.name for path in (tmp_path / "spool").iterdir()] == []


def test_removing_that_was_cut_short_is_finished_at_the_next_start(make_spool, tmp_path):
    session = make_spool().begin(record())
    put(session, 0)
    folder = tmp_path / "spool" / session.session_id
    folder.rename(folder.with_name(f"{folder.name}.sealed"))

    spool = make_spool()

    assert spool.sessions() == []
    assert list((tmp_path / "spool").iterdir()) == []


def test_files_that_vanish_while_they_are_counted_do_no_harm(make_spool, tmp_path):
    spool = make_spool()
    put(spool.begin(record()), 0)
    (tmp_path / "spool" / "gone").symlink_to(tmp_path / "nowhere")

    assert spool.used_bytes() > 0


def test_sessions_come_oldest_first(make_spool, tmp_path):
    spool = make_spool()
    ids = [spool.begin(record()).session_id for _ in range(3)]
    for age, session_id in enumerate(ids):
        os.utime(tmp_path / "spool" / session_id / "record", (1_000 - age, 1_000 - age))

    assert [session.session_id for session in spool.sessions()] == ids[::-1]


def test_only_its_owner_can_look_into_it(make_spool, tmp_path):
    make_spool()

    assert (tmp_path / "spool").stat().st_mode & 0o077 == 0
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0


def test_another_key_opens_nothing(make_spool, tmp_path):
    make_spool().begin(record())
    (tmp_path / "key").write_bytes(bytes(32))

    (session,) = make_spool().sessions()
    with pytest.raises(SpoolDamagedError):
        session.record()


def test_a_key_that_is_none_is_refused(make_spool, tmp_path):
    (tmp_path / "key").write_bytes(b"short")

    with pytest.raises(SpoolUnusableError):
        make_spool()


def test_a_folder_that_cannot_be_used_is_refused(tmp_path):
    (tmp_path / "spool").write_text("a file")

    with pytest.raises(SpoolUnusableError):
        Spool(tmp_path / "spool", limit_bytes=1, key_file=tmp_path / "key")
