"""GPS blocks inside MP4 and MOV recordings."""

import struct
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.media.gps import novatek
from service.media.gps.read_track import read_track
from service.media.gps.track import Problem, TrackFormat
from tests.unit.service.media.gps.logs import block, box, recording, source

AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def second(number, **options):
    return block(AT + timedelta(seconds=number), 31.2 + number * 0.0001, **options)


def read(data):
    return read_track(source(data))


@pytest.mark.parametrize("start", [16, 48])
@pytest.mark.parametrize("is_large", [False, True])
def test_blocks_of_both_layouts_are_found_by_the_box_that_points_to_them(start, is_large):
    track = read(recording([second(number, start=start) for number in range(5)], is_large=is_large))

    assert track.format is TrackFormat.NOVATEK
    assert [fix.at for fix in track.fixes] == [AT + timedelta(seconds=number) for number in range(5)]
    assert [fix.elapsed_s for fix in track.fixes] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert [fix.latitude for fix in track.fixes] == pytest.approx([31.2 + number * 0.0001 for number in range(5)], abs=1e-5)
    assert (track.problems, track.is_zone_known) == ({Problem.GPS_ZONE_UNKNOWN: 5}, False)


def test_blocks_without_a_fix_keep_the_count_of_seconds():
    track = read(recording([second(0, status=b"V"), second(1, status=b"V"), second(2), second(3)]))

    assert [fix.elapsed_s for fix in track.fixes] == [2.0, 3.0]
    assert track.problems == {Problem.NO_FIX: 2, Problem.GPS_ZONE_UNKNOWN: 2}


def test_blocks_that_are_no_second_apart_tell_nothing_of_the_recordings_time():
    track = read(recording([second(number * 10) for number in range(4)]))

    assert [fix.elapsed_s for fix in track.fixes] == [None] * 4
    assert track.problems[Problem.NOT_EVERY_SECOND] == 1


def changed(at, data, **options):
    one = bytearray(second(0, **options))
    one[at : at + len(data)] = data
    return bytes(one)


@pytest.mark.parametrize(
    ("one", "problem"),
    [
        (changed(16, b"LIGOGPSINFO\0"), Problem.LIGOGPS_UNREAD),
        (changed(80, b"LIGOGPSINFO\0"), Problem.LIGOGPS_UNREAD),
        (changed(18, b"\xaa\xaa\xf2\xe1\xf0\xee\x54\x54"), Problem.ENCRYPTED_UNREAD),
        (changed(16, b"IQS"), Problem.LAYOUT_UNREAD),
        (changed(76, bytes(4)), Problem.LAYOUT_UNREAD),
        (changed(76, struct.pack("<f", 3175.5)), Problem.LAYOUT_UNREAD),
        (changed(76, struct.pack("<f", float("nan"))), Problem.LAYOUT_UNREAD),
        (changed(44, b"3112.3456".ljust(20, b"\0") + b"12128.5678".ljust(20, b"\0"), start=16), Problem.LAYOUT_UNREAD),
        (changed(64, struct.pack("<I", 13)), Problem.LAYOUT_UNREAD),
        (changed(60, struct.pack("<I", 1999)), Problem.LAYOUT_UNREAD),
        (changed(64, struct.pack("<II", 2, 30)), Problem.LAYOUT_UNREAD),
        (changed(4, b"freeGP$ "), Problem.MALFORMED),
        (changed(4, b"freeGPS ".ljust(508, b"\0")), Problem.NO_FIX),
        (second(0)[:60], Problem.MALFORMED),
    ],
)
def test_what_is_not_known_is_named_and_never_guessed_at(one, problem):
    track = read(recording([one]))

    assert track.fixes == ()
    assert track.problems == {problem: 1}


def test_cameras_that_move_the_numbers_are_not_believed():
    assert read(recording([second(0)], extra=box(b"frea", b"ver 3.01.054"))).problems == {Problem.LAYOUT_UNREAD: 1}


def test_a_trailer_of_another_maker_is_named():
    data = box(b"ftyp", b"isom") + box(b"skip", b"LIGOGPSINFO\0" + bytes(40))

    assert read(data).problems == {Problem.LIGOGPS_UNREAD: 1}


def test_a_recording_without_blocks_has_no_track():
    assert read(box(b"ftyp", b"isom") + box(b"moov", box(b"mvhd", bytes(100)))) is None


def test_a_year_of_four_digits_is_understood():
    assert read(recording([second(0, year=2026)])).fixes[0].at == AT


def test_of_very_many_blocks_every_nth_is_read_and_that_is_said(monkeypatch):
    monkeypatch.setattr(novatek, "MOST_BLOCKS_READ", 10)

    track = read(recording([second(number) for number in range(25)]))

    assert [fix.elapsed_s for fix in track.fixes] == [float(number) for number in range(0, 25, 3)]
    assert track.problems[Problem.BLOCKS_SKIPPED] == 16


def test_a_box_that_counts_more_blocks_than_it_has_and_points_nowhere_is_survived():
    pointers = struct.pack(">II", 0, 0xFFFFFFFF) + struct.pack(">II", 0xFFFFFFF0, 16) * 3

    track = read(box(b"ftyp", b"isom") + box(b"moov", box(b"gps ", pointers)))

    assert track.problems == {Problem.MALFORMED: 3}


def test_a_huge_recording_is_read_in_a_few_small_runs():
    asked = []
    data = recording([second(number) for number in range(60)])

    read_track(source(data, asked))

    assert sum(length for _, length in asked) < 128 * 1024


WHOLE = recording([second(number) for number in range(3)])


@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=30), st.integers(0, len(WHOLE)))
def test_any_damage_gives_a_track_or_none(changes, length):
    data = bytearray(WHOLE)
    for at, value in changes:
        data[at] = value

    track = read(bytes(data[:length]))

    assert track is None or len(track.fixes) <= 3 or track.format is not TrackFormat.NOVATEK


@given(st.binary(max_size=400))
def test_any_bytes_after_a_first_box_give_a_track_or_none(rest):
    track = read(box(b"ftyp", b"isom") + rest)

    assert track is None or track.fixes == ()
