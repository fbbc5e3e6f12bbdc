from uuid import uuid4

import pytest

from evidence_store.actor import Role

CASE = {"number": "示范〔2026〕1号", "title": "示范案件"}


@pytest.fixture
def case_id(api):
    return api.ask("POST", "/api/v1/cases", json=CASE).json()["id"]


def test_a_clip_is_linked_and_found_by_its_case(api, case_id, clip_id):
    assert api.ask("PUT", f"/api/v1/cases/{case_id}/clips/{clip_id}", json={"purpose": "现场证据"}).status_code == 204

    case = api.ask("GET", f"/api/v1/cases/{case_id}").json()
    assert [(link["clip"]["id"], link["purpose"]) for link in case["clips"]] == [(str(clip_id), "现场证据")]
    assert [item["id"] for item in api.ask("GET", f"/api/v1/clips?case={case_id}").json()["items"]] == [str(clip_id)]
    assert api.ask("GET", "/api/v1/cases").json()["items"][0]["clip_count"] == 1


def test_linking_again_changes_nothing(api, case_id, clip_id):
    for _ in range(2):
        assert api.ask("PUT", f"/api/v1/cases/{case_id}/clips/{clip_id}", json={"purpose": "现场证据"}).status_code == 204

    assert api.service.chain(clip_id).count("clip.linked") == 1


def test_unlinking_takes_a_reason_and_stays_on_record(api, case_id, clip_id):
    api.ask("PUT", f"/api/v1/cases/{case_id}/clips/{clip_id}", json={"purpose": "现场证据"})

    assert api.ask("DELETE", f"/api/v1/cases/{case_id}/clips/{clip_id}", json={"reason": ""}).status_code == 422
    assert api.ask("DELETE", f"/api/v1/cases/{case_id}/clips/{clip_id}", json={"reason": "误关联"}).status_code == 204
    assert api.ask("DELETE", f"/api/v1/cases/{case_id}/clips/{clip_id}", json={"reason": "误关联"}).status_code == 404
    assert api.service.chain(clip_id)[-2:] == ["clip.linked", "clip.unlinked"]


def test_a_number_is_used_once_in_an_agency(api, case_id):
    answer = api.ask("POST", "/api/v1/cases", json=CASE)

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/case-number-taken")


def test_an_administrator_opens_no_case(api):
    assert api.ask("POST", "/api/v1/cases", json=CASE, role=Role.ADMINISTRATOR).status_code == 403


@pytest.mark.parametrize("body", [{"number": "", "title": "x"}, {"number": "x"}, {"number": "x" * 65, "title": "x"}, {**CASE, "agency_id": "x"}])
def test_a_case_of_no_sense_is_refused(api, body):
    assert api.ask("POST", "/api/v1/cases", json=body).status_code == 422


def test_what_does_not_exist_is_404(api, case_id, clip_id):
    assert api.ask("GET", f"/api/v1/cases/{uuid4()}").status_code == 404
    assert api.ask("PUT", f"/api/v1/cases/{uuid4()}/clips/{clip_id}", json={"purpose": "x"}).status_code == 404
    assert api.ask("PUT", f"/api/v1/cases/{case_id}/clips/{uuid4()}", json={"purpose": "x"}).status_code == 404
    assert api.ask("POST", "/api/v1/cases", json={**CASE, "number": "2", "agency": "nowhere"}).status_code == 404
