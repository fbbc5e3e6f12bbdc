"""GPS trails in JSON with WKT points."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.media.gps.read_track import read_track
from service.media.gps.track import Problem, TrackFormat
from tests.unit.service.media.gps.logs import source

AT = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)


def entry(number=0, **changes):
    return {"LocationWKT": "POINT(121.4762 31.2034)", "SecondsFromStart": number, "Timestamp": f"2026-11-24T01:30:{number:02}Z", **changes}


def read(*entries, text=None):
    return read_track(source((text or json.dumps({"CoordinateEntries": list(entries)})).encode()))


def test_places_times_and_the_recordings_own_seconds_are_read():
    track = read(entry(0), entry(5, LocationWKT="POINT Z (-0.5 51.25 12)"))

    assert track.format is TrackFormat.WKT_JSON
    assert [(fix.latitude, fix.longitude, fix.elapsed_s) for fix in track.fixes] == [(31.2034, 121.4762, 0.0), (51.25, -0.5, 5.0)]
    assert [fix.at for fix in track.fixes] == [AT, AT.replace(second=5)]
    assert (track.problems, track.is_zone_known) == ({}, True)


@pytest.mark.parametrize("stamp", [AT.timestamp(), int(AT.timestamp()), "2026-11-24T09:30:00+08:00", "2026-11-24T01:30:00.000Z"])
def test_a_time_is_unix_seconds_or_carries_its_offset(stamp):
    assert read(entry(Timestamp=stamp)).fixes[0].at == AT


@pytest.mark.parametrize(
    ("stamp", "problem"),
    [("2026-11-24T01:30:00", Problem.NO_ZONE), ("soon", Problem.NO_DATE), (None, Problem.NO_DATE), (5, Problem.NO_DATE), (True, Problem.NO_DATE)],
)
def test_what_is_no_instant_is_no_time(stamp, problem):
    track = read(entry(Timestamp=stamp))

    assert (track.fixes[0].at, track.problems) == (None, {problem: 1})


@pytest.mark.parametrize("place", ["POINT(200 10)", "POINT(10)", "LINESTRING(1 2, 3 4)", "", None, 7, "POINT(1e3 2)"])
def test_what_is_no_place_is_no_fix(place):
    track = read(entry(LocationWKT=place), entry(1))

    assert (len(track.fixes), track.problems) == (1, {Problem.MALFORMED: 1})


def test_a_trail_that_was_cut_off_gives_what_is_whole():
    text = json.dumps({"CoordinateEntries": [entry(number) for number in range(10)]})

    track = read(text=text[:-40])

    assert (len(track.fixes), track.problems) == (9, {Problem.CUT_OFF: 1})


def test_entries_that_are_none_are_not_counted_for_ever():
    track = read(text='{"CoordinateEntries":[' + "{}" * 300_000)

    assert track.problems == {Problem.MALFORMED: 200_000, Problem.CUT_OFF: 1}


def test_a_long_trail_is_read_in_runs():
    text = json.dumps({"CoordinateEntries": [entry(number % 60, SecondsFromStart=number) for number in range(8_000)]}, indent=2)

    track = read(text=text)

    assert [fix.elapsed_s for fix in track.fixes] == list(range(8_000))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20), lambda inner: st.lists(inner, max_size=3), max_leaves=5
)


@given(
    st.lists(st.dictionaries(st.sampled_from(["LocationWKT", "SecondsFromStart", "Timestamp", "x"]), JSON, max_size=4), max_size=6),
    st.integers(0, 60),
)
def test_any_members_are_read_without_a_stumble(entries, lost):
    text = json.dumps({"CoordinateEntries": [entry(), *entries]})

    track = read(text=text[: max(150, len(text) - lost)])

    assert len(track.fixes) >= 1


@given(st.binary(max_size=300))
@pytest.mark.parametrize(
    "head", [b'{"CoordinateEntries":[', b'{"CoordinateEntries":[{"SecondsFromStart":' + b"9" * 900 + b"}", b'{"CoordinateEntries"' + b"[" * 3000]
)
def test_any_bytes_are_read_without_a_stumble(head, rest):
    assert read_track(source(head + rest)).format is TrackFormat.WKT_JSON
