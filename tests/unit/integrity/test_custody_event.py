from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrity.canonical import MAX_INTEGER, canonical_bytes, parse_canonical
from integrity.custody_event import MAX_EVENT_BYTES, CustodyEvent, EventActor, EventSubject, parse_event
from integrity.errors import MalformedValueError
from integrity.merkle import leaf_hash

GOLDEN = Path(__file__).parents[2] / "golden" / "custody_event_v1.json"
EVENT = CustodyEvent(
    subject=EventSubject("clip", "0199f0c2-7d3e-7bb1-8d55-3b1f0a6f4c11"),
    subject_seq=3,
    prev="ab" * 32,
    action="clip.stored",
    actor=EventActor("dock", "dock-7", "\u4e00\u53f7\u7ad9"),
    at=datetime(2026, 11, 24, 3, 29, 5, 120_000, tzinfo=UTC),
    details={"size_bytes": 67108864, "ratio": 0.5, "marks": ["size_mismatch"], "version_id": None},
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
EVENTS = st.builds(
    CustodyEvent,
    subject=st.builds(EventSubject, st.sampled_from(["clip", "case", "coverage_snapshot"]), TEXT),
    subject_seq=st.just(0),
    prev=st.none(),
    action=st.sampled_from(["clip.received", "legal_hold.placed"]),
    actor=st.builds(EventActor, st.sampled_from(["user", "worker"]), TEXT, st.none() | TEXT),
    at=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis wants bounds without a zone
    details=st.dictionaries(TEXT, st.none() | st.booleans() | TEXT | st.integers(-MAX_INTEGER, MAX_INTEGER), max_size=4),
)


def test_an_event_is_written_byte_for_byte_as_before():
    assert EVENT.canonical() == GOLDEN.read_bytes()
    assert parse_event(GOLDEN.read_bytes()) == EVENT
    assert EVENT.leaf_hash() == leaf_hash(GOLDEN.read_bytes()).hex()


@given(EVENTS)
def test_an_event_reads_back_from_its_bytes(event):
    assert parse_event(event.canonical()) == event


@given(st.data())
def test_a_changed_byte_is_refused_or_another_event(data):
    good = EVENT.canonical()
    bad = bytearray(good)
    bad[data.draw(st.integers(0, len(good) - 1))] ^= data.draw(st.integers(1, 255))

    try:
        event = parse_event(bytes(bad))
    except MalformedValueError:
        return

    assert event.canonical() == bytes(bad)
    assert event.leaf_hash() != EVENT.leaf_hash()


def test_the_same_moment_is_written_the_same_in_every_time_zone():
    elsewhere = replace(EVENT, at=EVENT.at.astimezone(timezone(timedelta(hours=8))))

    assert elsewhere.canonical() == EVENT.canonical()


@pytest.mark.parametrize(
    "changes",
    [
        {"subject_seq": -1},
        {"subject_seq": 0},
        {"subject_seq": 1, "prev": None},
        {"prev": "AB" * 32},
        {"prev": "ab" * 31},
        {"action": "stored"},
        {"action": "clip.Stored"},
        {"action": "a.b.c"},
        {"action": "clip." + "d" * 200},
        {"at": datetime(2026, 1, 1)},  # noqa: DTZ001 - a time without an offset is what is refused
    ],
)
def test_an_event_out_of_bounds_cannot_be_made(changes):
    with pytest.raises(MalformedValueError):
        replace(EVENT, **changes)


@pytest.mark.parametrize(("kind", "id_"), [("", "1"), ("Clip", "1"), ("clip", ""), ("clip", "x" * 129), ("c" * 65, "1")])
def test_subject_and_actor_are_bounded(kind, id_):
    with pytest.raises(MalformedValueError):
        EventSubject(kind, id_)
    with pytest.raises(MalformedValueError):
        EventActor(kind, id_)


def test_a_name_is_bounded():
    with pytest.raises(MalformedValueError):
        EventActor("user", "1", "")


def test_an_event_is_bounded():
    long = replace(EVENT, details={"text": "x" * MAX_EVENT_BYTES})

    with pytest.raises(MalformedValueError):
        long.canonical()
    with pytest.raises(MalformedValueError):
        parse_event(b" " * (MAX_EVENT_BYTES + 1))


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 2},
        {"version": True},
        {"format": "bodycam.manifest"},
        {"subject_seq": "3"},
        {"subject_seq": 3.5},
        {"subject_seq": True},
        {"subject": []},
        {"subject": {"kind": "clip"}},
        {"actor": {"kind": "dock", "id": "1", "name": None, "rank": 1}},
        {"actor": {"kind": "dock", "id": 1, "name": None}},
        {"details": []},
        {"details": None},
        {"prev": 1},
        {"at": "2026-11-24T03:29:05Z"},
        {"at": "2026-13-24T03:29:05.000000Z"},
        {"at": "2026-11-24T03:29:05.120000+00:00"},
        {"more": 1},
    ],
)
def test_bytes_of_another_shape_are_refused(changes):
    members = {**parse_canonical(EVENT.canonical()), **changes}

    with pytest.raises(MalformedValueError):
        parse_event(canonical_bytes(members))


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b"{}", b'"text"'])
def test_other_json_is_refused(data):
    with pytest.raises(MalformedValueError):
        parse_event(data)
