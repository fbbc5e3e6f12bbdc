"""Taking a pool recorder and bringing it back, over HTTP."""

import pytest

from evidence_store.actor import Role
from service.accounts.first_people import TOP_CODE
from service.roster.apply_import import import_roster
from service.roster.rows import Roster

CHECKOUTS = "/api/v1/recorders/ZF00009/checkouts"


@pytest.fixture
def pool(api):
    facts = {
        "officers": [{"code": "000001", "name": "示范人员 0001", "posts": [{"agency": TOP_CODE, "valid_from": "2024-01-01"}]}],
        "recorders": [{"serial": "ZF00009", "agency": TOP_CODE}],
    }
    import_roster(api.service.context, Roster.model_validate(facts), actor=api.service.administrator)


def test_a_recorder_is_taken_and_brought_back(api, pool):
    taken = api.ask("POST", CHECKOUTS, json={"officer": "000001"}, role=Role.ADMINISTRATOR)
    again = api.ask("POST", CHECKOUTS, json={"officer": "000001"}, role=Role.ADMINISTRATOR)
    back = api.ask("POST", f"{CHECKOUTS}/return", role=Role.ADMINISTRATOR)

    assert (taken.status_code, again.status_code, back.status_code) == (201, 409, 200)
    assert again.json()["type"] == "/problems/recorder-taken"
    (item,) = api.ask("GET", CHECKOUTS, role=Role.ADMINISTRATOR).json()["items"]
    assert item == {"id": taken.json()["id"], "officer": "000001", "taken_at": "2026-11-24T01:30:00Z", "returned_at": "2026-11-24T01:30:00Z"}


def test_a_reviewer_takes_no_recorder(api, pool):
    assert api.ask("POST", CHECKOUTS, json={"officer": "000001"}).status_code == 403


def test_numbers_of_officers_come_with_a_roster_and_a_dry_run_shows_them(api):
    roster = {"officers": [{"code": "000001", "name": "示范人员 0001", "codes": [{"code": "101", "valid_from": "2024-01-01", "valid_until": None}]}]}

    answer = api.ask("POST", "/api/v1/roster/imports?dry_run=true", json=roster, role=Role.ADMINISTRATOR)

    told = answer.json()
    assert (told["added"], told["dry_run"], told["change_id"]) == ({"officer": 1, "officer_code": 1}, True, None)
