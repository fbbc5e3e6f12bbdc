"""Kinds and key marks, told and searched for."""

from datetime import UTC, datetime

from service.ingest.probe_clip import probe_clip
from tests.builders import make_file
from tests.unit.service.media.gps.logs import walk


def test_key_files_are_told_and_found(api):
    key, plain = api.service.announce(api.service.open(), make_file("DCIM/A_0001_IMP.MP4"), make_file("DCIM/T.NMEA"))

    found = api.ask("GET", "/api/v1/clips?key=true").json()["items"]
    others = api.ask("GET", "/api/v1/clips?key=false").json()["items"]

    assert [(item["id"], item["kind"], item["is_key"]) for item in found] == [(str(key.clip_id), "video", True)]
    assert [(item["id"], item["kind"], item["is_key"]) for item in others] == [(str(plain.clip_id), "gps_track", False)]


def test_clips_of_one_kind_are_found_and_a_kind_that_is_none_is_refused(api):
    _, plain = api.service.announce(api.service.open(), make_file("DCIM/A_0001.MP4"), make_file("DCIM/T.NMEA"))

    found = api.ask("GET", "/api/v1/clips?kind=gps_track").json()["items"]

    assert [item["id"] for item in found] == [str(plain.clip_id)]
    assert api.ask("GET", "/api/v1/clips?kind=thing").status_code == 422


def test_a_clips_times_stand_side_by_side(api):
    content = walk(datetime(2026, 11, 24, 1, 15, 25, tzinfo=UTC), 5)
    clip_id = api.service.dock_one(make_file("GPS/T.TXT", content), content)
    before = api.ask("GET", f"/api/v1/clips/{clip_id}").json()

    probe_clip(api.service.context, clip_id=str(clip_id))
    after = api.ask("GET", f"/api/v1/clips/{clip_id}").json()

    assert (before["kind"], before["gps_offset_s"], before["gps_at"]) == ("log", None, None)
    assert (after["kind"], after["gps_offset_s"], after["gps_uncertainty_s"]) == ("gps_track", -3599.0, 10.0)
    assert after["recorded_at"] == before["recorded_at"] == "2026-11-24T00:15:30Z"
    assert after["gps_at"] == "2026-11-24T01:15:29Z"
    assert "gps_time_differs" in after["flags"]
