"""A quarantine is decided by a person, with a reason, on record."""

import pytest

from evidence_store.actor import Role
from service.ingest.release_clip import decide_releases
from tests.builders import make_file


@pytest.fixture
def marked(api):
    """A clip whose size was a lie."""
    (announced,) = api.service.announce(api.service.open(), make_file("DCIM/LIES.MP4", b"long footage"))
    api.service.upload(api.service.clip(announced.clip_id).session_id, announced.clip_id, b"short")
    return announced.clip_id


def decide(api, clip_id, decision, *, reason="核对无误", role=Role.ADMINISTRATOR):
    return api.ask("POST", f"/api/v1/clips/{clip_id}/quarantine-decision", json={"decision": decision, "reason": reason}, role=role)


def mark(api, clip_id, quarantine):
    with api.service.context.unit_of_work() as work:
        work.clips.lock(clip_id).quarantine = quarantine


def test_a_lifted_quarantine_is_gone_and_says_who_and_why(api, marked):
    answer = decide(api, marked, "lift")

    assert answer.status_code == 204
    assert api.service.clip(marked).quarantine is None
    event = api.ask("GET", f"/api/v1/clips/{marked}/custody").json()["events"][-1]
    assert (event["action"], event["actor_name"]) == ("clip.quarantine_lifted", "administrator")
    assert event["details"] == {"quarantine": "size_mismatch", "reason": "核对无误"}


def test_the_gate_no_longer_counts_a_lifted_mark(api, marked):
    session_id = api.service.clip(marked).session_id
    (before,) = decide_releases(api.service.context, session_id, dock=api.service.dock)

    decide(api, marked, "lift")

    (after,) = decide_releases(api.service.context, session_id, dock=api.service.dock)
    assert "quarantined" in before.decision.reasons
    assert "quarantined" not in after.decision.reasons


def test_a_kept_quarantine_stays_and_says_why(api, marked):
    decide(api, marked, "keep", reason="等待鉴定")

    assert api.service.clip(marked).quarantine == "size_mismatch"
    assert api.service.chain(marked)[-1] == "clip.quarantine_kept"


@pytest.mark.parametrize("final", ["read_back_mismatch", "object_missing"])
def test_wrong_or_missing_bytes_cannot_be_decided_away(api, marked, final):
    mark(api, marked, final)

    assert decide(api, marked, "lift").json()["type"] == "/problems/quarantine-final"
    assert api.service.clip(marked).quarantine == final
    assert decide(api, marked, "keep").status_code == 204


def test_without_a_mark_there_is_nothing_to_decide(api, clip_id):
    answer = decide(api, clip_id, "lift")

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/clip-not-quarantined")


def test_only_an_administrator_decides(api, marked):
    assert decide(api, marked, "lift", role=Role.REVIEWER).status_code == 403
    assert api.service.clip(marked).quarantine == "size_mismatch"


@pytest.mark.parametrize(("decision", "reason"), [("lift", "  "), ("lift", "a" * 501), ("drop", "reason")])
def test_a_decision_needs_a_reason_of_some_length(api, marked, decision, reason):
    assert decide(api, marked, decision, reason=reason).status_code == 422
    assert api.service.clip(marked).quarantine == "size_mismatch"
