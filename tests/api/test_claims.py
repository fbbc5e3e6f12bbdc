"""What the register gives to nobody is claimed afterwards; what it gives to somebody is not."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from evidence_store.actor import Role
from service.accounts.manage_accounts import NewAccount, add_account
from service.roster.apply_import import import_roster
from service.roster.rows import Roster
from tests.builders import IDENTITY, make_file
from tests.service_fixtures import PASSWORD

POOL = replace(IDENTITY, serial="ZF00009", officer_code=None)


def officer(code, agency):
    return {"code": code, "name": f"示范人员 {code}", "posts": [{"agency": agency, "valid_from": "2024-01-01"}]}


ROSTER = {
    "agencies": [{"code": "01", "name": "示范市甲", "level": "city"}, {"code": "02", "name": "示范市乙", "level": "city"}],
    "officers": [officer("000001", "01"), officer("000002", "01"), officer("000003", "02")],
    "recorders": [
        {"serial": "ZF00009", "agency": "01"},
        {"serial": "ZF00001", "agency": "01", "assignments": [{"officer": "000002", "valid_from": "2024-01-01"}]},
    ],
}


@pytest.fixture
def clips(api):
    """Two clips of nobody in the first city, and one of the second officer."""
    administrator = api.service.administrator
    import_roster(api.service.context, Roster.model_validate(ROSTER), actor=administrator)
    for account in (
        NewAccount("one", PASSWORD, Role.DUTY_OFFICER, "01", "000001"),
        NewAccount("two", PASSWORD, Role.DUTY_OFFICER, "01", "000002"),
        NewAccount("three", PASSWORD, Role.DUTY_OFFICER, "02", "000003"),
    ):
        add_account(api.service.context, account, actor=administrator)
    nobodys = api.service.announce(api.service.open(POOL), make_file("A.MP4"), make_file("B.MP4"), identity=POOL)
    (somebodys,) = api.service.announce(api.service.open(), make_file("C.MP4"))
    return nobodys[0].clip_id, nobodys[1].clip_id, somebodys.clip_id


@pytest.fixture
def sign_in(api):
    tokens = {}

    def headers(username):
        if username not in tokens:
            tokens[username] = api.client.post("/api/v1/tokens", json={"username": username, "password": PASSWORD}).json()["access_token"]
        return {"Authorization": f"Bearer {tokens[username]}"}

    return headers


def claim(api, headers, clip_id, **body):
    return api.client.post(f"/api/v1/clips/{clip_id}/claim", json={"reason": "当日佩戴", **body}, headers=headers)


def test_a_claimed_clip_is_the_officers_and_says_who_claimed_it_afterwards_and_why(api, clips, sign_in):
    answer = claim(api, sign_in("one"), clips[0])

    item = api.client.get(f"/api/v1/clips/{clips[0]}", headers=sign_in("one")).json()
    event = api.ask("GET", f"/api/v1/clips/{clips[0]}/custody").json()["events"][-1]
    assert answer.status_code == 204
    assert (item["officer"]["code"], item["flags"]) == ("000001", ["claimed_afterwards"])
    assert (event["action"], event["actor_name"], event["details"]["officer_code"]) == ("clip.claimed", "one", "000001")
    assert event["details"]["reason"] == "当日佩戴"


def test_before_a_claim_a_pool_recorders_clip_is_no_duty_officers(api, clips, sign_in):
    claim(api, sign_in("one"), clips[0])

    seen = [item["id"] for item in api.client.get("/api/v1/clips", headers=sign_in("two")).json()["items"]]
    unassigned = [item["id"] for item in api.client.get("/api/v1/unassigned-clips", headers=sign_in("two")).json()["items"]]
    assert seen == [str(clips[2])]
    assert unassigned == [str(clips[1])]


def test_what_the_register_or_a_claim_gave_to_somebody_is_not_claimed_away(api, clips, sign_in):
    claim(api, sign_in("one"), clips[0])

    assert claim(api, sign_in("one"), clips[2]).status_code == 404
    assert claim(api, sign_in("two"), clips[2]).json()["type"] == "/problems/clip-attributed"
    assert claim(api, sign_in("two"), clips[0]).status_code == 404
    answer = api.ask("POST", f"/api/v1/clips/{clips[0]}/claim", json={"reason": "x", "officer": "000002"}, role=Role.ADMINISTRATOR)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/clip-attributed")


def test_a_clip_of_another_agency_does_not_exist_for_whoever_claims_it(api, clips, sign_in):
    assert claim(api, sign_in("three"), clips[0]).status_code == 404
    assert api.client.get("/api/v1/unassigned-clips", headers=sign_in("three")).json()["items"] == []


def test_a_duty_officer_claims_for_nobody_else_and_an_administrator_for_a_named_officer(api, clips, sign_in):
    assert claim(api, sign_in("one"), clips[0], officer="000002").status_code == 404
    assert api.ask("POST", f"/api/v1/clips/{clips[0]}/claim", json={"reason": "x"}, role=Role.ADMINISTRATOR).status_code == 404
    assert api.ask("POST", f"/api/v1/clips/{clips[0]}/claim", json={"reason": "x", "officer": "000002"}, role=Role.ADMINISTRATOR).status_code == 204
    assert api.ask("GET", f"/api/v1/clips/{clips[0]}").json()["officer"]["code"] == "000002"


def test_of_two_who_claim_one_clip_at_once_one_gets_it(api, clips, sign_in):
    headers = [sign_in("one"), sign_in("two")]

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda one: claim(api, one, clips[0]).status_code, headers))

    assert sorted(answers) == [204, 404]
    assert api.service.chain(clips[0]).count("clip.claimed") == 1


def test_a_reviewer_claims_nothing_and_a_claim_needs_a_reason(api, clips, sign_in):
    assert api.ask("POST", f"/api/v1/clips/{clips[0]}/claim", json={"reason": "x", "officer": "000001"}).status_code == 403
    assert claim(api, sign_in("one"), clips[0], reason="  ").status_code == 422
    assert api.service.clip(clips[0]).officer_id is None
