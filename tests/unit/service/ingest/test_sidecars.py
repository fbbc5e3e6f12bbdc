"""Tracks, logs, stills and sound find their recording, and only one."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from service.ingest.sidecars import LinkedBy, SideFile, SpannedRecording, link_sidecars

START = datetime(2026, 11, 24, 0, 15, 30, tzinfo=UTC)


def at(seconds):
    return START + timedelta(seconds=seconds)


def recording(*paths, begin=0, end=60, title=None):
    return SpannedRecording(paths, title, at(begin), at(end))


def side(path, seconds=None):
    return SideFile(path, path, None if seconds is None else at(seconds))


def test_the_same_name_with_another_ending_belongs_together_in_any_folder():
    links = link_sidecars([recording("DCIM/A.MP4"), recording("DCIM/B.MP4", begin=100, end=160)], [side("GPS/a.nmea"), side("B.JPG", 10)])

    assert links.belongs == {"GPS/a.nmea": (0, LinkedBy.NAME), "B.JPG": (1, LinkedBy.NAME)}


def test_a_name_without_the_segments_number_belongs_to_the_whole_recording():
    whole = recording("DCIM/Z_20261124081530_1.MP4", "DCIM/Z_20261124081530_2.MP4", title="Z_20261124081530")

    links = link_sidecars([whole], [side("Z_20261124081530.NMEA"), side("Z_20261124081530_2.JPG")])

    assert set(links.belongs.values()) == {(0, LinkedBy.NAME)}
    assert len(links.belongs) == 2


def test_of_two_recordings_of_one_name_the_one_in_the_same_folder_is_meant():
    recordings = [recording("FRONT/A.MP4"), recording("REAR/A.MP4")]

    links = link_sidecars(recordings, [side("REAR/A.NMEA"), side("GPS/A.NMEA")])

    assert links.belongs == {"REAR/A.NMEA": (1, LinkedBy.NAME)}
    assert links.near == {"GPS/A.NMEA": (0, 1)}


@given(st.integers(-3_600, 3_600))
def test_what_begins_while_one_recording_ran_belongs_to_it_and_to_none_outside(seconds):
    links = link_sidecars([recording("A.MP4")], [side("PHOTO.JPG", seconds)])

    assert links.belongs == ({"PHOTO.JPG": (0, LinkedBy.TIME)} if -5 <= seconds <= 65 else {})
    assert links.near == {}


def test_what_two_recordings_could_claim_belongs_to_neither():
    links = link_sidecars([recording("FRONT/A.MP4"), recording("REAR/B.MP4")], [side("PHOTO.JPG", 30)])

    assert (links.belongs, links.near) == ({}, {"PHOTO.JPG": (0, 1)})


def test_without_times_only_the_name_counts():
    links = link_sidecars([SpannedRecording(("A.MP4",), None, None, None)], [side("A.LOG"), side("B.LOG", 0)])

    assert links.belongs == {"A.LOG": (0, LinkedBy.NAME)}


PATHS = st.sampled_from(["A", "B", "X/A", "Z_20261124081530_1", "Z_20261124081530", "", "..."])
TIMES = st.none() | st.integers(-100, 100).map(at) | st.sampled_from([datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
RECORDINGS = st.lists(st.builds(SpannedRecording, st.tuples(PATHS), st.none() | PATHS, TIMES, TIMES), max_size=5)


@given(RECORDINGS, st.lists(st.builds(SideFile, st.uuids().map(str), PATHS, TIMES), max_size=8, unique_by=lambda file: file.key))
def test_no_file_belongs_to_one_and_is_near_to_others_and_each_recording_exists(recordings, files):
    links = link_sidecars(recordings, files)

    assert not set(links.belongs) & set(links.near)
    assert all(number < len(recordings) for number, _ in links.belongs.values())
    assert all(len(numbers) > 1 for numbers in links.near.values())
