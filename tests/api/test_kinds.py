"""Kinds and key marks, told and searched for."""

from tests.builders import make_file


def test_key_files_are_told_and_found(api):
    key, plain = api.service.announce(api.service.open(), make_file("DCIM/A_0001_IMP.MP4"), make_file("DCIM/T.NMEA"))

    found = api.ask("GET", "/api/v1/clips?key=true").json()["items"]
    others = api.ask("GET", "/api/v1/clips?key=false").json()["items"]

    assert [(item["id"], item["kind"], item["is_key"]) for item in found] == [(str(key.clip_id), "video", True)]
    assert [(item["id"], item["kind"], item["is_key"]) for item in others] == [(str(plain.clip_id), "gps_track", False)]
