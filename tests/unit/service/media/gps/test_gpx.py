"""GPX documents."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.media.gps.read_track import read_track
from service.media.gps.track import Problem, TrackFormat
from tests.unit.service.media.gps.logs import source

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<gpx version="1.1" creator="a recorder" xmlns="http://www.topografix.com/GPX/1/1"><trk><name>现场</name><trkseg>'
TAIL = "</trkseg></trk></gpx>"
POINT = '<trkpt lat="31.2034" lon="121.4762"><ele>4.0</ele><time>2026-11-24T01:30:00Z</time></trkpt>'
BOMB = '<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY a "' + "a" * 100 + '"><!ENTITY b "&a;&a;&a;&a;">]><gpx><trk><trkseg>&b;' + POINT + TAIL


def read(text):
    return read_track(source(text.encode()))


def test_points_of_tracks_are_read_and_waypoints_are_not():
    track = read(HEAD + POINT + TAIL.replace("</trk>", '</trk><wpt lat="1" lon="2"/>'))

    assert track.format is TrackFormat.GPX
    assert [(fix.latitude, fix.longitude, fix.at) for fix in track.fixes] == [(31.2034, 121.4762, datetime(2026, 11, 24, 1, 30, tzinfo=UTC))]
    assert track.problems == {}


def test_a_document_type_is_refused_before_any_entity_is_known():
    track = read(BOMB)

    assert (track.fixes, track.problems) == ((), {Problem.DOCTYPE_REFUSED: 1})


def test_an_external_entity_is_never_asked_for():
    track = read('<!DOCTYPE gpx SYSTEM "file:///etc/passwd"><gpx></gpx>')

    assert track.problems == {Problem.DOCTYPE_REFUSED: 1}


@pytest.mark.parametrize(
    ("text", "fixes", "problems"),
    [
        (HEAD + POINT * 3 + POINT[:40], 3, {Problem.CUT_OFF: 1}),
        (HEAD + POINT.replace("31.2034", "131.2034") + POINT + TAIL, 1, {Problem.MALFORMED: 1}),
        (HEAD + POINT.replace("31.2034", "nan") + TAIL, 0, {Problem.MALFORMED: 1}),
        (HEAD + POINT.replace("00Z", "00") + TAIL, 1, {Problem.NO_ZONE: 1}),
        (HEAD + POINT.replace("2026", "x" * 5000) + TAIL, 1, {Problem.NO_DATE: 1}),
        (HEAD + "<a>" * 50, 0, {Problem.CUT_OFF: 1}),
        (HEAD + "".join(f"<a{number}/>" for number in range(3_000)) + POINT + TAIL, 0, {Problem.CUT_OFF: 1}),
        (HEAD + POINT + '<trkpt a="' + "x" * 400_000 + '"/>' + TAIL, 1, {Problem.CUT_OFF: 1}),
    ],
)
def test_what_makes_no_sense_is_counted(text, fixes, problems):
    track = read(text)

    assert (len(track.fixes), track.problems) == (fixes, problems)


@pytest.mark.parametrize("encoding", ["utf-16", "nonsense", "idna", "hex", "utf-7"])
def test_a_declared_encoding_makes_nothing_stumble(encoding):
    assert read((HEAD + POINT + TAIL).replace("UTF-8", encoding)).format is TrackFormat.GPX


@given(st.binary(max_size=200), st.integers(0, len(HEAD) + len(POINT)))
def test_any_damage_is_read_without_a_stumble(rubbish, at):
    text = (HEAD + POINT + TAIL).encode()

    track = read_track(source(text[: max(at, 70)] + rubbish + text[at:]))

    assert track.format is TrackFormat.GPX
