import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from evidence_store.actor import Role
from tests.api.conftest import CONTENT
from tests.builders import make_file


def test_a_clip_is_told_with_digests_and_state(api, clip_id):
    (item,) = api.ask("GET", "/api/v1/clips").json()["items"]

    assert item["id"] == str(clip_id)
    assert (item["state"], item["size_bytes"], item["sha256"]) == ("sealed", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    assert item["recorder"] == {"serial": "ZF00001", "is_registered": False}
    assert item["original_name"] == '现场 "1".MP4'
    assert item["clock_offset_s"] is None


def test_the_whole_clip_is_streamed_with_its_digest(api, clip_id):
    answer = api.ask("GET", f"/api/v1/clips/{clip_id}/media")

    assert answer.status_code == 200
    assert answer.content == CONTENT
    assert answer.headers["repr-digest"] == f"sha-256=:{base64.b64encode(hashlib.sha256(CONTENT).digest()).decode()}:"
    assert answer.headers["content-disposition"] == "inline; filename*=UTF-8''%E7%8E%B0%E5%9C%BA%20%221%22.MP4"
    assert answer.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [("bytes=0-0", 0, 0), ("bytes=1000-1999", 1000, 1999), ("bytes=-10", len(CONTENT) - 10, len(CONTENT) - 1), ("bytes=5-", 5, len(CONTENT) - 1)],
)
def test_a_range_is_answered_with_exactly_its_bytes(api, clip_id, header, first, last):
    answer = api.ask("GET", f"/api/v1/clips/{clip_id}/media", headers={"Range": header})

    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(CONTENT)}"
    assert answer.content == CONTENT[first : last + 1]


@pytest.mark.parametrize("header", [f"bytes={len(CONTENT)}-", "bytes=-0"])
def test_a_range_beyond_the_end_is_416_with_the_length(api, clip_id, header):
    answer = api.ask("GET", f"/api/v1/clips/{clip_id}/media", headers={"Range": header})

    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{len(CONTENT)}")


@pytest.mark.parametrize("header", ["bytes=0-0,5-9", "lines=1-2", "bytes=9-5", "bytes=", "bytes=-"])
def test_a_range_of_no_sense_gives_the_whole(api, clip_id, header):
    assert api.ask("GET", f"/api/v1/clips/{clip_id}/media", headers={"Range": header}).content == CONTENT


def test_head_gives_the_headers_without_the_bytes(api, clip_id):
    answer = api.ask("HEAD", f"/api/v1/clips/{clip_id}/media")

    assert (answer.status_code, answer.headers["content-length"], answer.content) == (200, str(len(CONTENT)), b"")


def test_a_thousand_seeks_are_one_view_in_the_chain(api, clip_id):
    token = api.service.token(Role.REVIEWER)
    for start in range(0, 1000, 100):
        api.client.get(f"/api/v1/clips/{clip_id}/media", headers={"Range": f"bytes={start}-{start + 9}", "Authorization": f"Bearer {token}"})

    assert api.service.chain(clip_id).count("clip.viewed") == 1


def test_a_download_is_an_event_of_its_own(api, clip_id):
    api.ask("GET", f"/api/v1/clips/{clip_id}/media")
    answer = api.ask("GET", f"/api/v1/clips/{clip_id}/media?download=true")

    assert answer.headers["content-disposition"].startswith("attachment;")
    assert api.service.chain(clip_id)[-2:] == ["clip.viewed", "clip.downloaded"]


def test_an_administrator_finds_a_clip_and_does_not_open_it(api, clip_id):
    assert api.ask("GET", f"/api/v1/clips/{clip_id}", role=Role.ADMINISTRATOR).status_code == 200

    refused = api.ask("GET", f"/api/v1/clips/{clip_id}/media", role=Role.ADMINISTRATOR)

    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-permitted")
    assert "clip.viewed" not in api.service.chain(clip_id)


def test_a_view_takes_a_purpose_and_enters_the_chain(api, clip_id):
    assert api.ask("POST", f"/api/v1/clips/{clip_id}/views", json={"purpose": "  "}).status_code == 422

    answer = api.ask("POST", f"/api/v1/clips/{clip_id}/views", json={"purpose": "案卷评查"})

    assert answer.status_code == 201
    custody = api.ask("GET", f"/api/v1/clips/{clip_id}/custody").json()
    last = custody["events"][-1]
    assert (last["action"], last["actor_name"], last["details"]["purpose"]) == ("clip.viewed", "reviewer", "案卷评查")


