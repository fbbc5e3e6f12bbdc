"""Targets, outlook and alarms over the API: who may, within which agencies, and what a change leaves behind."""

import json

import pytest

from evidence_store.actor import Role
from service.coverage_outlook.watch import watch_coverage
from service.roster.apply_import import import_roster
from service.roster.rows import Roster

TARGET = {"agency": "01", "due_on": "2026-06-30", "share": "0.8", "document_number": "示范文号 1"}
ROSTER = {
    "agencies": [{"code": "01", "name": "示范市", "level": "city"}, {"code": "02", "name": "样例市", "level": "city"}],
    "officers": [
        {
            "code": f"{number:06}",
            "name": f"示范人员 {number:04}",
            "posts": [{"agency": "01", "valid_from": "2024-01-01"}],
            "certificates": [{"number": f"C{number}", "valid_from": "2024-01-01", "valid_until": "2029-12-31"}],
        }
        for number in (1, 2)
    ],
    "recorders": [
        {
            "serial": "ZF00001",
            "agency": "01",
            "changes": [{"state": "in_service", "since": "2024-03-01"}],
            "assignments": [{"officer": "000001", "valid_from": "2024-03-01"}],
        }
    ],
}


@pytest.fixture
def ledger(api):
    import_roster(api.service.context, Roster.model_validate(ROSTER), actor=api.service.administrator)
    return api


def put(api, role=Role.ADMINISTRATOR, **changes):
    return api.ask("PUT", "/api/v1/coverage/targets", role=role, json={**TARGET, **changes})


def events(api):
    with api.service.context.unit_of_work() as work:
        changes = work.snapshots.changes_since(api.service.clock.now().replace(year=2000))
        found = [(change.origin, event) for change in changes for event, _ in work.custody.chain("roster", change.id)]
    return [(origin, json.loads(event.canonical)["details"]) for origin, event in found if event.action == "coverage.target_set"]


def test_a_target_is_set_superseded_and_withdrawn_each_with_its_event(ledger):
    assert put(ledger).json()["targets"][0] == {"due_on": "2026-06-30", "share": "0.800000", "set_for": "01", "document_number": "示范文号 1"}
    put(ledger)
    put(ledger, share="0.85")
    answer = put(ledger, share="0.85", withdrawn=True).json()

    assert [target["set_for"] for target in answer["targets"]] == ["0"]
    told = events(ledger)
    assert [origin for origin, _ in told] == ["page", "page", "page"]
    assert [[one["after"] and one["after"]["share"] for one in details["targets"]] for _, details in told] == [["0.800000"], ["0.850000"], [None]]
    assert told[1][1]["targets"][0]["before"] == {"share": "0.800000", "document_number": "示范文号 1"}


def test_a_target_for_the_whole_is_followed_below_it(ledger):
    put(ledger, agency="0", due_on="2027-06-30", share="1")

    followed = ledger.ask("GET", "/api/v1/coverage/targets?agency=02").json()["targets"]
    assert [(target["due_on"], target["set_for"]) for target in followed] == [("2026-12-31", "0"), ("2027-06-30", "0")]


@pytest.mark.parametrize("changes", [{"share": "0"}, {"share": "1.01"}, {"share": "0.1234567"}, {"document_number": ""}, {"agency": "nowhere"}])
def test_a_target_beyond_its_bounds_is_refused(ledger, changes):
    assert put(ledger, **changes).status_code == 422


def test_a_reviewer_reads_targets_and_sets_none(ledger):
    assert put(ledger, role=Role.REVIEWER).status_code == 403
    assert ledger.ask("GET", "/api/v1/coverage/targets").status_code == 200
    assert ledger.ask("GET", "/api/v1/coverage/targets?agency=nowhere").status_code == 404
    assert events(ledger) == []


def test_the_outlook_tells_verdict_gap_and_method(ledger):
    told = ledger.ask("GET", "/api/v1/coverage/outlook?agency=01").json()

    assert (told["verdict"], told["needed"], told["short"], told["days_left"], told["per_week"]) == ("on_the_way", 2, 1, 37, 1)
    assert told["target"]["set_for"] == "0"
    assert told["band"] == {"gains": [0] * 8, "early": None, "expected": None, "late": None}
    assert told["method"] == "bodycam-forecast/1"
    assert told["trend"][-1] == {"day": "2026-11-24", "numerator": 1, "denominator": 2, "snapshot_id": None}
    future = ledger.ask("GET", "/api/v1/coverage/outlook?agency=01&as_of=2027-01-05").json()
    assert (future["is_future"], future["verdict"], future["days_late"], future["pipeline"]) == (True, "missed", 5, None)


def test_alarms_are_counted_and_listed_by_kind(ledger):
    watch_coverage(ledger.service.context)

    told = ledger.ask("GET", "/api/v1/coverage/alarms?kind=without_recorder").json()
    assert told["counts"]["without_recorder"] == 1
    assert [(one["subject"], one["agency_code"]) for one in told["alarms"]] == [("officer:000002", "01")]
    assert ledger.ask("GET", "/api/v1/coverage/alarms?agency=02").json()["alarms"] == []
    assert ledger.ask("GET", "/api/v1/coverage/alarms?kind=none").status_code == 422
    assert ledger.ask("GET", "/api/v1/coverage/alarms", role=None).status_code == 401
