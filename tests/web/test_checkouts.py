"""A duty officer takes a pool recorder and brings it back by the page."""

import pytest

from evidence_store.actor import Role
from service.accounts.manage_accounts import NewAccount, add_account
from service.accounts.sign_in import sign_in
from service.roster.apply_import import import_roster
from service.roster.rows import Roster
from tests.service_fixtures import PASSWORD

FACTS = {
    "officers": [{"code": f"00000{n}", "name": f"示范人员 {n}", "posts": [{"agency": "0", "valid_from": "2024-01-01"}]} for n in (1, 2)],
    "recorders": [{"serial": "POOL1", "agency": "0"}, {"serial": "POOL2", "agency": "0"}],
}


@pytest.fixture
def officer(lone_visitor):
    service = lone_visitor.service
    import_roster(service.context, Roster.model_validate(FACTS), actor=service.administrator)
    for name, code in (("one", "000001"), ("two", "000002")):
        add_account(service.context, NewAccount(name, PASSWORD, Role.DUTY_OFFICER, "0", code), actor=service.administrator)
    lone_visitor.client.cookies.set("bodycam", sign_in(service.context, "one", PASSWORD).token)
    return lone_visitor


def test_a_recorder_is_taken_and_brought_back(officer):
    taken = officer.post("/checkouts", {"recorder": " POOL1 "})
    page = officer.get("/checkouts").text
    returned = officer.post("/checkouts/return", {"recorder": "POOL1"})

    assert (taken.status_code, returned.status_code) == (303, 303)
    assert "POOL1" in page
    assert 'name="officer"' not in page
    assert "POOL1" not in officer.get("/checkouts").text


def test_an_officer_sees_only_what_they_have_themselves(officer):
    officer.post("/checkouts", {"recorder": "POOL1"})
    officer.client.cookies.set("bodycam", sign_in(officer.service.context, "two", PASSWORD).token)
    refused = officer.post("/checkouts", {"recorder": "POOL1"})

    assert refused.status_code == 409
    assert "POOL1" not in officer.get("/checkouts").text


def test_an_administrator_takes_it_for_somebody(officer):
    officer.enter(Role.ADMINISTRATOR)
    officer.post("/checkouts", {"recorder": "POOL2", "officer": "000002"})

    page = officer.get("/checkouts").text

    assert "示范人员 2" in page
    assert 'name="officer"' in page
