"""The service is held to the transcripts that the dock is held to: by status, shape and problem type, with ids of its own."""

import json
from dataclasses import asdict
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from evidence_store.object_store.memory import MemoryObjectStore
from tests.builders import make_receipt
from tests.service_fixtures import DOCK_TOKEN, running_service

TRANSCRIPTS = Path(__file__).parent / "transcripts"
SEVERAL_PARTS = b"a" * 8 * 1024**2, b"b" * 4 * 1024**2


class Talk:
    """Says what the transcripts say, to a real service."""

    def __init__(self, client, service) -> None:
        self.client = client
        self.service = service
        self.session_id = str(uuid4())
        self.clip_id = str(uuid4())

    def say(self, name, *, token=DOCK_TOKEN, protocol="1", **changes):
        """Send a transcript's request under our own ids, and compare the answer with the transcript's."""
        transcript = json.loads((TRANSCRIPTS / f"{name}.json").read_text())
        request, expected = transcript["request"], transcript["response"]
        parts = request["path"].removeprefix("/api/v1/dock/").split("/")[1:]
        parts[:1] = [self.session_id] if parts else []
        if len(parts) > 2 and parts[1] == "clips":
            parts[2] = self.clip_id
        body = request["body"] if not changes else {**request["body"], **changes}
        headers = {"Authorization": f"Bearer {token}", "Bodycam-Dock-Protocol": protocol}
        options = {} if body is None else {"json": body}
        room = request["path"].removeprefix("/api/v1/dock/").split("/")[0]
        answer = self.client.request(request["method"], "/".join(["/api/v1/dock", room, *parts]), headers=headers, **options)
        assert answer.status_code == expected["status"], answer.text
        if expected["body"] is None:
            assert answer.content == b""
            return None
        assert_alike(answer.json(), expected["body"])
        return answer.json()

    def open_and_announce(self):
        self.say("open_session")
        self.clip_id = self.say("announce")["files"][0]["clip_id"]

    def upload(self):
        grant = self.say("grant_upload")
        for number, part in enumerate(SEVERAL_PARTS, start=1):
            self.service.context.objects.put_part(f"clips/{self.clip_id}/original", grant["upload_id"], number=number, data=part)
        return grant["upload_id"]


def assert_alike(answered, expected):
    """Same keys and kinds of values; problems are compared by the last part of their type."""
    if isinstance(expected, dict) and "type" in expected and "status" in expected:
        assert answered["type"].rsplit("/", 1)[-1] == expected["type"].rsplit("/", 1)[-1]
        assert answered["status"] == expected["status"]
        assert set(expected) <= set(answered)
    elif isinstance(expected, dict):
        if not all(key.isdigit() or key in {"sealed", "stored", "verified", "announced", "uploading"} for key in expected):
            assert set(answered) == set(expected)
        for key in set(answered) & set(expected):
            assert_alike(answered[key], expected[key])
    elif isinstance(expected, list):
        for one in answered[:1]:
            for other in expected[:1]:
                assert_alike(one, other)
    elif expected is not None and answered is not None:
        assert type(answered) is type(expected)


@pytest.fixture
def talk(tmp_path, database):
    with running_service(tmp_path, database, MemoryObjectStore()) as service, TestClient(create_app(service.context)) as client:
        yield Talk(client, service)


def receipt_of(*parts):
    plain = asdict(make_receipt(*parts))
    return {**plain, "parts": list(plain["parts"])}


def test_a_docking_from_plugging_in_to_its_end(talk):
    talk.open_and_announce()
    upload_id = talk.upload()
    talk.say("part_urls", upload_id=upload_id)
    talk.say("report_progress")
    talk.say("send_receipt", upload_id=upload_id, receipt=receipt_of(*SEVERAL_PARTS))
    talk.say("grant_upload_finished")
    talk.say("send_receipt_mismatch", upload_id=upload_id, receipt=receipt_of(*SEVERAL_PARTS[::-1]))
    talk.say("end_session_finished")
    talk.say("session_counts")
    talk.say("session_clips")


def test_every_call_may_be_sent_again(talk):
    for _ in range(2):
        talk.open_and_announce()
    upload_id = talk.upload()
    for _ in range(2):
        talk.say("send_receipt", upload_id=upload_id, receipt=receipt_of(*SEVERAL_PARTS))
        talk.say("end_session_finished")


def test_an_empty_file_needs_no_part(talk):
    talk.open_and_announce()
    talk.clip_id = talk.say("announce")["files"][1]["clip_id"]
    upload_id = talk.say("grant_upload")["upload_id"]

    talk.say("send_receipt_empty_file", upload_id=upload_id)


def test_a_recorder_without_identity_and_a_listing_that_stopped_are_taken(talk):
    talk.say("open_session_unknown_recorder")
    transcript = json.loads((TRANSCRIPTS / "open_session_unknown_recorder.json").read_text())
    talk.say("announce_incomplete", identity=transcript["request"]["body"]["identity"])


def test_an_identity_that_was_read_earlier_is_taken_and_its_time_kept(talk):
    talk.say("open_session_recalled_identity")

    with talk.service.context.unit_of_work() as work:
        session = work.docks.lock_session(UUID(talk.session_id))
        assert session.condition["identity_read_at"] == "2026-11-24T03:20:00.000000Z"
        assert session.identity["serial"] == "A123456"


def test_a_file_that_cannot_be_read_is_reported(talk):
    talk.open_and_announce()

    talk.say("report_failure")
    talk.say("end_session_failed")


def test_a_clock_that_was_set_is_reported(talk):
    talk.open_and_announce()

    talk.say("report_clock_set")


def test_removing_is_ordered_and_reported(talk):
    talk.open_and_announce()
    talk.say("order_release")

    talk.say("report_release", removals=[])


def test_a_dock_may_ask_for_the_time(talk):
    talk.say("service_time")


def test_a_recorder_that_was_pulled_is_reported(talk):
    talk.open_and_announce()

    talk.say("end_session_unplugged")


def test_a_comparison_in_full_is_answered(talk):
    talk.open_and_announce()
    upload_id = talk.upload()
    talk.say("send_receipt", upload_id=upload_id, receipt=receipt_of(*SEVERAL_PARTS))
    receipt = make_receipt(*SEVERAL_PARTS)

    talk.say("compare_reread_equal", size_bytes=receipt.size_bytes, sha256=receipt.sha256, sm3=receipt.sm3)
    talk.say("compare_reread_other")


def test_a_token_that_is_not_known_is_refused(talk):
    talk.say("not_signed_in", token="another")


def test_a_version_that_is_not_spoken_is_refused_with_those_that_are(talk):
    assert talk.say("protocol_unsupported", protocol="99")["accepted"] == [1]
