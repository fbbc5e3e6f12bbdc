"""A clip tells which segments and sidecars belong to its recording, also those that came later, and only what one may see."""

from evidence_store.actor import Role
from service.accounts.manage_accounts import NewAccount, add_account
from service.roster.apply_import import import_roster
from service.roster.rows import Roster
from tests.builders import IDENTITY, make_file
from tests.service_fixtures import PASSWORD

ALONE = {"number": 1, "count": 1, "segments": [], "missing": [], "gaps": [], "sidecars": [], "belongs_to": None, "near": []}


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
    assert api.ask("GET", f"/api/v1/clips/{clip_id}/recording").json() == ALONE


def filmed(path, begin, end):
    return make_file(path, path.encode(), created=f"2026-11-24T08:{begin}:00", modified=f"2026-11-24T08:{end}:00")


def test_a_recording_tells_its_sidecars_and_a_sidecar_its_recording(api):
    files = (
        filmed("DCIM/A.MP4", 15, 20),
        filmed("DCIM/B.MP4", 25, 30),
        make_file("GPS/A.NMEA", modified="2026-11-24T08:59:00"),
        make_file("PHOTO/P.JPG", modified="2026-11-24T08:27:00"),
        make_file("PHOTO/Q.JPG", modified="2026-11-24T08:40:00"),
    )
    video, other, track, photo, stray = announce(api, *files)

    seen = {clip_id: api.ask("GET", f"/api/v1/clips/{clip_id}/recording").json() for clip_id in (video, other, track, photo, stray)}

    assert seen[video]["sidecars"] == [{"clip_id": track, "original_name": "A.NMEA", "kind": "gps_track", "by": "name"}]
    assert seen[other]["sidecars"] == [{"clip_id": photo, "original_name": "P.JPG", "kind": "still", "by": "time"}]
    assert seen[track]["belongs_to"] == {"by": "name", "segments": [{"number": 1, "clip_id": video, "original_name": "A.MP4"}]}
    assert seen[photo]["belongs_to"]["segments"][0]["clip_id"] == other
    assert seen[stray] == ALONE


def test_a_track_belongs_to_all_segments_of_its_recording(api):
    first, second, track = announce(api, named(1), named(2), make_file("DCIM/ZF00001_000001_20261124081530.NMEA"))

    ends = [api.ask("GET", f"/api/v1/clips/{clip_id}/recording").json()["sidecars"][0]["clip_id"] for clip_id in (first, second)]
    belonging = api.ask("GET", f"/api/v1/clips/{track}/recording").json()["belongs_to"]

    assert ends == [track, track]
    assert [segment["clip_id"] for segment in belonging["segments"]] == [first, second]


def test_what_could_belong_to_two_recordings_is_near_both_and_belongs_to_neither(api):
    front, rear, photo = announce(
        api, filmed("FRONT/A.MP4", 15, 20), filmed("REAR/B.MP4", 16, 21), make_file("P.JPG", modified="2026-11-24T08:18:00")
    )

    seen = {clip_id: api.ask("GET", f"/api/v1/clips/{clip_id}/recording").json() for clip_id in (front, rear, photo)}

    assert [seen[clip_id]["sidecars"] for clip_id in (front, rear)] == [[], []]
    assert [[one["clip_id"] for one in seen[clip_id]["near"]] for clip_id in (front, rear)] == [[photo], [photo]]
    assert seen[photo]["belongs_to"] is None
    assert [one["clip_id"] for one in seen[photo]["near"]] == [front, rear]


POOL = {
    "agencies": [{"code": "01", "name": "示范市甲", "level": "city"}],
    "officers": [
        {"code": code, "name": f"示范人员 {code}", "posts": [{"agency": "01", "valid_from": "2024-01-01"}]} for code in ("000001", "000002")
    ],
    "recorders": [
        {
            "serial": "ZF00001",
            "agency": "01",
            "assignments": [
                {"officer": "000001", "valid_from": "2024-01-01", "valid_until": "2026-11-24"},
                {"officer": "000002", "valid_from": "2026-11-25"},
            ],
        }
    ],
}


def test_who_may_not_see_a_clip_sees_its_sidecars_in_no_way_nor_the_clip_through_them(api):
    administrator = api.service.people[Role.ADMINISTRATOR]
    import_roster(api.service.context, Roster.model_validate(POOL), actor=administrator)
    for number in ("1", "2"):
        add_account(api.service.context, NewAccount(f"duty-{number}", PASSWORD, Role.DUTY_OFFICER, "01", f"00000{number}"), actor=administrator)
    # The recorder changed hands at midnight: the video of the evening is one officer's, what was written after it the next one's.
    video = make_file("DCIM/A.MP4", b"v", created="2026-11-24T23:50:00", modified="2026-11-25T00:10:00")
    sides = (make_file("GPS/A.NMEA", b"t", modified="2026-11-25T00:10:00"), make_file("P.JPG", b"p", modified="2026-11-25T00:05:00"))
    video_id, track_id, photo_id = announce(api, video, *sides)

    first, second = (_as(api, f"duty-{number}") for number in ("1", "2"))

    assert first(video_id).json() == ALONE
    assert [first(clip_id).status_code for clip_id in (track_id, photo_id)] == [404, 404]
    assert second(video_id).status_code == 404
    assert [second(clip_id).json() for clip_id in (track_id, photo_id)] == [ALONE, ALONE]
    assert len(api.ask("GET", f"/api/v1/clips/{video_id}/recording").json()["sidecars"]) == 2


def _as(api, username):
    token = api.client.post("/api/v1/tokens", json={"username": username, "password": PASSWORD}).json()["access_token"]
    return lambda clip_id: api.client.get(f"/api/v1/clips/{clip_id}/recording", headers={"Authorization": f"Bearer {token}"})
