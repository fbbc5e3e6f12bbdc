"""Whose rows: an agency sees itself and what lies below, an officer their own."""

import pytest

from evidence_store.actor import Role
from service.accounts.manage_accounts import NewAccount, add_account
from service.roster.apply_import import import_roster
from service.roster.rows import Roster
from tests.builders import IDENTITY, make_file
from tests.service_fixtures import PASSWORD

ROSTER = {
    "agencies": [{"code": "01", "name": "示范市甲", "level": "city"}, {"code": "02", "name": "示范市乙", "level": "city"}],
    "officers": [
        {"code": "000001", "name": "示范人员 0001", "posts": [{"agency": "01", "valid_from": "2024-01-01"}]},
        {"code": "000002", "name": "示范人员 0002", "posts": [{"agency": "02", "valid_from": "2024-01-01"}]},
    ],
    "recorders": [
        {"serial": "ZF00001", "agency": "01", "assignments": [{"officer": "000001", "valid_from": "2024-01-01"}]},
        {"serial": "ZF00002", "agency": "02", "assignments": [{"officer": "000002", "valid_from": "2024-01-01"}]},
    ],
}


@pytest.fixture
def clips(api):
    """One clip of each city; accounts in the first city."""
    administrator = api.service.people[Role.ADMINISTRATOR]
    import_roster(api.service.context, Roster.model_validate(ROSTER), actor=administrator)
    for account in (
        NewAccount("city", PASSWORD, Role.REVIEWER, "01"),
        NewAccount("one", PASSWORD, Role.DUTY_OFFICER, "01", "000001"),
        NewAccount("city-admin", PASSWORD, Role.ADMINISTRATOR, "01"),
    ):
        add_account(api.service.context, account, actor=administrator)
    other = type(IDENTITY)(family="mass-storage", serial="ZF00002", officer_code="000002", volume_id="FFFF0000")
    return api.service.dock_one(make_file("A.MP4", b"one"), b"one"), api.service.dock_one(make_file("B.MP4", b"two"), b"two", identity=other)


def bearer(api, username):
    token = api.client.post("/api/v1/tokens", json={"username": username, "password": PASSWORD}).json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("username", ["city", "one", "city-admin"])
def test_a_clip_of_another_agency_does_not_exist(api, clips, username):
    own, foreign = clips
    headers = bearer(api, username)

    assert [item["id"] for item in api.client.get("/api/v1/clips", headers=headers).json()["items"]] == [str(own)]
    for path in ("", "/custody", "/media"):
        answer = api.client.get(f"/api/v1/clips/{foreign}{path}", headers=headers)
        assert answer.status_code in {403, 404}
        assert "two" not in answer.text


def test_a_clip_belongs_to_the_officer_who_had_the_recorder_that_day(api, clips):
    item = api.ask("GET", f"/api/v1/clips/{clips[0]}").json()

    assert (item["officer"]["code"], item["agency"]["code"], item["flags"]) == ("000001", "01", [])


def test_an_officer_watches_their_own_footage_and_opens_no_case(api, clips):
    headers = bearer(api, "one")

    assert api.client.get(f"/api/v1/clips/{clips[0]}/media", headers=headers).content == b"one"
    assert api.client.post("/api/v1/cases", json={"number": "1", "title": "x"}, headers=headers).status_code == 403
    assert api.client.get("/api/v1/coverage", headers=headers).status_code == 403


def test_coverage_of_another_agency_is_not_told(api, clips):
    headers = bearer(api, "city")

    assert api.client.get("/api/v1/coverage", headers=headers).json()["agency_code"] == "01"
    assert api.client.get("/api/v1/coverage?agency=02", headers=headers).status_code == 404
    assert api.client.get("/api/v1/coverage?agency=0", headers=headers).status_code == 404
    assert api.client.get("/api/v1/clips?agency=02", headers=headers).status_code == 404


def test_a_case_of_the_city_takes_no_clip_of_another(api, clips):
    headers = bearer(api, "city")
    case_id = api.client.post("/api/v1/cases", json={"number": "1", "title": "示范"}, headers=headers).json()["id"]

    assert api.client.put(f"/api/v1/cases/{case_id}/clips/{clips[1]}", json={"purpose": "x"}, headers=headers).status_code == 404


def test_an_administrator_adds_accounts_only_below_their_own_agency(api, clips):
    with pytest.raises(Exception, match="no agency"):
        add_account(
            api.service.context,
            NewAccount("spy", PASSWORD, Role.REVIEWER, "02"),
            actor=type(api.service.people[Role.ADMINISTRATOR])(
                *(getattr(api.service.people[Role.ADMINISTRATOR], name) for name in ("kind", "id", "name", "role", "agency_id")),
                scope=type(api.service.people[Role.ADMINISTRATOR].scope)("/0/01/"),
            ),
        )
