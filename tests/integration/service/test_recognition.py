"""Docking again is harmless, and nothing is ever recognised by its name alone."""

from dataclasses import replace

import pytest

from evidence_store.object_store.memory import MemoryObjectStore
from integrity.hashing import Digests
from integrity.receipt import ClipState
from service.ingest.errors import SessionConflictError, SessionNotFoundError
from service.ingest.reread_clip import Reread, reread_clip
from tests.builders import IDENTITY, make_file
from tests.service_fixtures import running_service

FILE = make_file()


def actions(announced):
    return [file.action for file in announced]


def test_the_same_listing_again_gives_the_same_clips(service):
    session_id = service.open()

    first, again = service.announce(session_id, FILE), service.announce(session_id, FILE)

    assert first == again
    assert service.chain(first[0].clip_id) == ["clip.announced"]


def test_another_listing_in_the_same_session_is_refused(service):
    session_id = service.open()
    service.announce(session_id, FILE)

    with pytest.raises(SessionConflictError):
        service.announce(session_id, make_file("B.MP4"))


def test_a_session_belongs_to_its_recorder(service):
    session_id = service.open()

    with pytest.raises(SessionConflictError):
        service.open(replace(IDENTITY, serial="ZF99999"), session_id)
    with pytest.raises(SessionConflictError):
        service.announce(session_id, FILE, identity=replace(IDENTITY, serial="ZF99999"))


def test_a_recorder_docked_again_unchanged_gives_nothing_new(service):
    clip_id = service.dock_one(FILE, b"footage")

    for _ in range(5):
        (announced,) = service.announce(service.open(), FILE)
        assert (announced.clip_id, announced.action, announced.state) == (clip_id, "skip", ClipState.SEALED)

    assert len(service.context.objects.list_versions(f"clips/{clip_id}/original")) == 1


def test_an_upload_that_was_cut_goes_on_with_the_same_clip(service):
    (first,) = service.announce(service.open(), FILE)

    session_id = service.open()
    (second,) = service.announce(session_id, FILE)
    service.upload(session_id, second.clip_id, b"footage")

    assert second.clip_id == first.clip_id
    assert service.clip(first.clip_id).session_id == session_id


@pytest.mark.parametrize(
    "other",
    [make_file(content=b"footagE"), replace(FILE, modified="2026-11-24T08:15:32"), make_file("DCIM/a.MP4"), make_file(content=b"longer footage")],
)
def test_what_differs_in_anything_is_a_new_clip(service, other):
    clip_id = service.dock_one(FILE, b"footage")

    (announced,) = service.announce(service.open(), other)

    assert announced.action == "upload"
    assert announced.clip_id != clip_id


def test_another_recorder_with_the_same_file_gives_another_clip(service):
    clip_id = service.dock_one(FILE, b"footage")
    other = replace(IDENTITY, serial="ZF00002")

    assert service.dock_one(FILE, b"footage", identity=other) != clip_id


def test_a_file_without_fingerprint_is_never_taken_for_known(service):
    file = replace(FILE, fingerprint=None)
    clip_id = service.dock_one(file, b"footage")

    (announced,) = service.announce(service.open(), file)

    assert (announced.action, announced.clip_id != clip_id) == ("upload", True)


def test_two_entries_that_look_exactly_alike_are_two_clips_each_time(service):
    first = service.announce(service.open(), FILE, FILE)
    second = service.announce(service.open(), FILE, FILE)

    assert len({file.clip_id for file in first}) == 2
    assert [file.clip_id for file in first] == [file.clip_id for file in second]


@pytest.fixture
def doubting(tmp_path, database):
    """A service that compares every recognised file in full."""
    with running_service(tmp_path, database, MemoryObjectStore(), reread_percent=100) as made:
        yield made


def test_a_drawn_file_that_reads_the_same_is_recognised_for_good(doubting):
    clip_id = doubting.dock_one(FILE, b"footage")
    session_id = doubting.open()
    assert actions(doubting.announce(session_id, FILE)) == ["reread"]

    for _ in range(2):
        answer = reread_clip(doubting.context, session_id, clip_id, reread=Reread(7, Digests.of(b"footage")), dock=doubting.dock)
        assert (answer.clip_id, answer.action) == (clip_id, "skip")

    assert doubting.chain(clip_id)[-1] == "clip.recognised"
    assert doubting.chain(clip_id).count("clip.recognised") == 1


def test_other_content_behind_the_same_fingerprint_is_a_new_clip_and_both_say_so(doubting):
    clip_id = doubting.dock_one(FILE, b"footage")
    session_id = doubting.open()
    doubting.announce(session_id, FILE)

    answer = reread_clip(doubting.context, session_id, clip_id, reread=Reread(7, Digests.of(b"f00tage")), dock=doubting.dock)
    doubting.upload(session_id, answer.clip_id, b"f00tage")

    assert answer.action == "upload"
    assert answer.clip_id != clip_id
    assert "content_differs" in doubting.clip(clip_id).flags
    assert doubting.clip(answer.clip_id).generation == 1
    assert doubting.chain(clip_id)[-1] == "content.differed"


def test_a_dock_sees_only_its_own_sessions(service):
    session_id = service.open()
    stranger = replace(service.dock, id="22222222-2222-4222-8222-222222222222")
    service.dock = stranger

    with pytest.raises(SessionNotFoundError):
        service.announce(session_id, FILE)
    with pytest.raises(SessionNotFoundError):
        service.open(IDENTITY, session_id)
