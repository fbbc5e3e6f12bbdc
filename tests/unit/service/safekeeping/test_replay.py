"""Rows as chains tell them: what is unknown is passed over, what lacks its facts is refused."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from integrity.custody_event import CustodyEvent, EventActor, EventSubject
from service.safekeeping.events import PastEvent, read_past_event
from service.safekeeping.replay_case import replay_case
from service.safekeeping.replay_clip import replay_clip
from service.safekeeping.replay_session import replay_session

AT = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)


def event(action, details, minutes=0):
    return PastEvent(action, AT + timedelta(minutes=minutes), "worker", "worker", details)


def test_an_event_is_read_from_its_exact_bytes():
    written = CustodyEvent(EventSubject("clip", str(uuid4())), 0, None, "clip.stored", EventActor("dock", "d", None), AT, {"size_bytes": 7})

    assert read_past_event(written.canonical()) == PastEvent("clip.stored", AT, "d", None, {"size_bytes": 7})


NO_TIME = b'{"actor":{"id":"x","name":null},"action":"a.b","at":5,"details":{}}'


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"null", b'{"actor":null}', b"\xff", NO_TIME])
def test_what_is_no_event_is_refused(data):
    with pytest.raises(ValueError, match=r"event|line 1|utf-8"):
        read_past_event(data)


def test_a_version_that_was_lost_and_laid_there_again_is_the_clips_from_then_on():
    clip_id = uuid4()
    key = f"clips/{clip_id}/original"
    lost = {"store": "first", "place": "a/b", "objects": [{"key": key, "version_id": "1", "reason": "missing"}]}
    repaired = {"store": "first", "key": key, "lost_version_id": "1", "version_id": "2", "sha256": "0"}

    clip = replay_clip(clip_id, [event("copy.lost", lost), event("copy.repaired", repaired, 5)])

    assert clip.values["object_version"] == "2"
    (loss,) = clip.losses.values()
    assert (loss["version_id"], loss["repaired_version"], loss["found_at"], loss["repaired_at"]) == ("1", "2", AT, AT + timedelta(minutes=5))


def test_a_copy_of_the_second_store_changes_nothing_of_the_clip():
    clip_id = uuid4()
    repaired = {"store": "second", "key": f"clips/{clip_id}/original", "lost_version_id": "1", "version_id": "2", "sha256": "0"}

    assert "object_version" not in replay_clip(clip_id, [event("copy.repaired", repaired)]).values


def test_events_of_later_releases_are_passed_over():
    subject = uuid4()

    assert replay_clip(subject, [event("clip.applauded", {})]).values.keys() == {"id", "object_key"}
    assert replay_session(subject, [event("session.applauded", {})]).values == {"id": subject}
    assert replay_case(subject, [event("case.applauded", {})]).values == {"id": subject}


@pytest.mark.parametrize(
    ("replay", "action"),
    [(replay_clip, "clip.stored"), (replay_clip, "clip.announced"), (replay_session, "session.opened"), (replay_case, "case.opened")],
)
def test_an_event_without_its_facts_is_refused_by_name(replay, action):
    with pytest.raises(ValueError, match=action):
        replay(uuid4(), [event(action, {})])
