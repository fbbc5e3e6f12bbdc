"""GPS logs of NMEA sentences."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.media.gps.read_track import read_track
from service.media.gps.track import Problem, TrackFormat
from tests.unit.service.media.gps.logs import gga, rmc, sentence, source, walk

AT = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
GOLDEN = (
    b"$GPTXT,01,01,02,ANTSTATUS=OK*3B\r\n"
    b"$GPGGA,092750.000,5321.6802,N,00630.3372,W,1,8,1.03,61.7,M,55.2,M,,*76\r\n"
    b"$GPRMC,092750.000,A,5321.6802,N,00630.3372,W,0.02,31.66,280511,,,A*43\r\n"
    b"$GPGGA,092751.000,5321.6802,N,00630.3371,W,1,8,1.03,61.7,M,55.3,M,,*75\r\n"
    b"$GPRMC,092751.000,A,5321.6802,N,00630.3371,W,0.06,31.66,280511,,,A*45\r\n"
)
"""Two seconds of a receiver's log as it is widely published to explain the format."""


def read(data):
    return read_track(source(data))


def test_a_published_log_is_read():
    track = read(GOLDEN)

    assert track.format is TrackFormat.NMEA
    assert [(fix.latitude, fix.longitude) for fix in track.fixes] == [(53.3613367, -6.50562), (53.3613367, -6.5056183)]
    assert [fix.at for fix in track.fixes] == [datetime(2011, 5, 28, 9, 27, second, tzinfo=UTC) for second in (50, 51)]
    assert (track.problems, track.is_zone_known, track.ends_with_fix) == ({}, True, True)


@given(
    st.lists(
        st.tuples(st.integers(0, 3_000), st.floats(-89.99, 89.99), st.floats(-179.99, 179.99)), min_size=2, max_size=20, unique_by=lambda one: one[0]
    ),
    st.sampled_from(["GP", "GN", "BD", "GL", "GA"]),
    st.binary(max_size=40),
)
def test_every_fix_of_any_talker_is_found_whatever_lies_between(rows, talker, rubbish):
    rows = [(AT + timedelta(seconds=second), *place) for second, *place in sorted(rows)]
    rubbish = rubbish.replace(b"$", b"") + b"\n"
    lines = [sentence(make(at, *place, talker=talker)) for at, *place in rows for make in (gga, rmc)]

    track = read(lines[0] + lines[1] + rubbish.join(lines[2:]))

    assert [fix.at for fix in track.fixes] == [at for at, *_ in rows]
    assert [fix.latitude for fix in track.fixes] == pytest.approx([latitude for _, latitude, _ in rows], abs=1e-6)
    assert [fix.longitude for fix in track.fixes] == pytest.approx([longitude for *_, longitude in rows], abs=1e-6)


def test_a_wrong_checksum_does_not_count_and_a_missing_one_is_said():
    damaged = sentence(rmc(AT + timedelta(seconds=2))).replace(b"31", b"32", 1)
    track = read(walk(AT, 2) + damaged + sentence(rmc(AT + timedelta(seconds=3)), checksum=False))

    assert len(track.fixes) == 3
    assert track.problems == {Problem.CHECKSUM_WRONG: 1, Problem.NO_CHECKSUM: 1}


def test_a_sentence_that_breaks_off_without_a_checksum_is_no_fix():
    whole = sentence(rmc(AT + timedelta(seconds=2)), checksum=False)
    broken = whole[: whole.index(b",E,") - 3]

    track = read(walk(AT, 2) + broken + b"\xff\xfe" + sentence(rmc(AT + timedelta(seconds=3))))

    assert [fix.at.second for fix in track.fixes] == [0, 1, 3]
    assert track.problems == {Problem.MALFORMED: 1}


@pytest.mark.parametrize(
    "body",
    [
        rmc(AT, status="V"),
        rmc(AT, mode="N"),
        rmc(AT, mode="E"),
        rmc(AT, mode="S"),
        gga(AT, quality=0),
        gga(AT, quality=6),
        gga(AT, quality=8),
    ],
)
def test_what_was_not_measured_is_no_fix(body):
    track = read(sentence(body) * 2)

    assert (track.fixes, track.problems, track.ends_with_fix) == ((), {Problem.NO_FIX: 2}, False)


@pytest.mark.parametrize(
    "body",
    [
        "GPRMC,253000,A,3112.34,N,12128.56,E,,,241126",
        "GPRMC,013000,A,3160.00,N,12128.56,E,,,241126",
        "GPRMC,013000,A,9112.34,N,12128.56,E,,,241126",
        "GPRMC,013000,A,3112.34,X,12128.56,E,,,241126",
        "GPRMC,013000,A",
        "GPGGA,013000",
        "GPGGA,013000,nan,N,12128.56,E,1",
    ],
)
def test_numbers_that_cannot_be_are_malformed(body):
    assert read(sentence(body) * 2).problems == {Problem.MALFORMED: 2}


def test_the_day_turns_at_midnight_for_sentences_without_a_date():
    eve = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    log = sentence(gga(eve - timedelta(seconds=1))) + sentence(rmc(eve)) + b"".join(sentence(gga(eve + timedelta(seconds=one))) for one in (1, 2))

    assert [fix.at for fix in read(log).fixes] == [eve + timedelta(seconds=one) for one in (-1, 0, 1, 2)]


def test_what_lies_before_the_first_date_and_before_midnight_is_of_the_day_before():
    midnight = datetime(2026, 12, 1, tzinfo=UTC)
    log = sentence(gga(midnight - timedelta(seconds=1))) + sentence(rmc(midnight)) + sentence(rmc(midnight + timedelta(seconds=1)))

    assert read(log).fixes[0].at == midnight - timedelta(seconds=1)


def test_a_log_without_any_date_has_places_and_no_times():
    track = read(sentence(gga(AT)) + sentence(gga(AT + timedelta(seconds=1))))

    assert [fix.at for fix in track.fixes] == [None, None]
    assert track.problems == {Problem.NO_DATE: 2}


def test_a_clock_that_goes_back_is_said_and_not_mended():
    track = read(walk(AT, 3) + walk(AT - timedelta(hours=1), 1))

    assert len(track.fixes) == 4
    assert track.problems == {Problem.OUT_OF_ORDER: 1}


def test_a_long_log_is_read_in_runs_and_to_its_end():
    asked = []
    data = walk(AT, 9_000, step=1e-6)

    track = read_track(source(data, asked))

    assert len(track.fixes) == 9_000
    assert max(length for _, length in asked) <= 256 * 1024


@pytest.mark.parametrize("name", ["no sentence at all\n" * 50, "$GPRMC,", "$GPXXX,1*00\r\n" * 9])
def test_other_text_is_no_log(name):
    assert read(name.encode()) is None


@given(st.lists(st.binary(max_size=30) | st.sampled_from([sentence(rmc(AT)), b"$GPRMC,", b"$GNGGA,,,,,1*", b"\r\n", b"*00"]), max_size=30))
def test_any_rubbish_is_read_without_a_stumble(pieces):
    track = read(walk(AT, 2) + b"".join(pieces))

    assert len(track.fixes) >= 2
