"""A clip's page shows its place among the segments, what lies beside it, and where it was."""

from datetime import UTC, datetime

import pytest

from service.ingest.probe_clip import probe_clip
from service.language import Language
from tests.builders import make_file
from tests.unit.service.media.gps.logs import recording, second_by_second, walk

AT = datetime(2026, 11, 24, 0, 15, tzinfo=UTC)


@pytest.mark.parametrize("language", Language)
def test_the_place_the_missing_and_the_others_are_shown(reviewer, language):
    reviewer.client.cookies.set("bodycam_language", language)
    files = [make_file(f"DCIM/ZF00001_000001_2026112408{list(Language).index(language)}530_{number}.MP4", bytes([number])) for number in (1, 3)]
    first, third = reviewer.service.announce(reviewer.service.open(), *files)

    page = reviewer.get(f"/clips/{first.clip_id}").text

    assert f'href="/clips/{third.clip_id}"' in page
    assert 'id="recording"' in page


@pytest.mark.parametrize("language", Language)
def test_a_recording_and_its_track_show_each_other(reviewer, language):
    reviewer.client.cookies.set("bodycam_language", language)
    name = f"S{list(Language).index(language)}"
    files = [make_file(f"DCIM/{name}.{ending}", ending.encode()) for ending in ("MP4", "NMEA")]
    video, track = reviewer.service.announce(reviewer.service.open(), *files)

    assert f'href="/clips/{track.clip_id}"' in reviewer.get(f"/clips/{video.clip_id}").text
    assert f'href="/clips/{video.clip_id}"' in reviewer.get(f"/clips/{track.clip_id}").text


def test_a_clip_that_stands_alone_shows_no_recording(reviewer, clip_id):
    assert 'id="recording"' not in reviewer.get(f"/clips/{clip_id}").text


def dock_and_probe(visitor, path, content):
    clip_id = visitor.service.dock_one(make_file(path, content), content)
    probe_clip(visitor.service.context, clip_id=str(clip_id))
    return clip_id


@pytest.mark.parametrize("language", Language)
def test_a_track_is_drawn_with_its_times_and_its_length(reviewer, language):
    reviewer.client.cookies.set("bodycam_language", language)
    clip_id = dock_and_probe(reviewer, f"GPS/{language}.TXT", walk(AT, 30 + list(Language).index(language)))

    page = reviewer.get(f"/clips/{clip_id}").text

    assert '<polyline class="track-line" points="' in page
    assert "2026-11-24 08:15:00 +08:00" in page
    assert "style=" not in page


def test_times_of_an_unknown_zone_are_shown_as_they_stand(reviewer):
    clip_id = dock_and_probe(reviewer, "DCIM/20261124_081530.MP4", recording(second_by_second(datetime(2026, 11, 24, 3, 15, 30, tzinfo=UTC), 5)))

    page = reviewer.get(f"/clips/{clip_id}").text

    assert "2026-11-24 03:15:34 <span" in page
    assert "未注明时区" in page


def test_a_track_without_a_fix_says_so(reviewer):
    clip_id = dock_and_probe(reviewer, "GPS/V.NMEA", b"$GPRMC,,V,,,,,,,,,,N*53\r\n" * 5)

    page = reviewer.get(f"/clips/{clip_id}").text

    assert 'id="track"' in page
    assert "<polyline" not in page


def test_clips_are_found_by_kind(reviewer):
    track, video = reviewer.service.announce(reviewer.service.open(), make_file("K/KIND.NMEA"), make_file("K/OTHER.MP4"))

    page = reviewer.get("/clips?kind=gps_track").text

    assert f'href="/clips/{track.clip_id}"' in page
    assert f'href="/clips/{video.clip_id}"' not in page
    assert '<option value="gps_track" selected>' in page
