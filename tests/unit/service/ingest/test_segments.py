"""Segments of one recording are found whatever their order, and what is missing is named."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from service.ingest.segments import Piece, Segment, TimeGap, group_segments

START = datetime(2026, 11, 24, 0, 15, 30, tzinfo=UTC)
LENGTHS = st.lists(st.integers(min_value=20, max_value=600), min_size=2, max_size=12)


def piece(name, *, start=None, end=None, created=None, folder="DCIM", duration_s=None):
    return Piece(name, f"{folder}/{name}", start, created, end, duration_s)


def at(seconds):
    return START + timedelta(seconds=seconds)


def chain(lengths, *, slack=0):
    """A recording cut into files of these lengths, each beginning ``slack`` seconds after the one before ended."""
    pieces, begin = [], 0
    for number, length in enumerate(lengths):
        pieces.append(piece(f"{number:02}.MP4", start=at(begin), end=at(begin + length)))
        begin += length + slack
    return pieces


def keys(recording):
    return [segment.key for segment in recording.segments]


@given(LENGTHS, st.integers(min_value=-5, max_value=5), st.randoms(use_true_random=False))
def test_files_that_follow_one_another_are_one_recording_in_any_order(lengths, slack, random):
    pieces = chain(lengths, slack=slack)
    shuffled = random.sample(pieces, len(pieces))

    (recording,) = group_segments(shuffled)

    assert recording.segments == tuple(Segment(one.key, number) for number, one in enumerate(pieces, start=1))
    assert (recording.missing, recording.gaps) == ((), ())


@given(LENGTHS, st.integers(min_value=6, max_value=3_600))
def test_files_further_apart_than_five_seconds_are_recordings_of_their_own(lengths, slack):
    assert group_segments(chain(lengths, slack=slack)) == []


NUMBERS = st.sets(st.integers(min_value=0, max_value=60), min_size=2, max_size=12)


@given(NUMBERS, st.randoms(use_true_random=False))
def test_missing_numbers_are_named(numbers, random):
    pieces = [piece(f"ZF00001_000001_20261124081530_{number}.MP4") for number in numbers]

    (recording,) = group_segments(random.sample(pieces, len(pieces)))

    assert [segment.number for segment in recording.segments] == sorted(numbers)
    assert set(recording.missing) == set(range(min(numbers), max(numbers))) - numbers


NAMES = st.sampled_from(["ZF1_1_20261124081530_1.MP4", "ZF1_1_20261124081530_2.MP4", "20261124_081530.MP4", "A.MP4", "B.JPG", "x_1.MP4", "", "a/b"])
TIMES = st.none() | st.integers(min_value=0, max_value=900).map(at)
PIECES = st.builds(Piece, st.uuids().map(str), NAMES, TIMES, TIMES, TIMES, st.none() | st.floats(min_value=0, max_value=1e12))


@given(st.lists(PIECES, max_size=20, unique_by=lambda one: one.key))
def test_no_file_is_in_two_recordings_and_no_recording_is_of_one_file(pieces):
    recordings = group_segments(pieces)

    placed = [key for recording in recordings for key in keys(recording)]
    assert len(placed) == len(set(placed))
    assert all(len(recording.segments) > 1 for recording in recordings)
    assert group_segments(reversed(pieces)) == recordings


def test_a_gap_in_time_between_numbered_segments_is_named():
    first = piece("ZF00001_000001_20261124081530_1.MP4", created=at(0), end=at(60))
    second = piece("ZF00001_000001_20261124081530_2.MP4", created=at(75), end=at(120))

    (recording,) = group_segments([first, second])

    assert recording.gaps == (TimeGap(1, 2, 15.0),)


def test_a_known_duration_outweighs_the_time_of_change():
    first = piece("A.MP4", start=at(0), end=at(500), duration_s=60.0)
    second = piece("B.MP4", start=at(61), end=at(120))

    assert len(group_segments([first, second])) == 1


def test_another_folder_or_ending_is_another_recording():
    first = piece("A.MP4", start=at(0), end=at(60))

    assert group_segments([first, piece("B.MP4", start=at(60), end=at(90), folder="OTHER")]) == []
    assert group_segments([first, piece("B.WAV", start=at(60), end=at(90))]) == []
