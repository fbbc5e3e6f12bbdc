"""Removing files from a recorder: ordered before, reported after, and completed by the next listing when nobody reported."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from uuid import uuid4

import pytest

from integrity.receipt import ClipState
from service.docks.register_dock import set_keep_on_recorder
from service.errors import UnacceptableValueError
from service.ingest.errors import SessionConflictError, SessionNotFoundError
from service.ingest.open_session import PluggingIn, open_session
from service.ingest.release_clip import decide_releases, order_releases, report_releases
from service.ingest.wipe_gate import GateReason
from service.safekeeping.probe_lock import probe_lock
from tests.builders import IDENTITY, make_file, make_listing

ONE, OTHER = make_file("DCIM/A.MP4", b"one"), make_file("DCIM/B.MP4", b"other")


@pytest.fixture
def docking(stored_service):
    """A registered recorder docked whole, at a dock that may empty recorders; gives the session and its two clips."""
    service = stored_service
    service.register(IDENTITY.serial)
    probe_lock(service.context)
    set_keep_on_recorder(service.context, service.dock_id, keep=False, actor=service.administrator)
    session_id = service.open()
    announced = service.announce(session_id, ONE, OTHER)
    for item, content in zip(announced, (b"one", b"other"), strict=True):
        service.upload(session_id, item.clip_id, content)
    service.seal(*(item.clip_id for item in announced))
    return session_id, [item.clip_id for item in announced]


def release(service, session_id):
    return order_releases(service.context, session_id, dock=service.dock)


def test_what_the_gate_allows_is_on_record_before_it_is_removed(stored_service, docking):
    session_id, clips = docking

    for _ in range(2):
        assert [item.decision.allowed for item in release(stored_service, session_id)] == [True, True]

    assert [stored_service.chain(clip)[-1] for clip in clips] == ["clip.release_ordered"] * 2
    assert stored_service.chain(clips[0]).count("clip.release_ordered") == 1
    assert stored_service.clip(clips[0]).state == ClipState.SEALED


def test_looking_at_the_gate_orders_nothing(stored_service, docking):
    session_id, clips = docking

    assert all(item.decision.allowed for item in decide_releases(stored_service.context, session_id, dock=stored_service.dock))

    assert "clip.release_ordered" not in stored_service.chain(clips[0])


def test_the_fresh_listing_has_the_last_word(stored_service, docking):
    session_id, clips = docking
    release(stored_service, session_id)

    outcome = report_releases(
        stored_service.context, session_id, {clips[0]: None, clips[1]: None}, remaining=make_listing(OTHER), dock=stored_service.dock
    )

    assert (outcome.released, outcome.vanished) == ((clips[0],), ())
    assert stored_service.clip(clips[0]).state == ClipState.RELEASED
    assert stored_service.clip(clips[1]).state == ClipState.SEALED
    assert stored_service.chain(clips[0])[-1] == "clip.released"


def test_a_file_that_is_kept_says_why(stored_service, docking):
    session_id, clips = docking
    release(stored_service, session_id)

    report_releases(stored_service.context, session_id, {clips[0]: "its size changed"}, remaining=make_listing(ONE, OTHER), dock=stored_service.dock)

    assert stored_service.chain(clips[0])[-1] == "clip.kept"
    assert stored_service.clip(clips[0]).released_at is None


def test_a_report_without_a_listing_releases_nothing(stored_service, docking):
    session_id, clips = docking
    release(stored_service, session_id)

    outcome = report_releases(stored_service.context, session_id, dict.fromkeys(clips), remaining=None, dock=stored_service.dock)

    assert outcome.released == ()
    assert stored_service.clip(clips[0]).state == ClipState.SEALED


def test_an_incomplete_listing_proves_nothing_gone(stored_service, docking):
    session_id, clips = docking
    release(stored_service, session_id)

    outcome = report_releases(
        stored_service.context, session_id, dict.fromkeys(clips), remaining=make_listing(failure="a folder"), dock=stored_service.dock
    )

    assert (outcome.released, outcome.vanished) == ((), ())


def test_what_is_missing_without_an_order_is_told(stored_service, docking):
    session_id, clips = docking

    outcome = report_releases(stored_service.context, session_id, {}, remaining=make_listing(ONE), dock=stored_service.dock)

    assert outcome.vanished == (clips[1],)
    assert stored_service.chain(clips[1])[-1] == "clip.vanished"
    assert stored_service.clip(clips[1]).state == ClipState.SEALED


def test_a_clip_that_was_never_ordered_to_go_is_refused(stored_service, docking):
    session_id, clips = docking

    with pytest.raises(UnacceptableValueError):
        report_releases(stored_service.context, session_id, {clips[0]: None}, remaining=make_listing(), dock=stored_service.dock)
    assert stored_service.clip(clips[0]).state == ClipState.SEALED


def test_a_listing_of_another_recorder_is_refused(stored_service, docking):
    session_id, clips = docking
    release(stored_service, session_id)
    other = make_listing(identity=replace(IDENTITY, serial="ZF99999"))

    with pytest.raises(SessionConflictError):
        report_releases(stored_service.context, session_id, dict.fromkeys(clips), remaining=other, dock=stored_service.dock)


def test_an_unknown_session_is_refused(stored_service):
    with pytest.raises(SessionNotFoundError):
        order_releases(stored_service.context, uuid4(), dock=stored_service.dock)


def test_a_dock_that_died_after_removing_is_made_up_for_by_the_next_listing(stored_service, docking):
    session_id, clips = docking
    release(stored_service, session_id)

    again = stored_service.open()
    stored_service.announce(again, OTHER)

    assert stored_service.clip(clips[0]).state == ClipState.RELEASED
    assert stored_service.chain(clips[0])[-1] == "clip.released"
    assert stored_service.clip(clips[1]).state == ClipState.SEALED


def test_an_incomplete_next_listing_makes_up_for_nothing(stored_service, docking):
    session_id, clips = docking
    release(stored_service, session_id)

    stored_service.announce(stored_service.open(), failure="a folder")

    assert stored_service.clip(clips[0]).state == ClipState.SEALED


def test_the_listing_of_a_contested_recorder_makes_up_for_nothing(stored_service, docking):
    session_id, clips = docking
    release(stored_service, session_id)
    rival = uuid4()
    open_session(stored_service.context, rival, PluggingIn("slot 2", "test", 1, IDENTITY, None, rivals=(session_id,)), dock=stored_service.dock)

    stored_service.announce(rival, make_file("DCIM/C.MP4", b"third"))

    assert stored_service.clip(clips[0]).released_at is None


def test_two_recorders_of_one_identity_at_one_dock_are_both_put_aside(stored_service, docking):
    session_id, clips = docking
    rival = uuid4()
    plugged = PluggingIn("slot 2", "test", 1, IDENTITY, None, rivals=(session_id,))

    opened = open_session(stored_service.context, rival, plugged, dock=stored_service.dock)
    (announced,) = stored_service.announce(rival, make_file("DCIM/C.MP4", b"third"))

    assert opened.is_contested
    assert {stored_service.clip(clip).quarantine for clip in [*clips, announced.clip_id]} == {"contested"}
    assert all(GateReason.CONTESTED in item.decision.reasons for item in release(stored_service, session_id))
    assert all(GateReason.CONTESTED in item.decision.reasons for item in release(stored_service, rival))


def test_two_recorders_that_open_at_the_same_time_are_both_put_aside(stored_service):
    sessions = [uuid4(), uuid4()]
    together = Barrier(2)

    def open_one(mine, other):
        together.wait()
        plugged = PluggingIn("slot", "test", 1, IDENTITY, None, rivals=(other,))
        open_session(stored_service.context, mine, plugged, dock=stored_service.dock)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(open_one, sessions, sessions[::-1]))

    assert all(stored_service.session(session_id).is_contested for session_id in sessions)


def test_two_docks_that_hold_one_identity_at_once_are_both_put_aside(stored_service):
    first = stored_service.open()
    other_dock = stored_service.another_dock()
    session_id = uuid4()

    opened = open_session(stored_service.context, session_id, PluggingIn("slot 9", "test", 1, IDENTITY, None), dock=other_dock)

    assert opened.is_contested
    assert stored_service.session(first).is_contested


def test_a_recorder_that_moved_to_another_dock_later_is_not_contested(stored_service):
    stored_service.open()
    other_dock = stored_service.another_dock()
    stored_service.clock.advance(minutes=1)

    opened = open_session(stored_service.context, uuid4(), PluggingIn("slot 9", "test", 1, IDENTITY, None), dock=other_dock)

    assert not opened.is_contested
