"""What is kept of a track."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.media.gps.summary import MOST_POINTS, distance_m, summarise, thin
from service.media.gps.track import Fix, Problem, Track, TrackFormat

AT = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)


def test_a_track_is_summed_up():
    fixes = (Fix(31.0, 121.0, AT + timedelta(seconds=1)), Fix(32.0, 120.5, AT))

    summary = summarise(Track(TrackFormat.NMEA, fixes, {Problem.NO_FIX: 3}))

    assert summary == {
        "version": 1,
        "format": "nmea",
        "fixes": 2,
        "first_at": "2026-11-24T01:30:00+00:00",
        "last_at": "2026-11-24T01:30:01+00:00",
        "bounds": {"south": 31.0, "west": 120.5, "north": 32.0, "east": 121.0},
        "distance_m": pytest.approx(120_964, abs=100),
        "line": [[31.0, 121.0], [32.0, 120.5]],
        "problems": {"no_fix": 3},
    }


def test_an_empty_track_is_summed_up():
    summary = summarise(Track(TrackFormat.NOVATEK, (), {Problem.LIGOGPS_UNREAD: 1}))

    assert (summary["fixes"], summary["first_at"], summary["bounds"], summary["distance_m"], summary["line"]) == (0, None, None, 0, [])


def test_a_degree_along_the_equator_is_known():
    assert distance_m(Fix(0, 0, None), Fix(0, 1, None)) == pytest.approx(111_195, abs=1)
    assert distance_m(Fix(0, 179.5, None), Fix(0, -179.5, None)) == pytest.approx(111_195, abs=1)
    assert distance_m(Fix(90, 0, None), Fix(-90, 0, None)) == pytest.approx(20_015_114, abs=1)


@given(st.integers(0, 5_000))
def test_a_line_keeps_its_ends_its_order_and_at_most_five_hundred_points(count):
    fixes = [Fix(0.0, 0.0, None, float(number)) for number in range(count)]

    line = thin(fixes)

    assert len(line) == min(count, MOST_POINTS)
    assert [line[0], line[-1]] == [fixes[0], fixes[-1]] if count else line == []
    assert all(one.elapsed_s < other.elapsed_s for one, other in pairwise(line))