def test_a_chain_is_told_with_the_text_its_hashes_are_of(api, clip_id):
    custody = api.ask("GET", f"/api/v1/clips/{clip_id}/custody").json()

    for event in custody["events"]:
        assert hashlib.sha256(b"\0" + event["canonical"].encode()).hexdigest() == event["leaf_hash"]
    assert [event["leaf_index"] is not None for event in custody["events"]] == [True] * 4
    assert custody["checkpoint"].startswith("test.example/log\n")


def test_an_unknown_clip_and_a_clip_of_others_look_the_same(api):
    unknown = api.ask("GET", f"/api/v1/clips/{uuid4()}")

    assert (unknown.status_code, unknown.json()["type"]) == (404, "/problems/clip-not-found")
    assert unknown.headers["content-type"] == "application/problem+json"


def test_pages_follow_each_other_without_gap_or_repetition(api):
    made = {str(api.service.dock_one(make_file(f"DCIM/{number}.MP4", bytes([number])), bytes([number]))) for number in range(1, 8)}

    seen, cursor = [], ""
    while cursor is not None:
        page = api.ask("GET", f"/api/v1/clips?limit=3&cursor={cursor}").json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]

    assert len(seen) == len(set(seen)) == 7
    assert set(seen) == made


@pytest.mark.parametrize("cursor", ["x", "AAAA", base64.urlsafe_b64encode(b"2026-01-01T00:00:00 nonsense").decode()])
def test_a_damaged_cursor_is_said_to_be_one(api, cursor):
    assert api.ask("GET", f"/api/v1/clips?cursor={cursor}").json()["type"] == "/problems/cursor-damaged"


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("recorder=ZF00001", 1),
        ("recorder=ZF00002", 0),
        ("state=sealed", 1),
        ("state=stored", 0),
        ("quarantined=true", 0),
        ("agency=0", 1),
        ("text=现场", 1),
        ("text=%25", 0),
        ("officer=000001", 0),
        ("recorded_from=2026-11-24T00:15:30Z", 1),
        ("recorded_from=2026-11-24T08:15:31%2B08:00", 0),
        ("recorded_until=2026-11-24T00:15:30Z", 0),
        (f"case={uuid4()}", 0),
    ],
)
def test_every_filter_narrows_the_list(api, clip_id, query, count):
    assert len(api.ask("GET", f"/api/v1/clips?{query}").json()["items"]) == count


@pytest.mark.parametrize("query", ["limit=0", "limit=100000", "state=lost", "recorded_from=yesterday", "case=1", "text=%00"])
def test_a_filter_of_no_sense_is_422_with_the_place(api, query):
    answer = api.ask("GET", f"/api/v1/clips?{query}")

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_player_that_asks_for_several_ranges_at_once_is_one_view(api, clip_id):
    token = api.service.token(Role.REVIEWER)

    def read(start):
        headers = {"Range": f"bytes={start}-{start + 9}", "Authorization": f"Bearer {token}"}
        return api.client.get(f"/api/v1/clips/{clip_id}/media", headers=headers).status_code

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(read, range(0, 800, 100))) == {206}

    assert api.service.chain(clip_id).count("clip.viewed") == 1


@pytest.mark.parametrize(("method", "headers"), [("HEAD", {}), ("GET", {"Range": "bytes=99999999-"})])
def test_what_gives_no_byte_leaves_no_event(api, clip_id, method, headers):
    before = api.service.chain(clip_id)

    api.ask(method, f"/api/v1/clips/{clip_id}/media", headers=headers)
    api.ask(method, f"/api/v1/clips/{clip_id}/media?download=true", headers=headers)

    assert api.service.chain(clip_id) == before


def test_a_download_that_is_resumed_is_one_download_and_no_leave_to_watch(api, clip_id):
    path = f"/api/v1/clips/{clip_id}/media?download=true"
    api.ask("GET", path, headers={"Range": "bytes=0-99"})
    api.ask("GET", path, headers={"Range": "bytes=100-"})
    api.ask("GET", f"/api/v1/clips/{clip_id}/media")

    assert api.service.chain(clip_id)[-2:] == ["clip.downloaded", "clip.viewed"]


def test_a_digest_that_was_not_read_back_is_not_vouched_for(api):
    session_id = api.service.open()
    (announced,) = api.service.announce(session_id, make_file("A.MP4", b"footage"))
    api.service.upload(session_id, announced.clip_id, b"footage")

    answer = api.ask("GET", f"/api/v1/clips/{announced.clip_id}/media")

    assert answer.content == b"footage"
    assert not {"repr-digest", "bodycam-sm3"} & set(answer.headers)
