"""A clip tells which segments belong to its recording, also those that came later."""

from tests.builders import IDENTITY, make_file


def named(number, **changes):
    return make_file(f"DCIM/ZF00001_000001_20261124081530_{number}.MP4", f"segment {number}".encode(), **changes)


def announce(api, *files):
    return [str(file.clip_id) for file in api.service.announce(api.service.open(IDENTITY), *files)]


def test_a_missing_segment_is_named_until_a_later_docking_brings_it(api):
    api.service.register("ZF00001")
    first, third = announce(api, named(1), named(3))

    before = api.ask("GET", f"/api/v1/clips/{third}/recording").json()
    *_, second = announce(api, named(1), named(3), named(2))
    after = api.ask("GET", f"/api/v1/clips/{third}/recording").json()

    assert (before["number"], before["count"], before["missing"]) == (3, 2, [2])
    assert (after["number"], after["count"], after["missing"]) == (3, 3, [])
    assert [item["clip_id"] for item in after["segments"]] == [first, second, third]


def test_a_clip_that_stands_alone_is_one_of_one(api, clip_id):
    assert api.ask("GET", f"/api/v1/clips/{clip_id}/recording").json() == {"number": 1, "count": 1, "segments": [], "missing": [], "gaps": []}
