"""Frozen figures and their changes over the API, and what was known when."""

from datetime import date, timedelta

import pytest

from evidence_store.actor import Role
from service.coverage.freeze import freeze_due
from service.coverage.measure import cut_off
from service.coverage.restate import restate_snapshots
from service.roster.apply_import import import_roster
from service.roster.rows import Roster

DAY = date(2026, 11, 24)
CERTIFICATE = {"valid_from": "2024-01-01", "valid_until": "2029-12-31"}
ROSTER = {
    "agencies": [{"code": "01", "name": "示范市", "level": "city"}],
    "officers": [
        {
            "code": f"{number:06}",
            "name": f"示范人员 {number:04}",
            "posts": [{"agency": "01", "valid_from": "2024-01-01"}],
            "certificates": [{"number": f"C{number}", **CERTIFICATE}],
        }
        for number in (1, 2)
    ],
}
RECORDER = {
    "serial": "ZF00001",
    "model": "M",
    "agency": "01",
    "changes": [{"state": "in_service", "since": "2026-11-01"}],
    "assignments": [{"officer": "000001", "valid_from": "2026-11-24"}],
}


@pytest.fixture
def frozen(api):
    """A day that was frozen, corrected and restated."""
    service = api.service
    import_roster(service.context, Roster.model_validate(ROSTER), actor=service.administrator)
    service.clock.time = cut_off(DAY) + timedelta(minutes=5)
    freeze_due(service.context)
    import_roster(service.context, Roster.model_validate({"recorders": [RECORDER]}), actor=service.administrator)
    restate_snapshots(service.context)
    service.forget_tokens()
    return api


def get(api, path):
    return api.ask("GET", f"/api/v1/coverage{path}", role=Role.REVIEWER)


def test_the_newest_edition_is_read_with_the_agencies_below(frozen):
    told = get(frozen, "/frozen").json()

    assert (told["day"], told["edition"], told["figure"]["numerator"], told["figure"]["denominator"]) == ("2026-11-24", "restated", 1, 2)
    assert [(part["agency_code"], part["rate"], part["gap_by_reason"]) for part in told["parts"]] == [("01", 0.5, {"no_recorder": 1})]


def test_every_edition_is_listed_and_the_first_stays_as_it_was(frozen):
    restated, first = get(frozen, "/snapshots").json()["items"]

    assert (first["figure"]["numerator"], restated["figure"]["numerator"], restated["replaces"]) == (0, 1, first["id"])
    assert first["roster_sha256"] != restated["roster_sha256"]


def test_a_rate_is_told_as_it_was_known(frozen):
    assert get(frozen, "?as_of=2026-11-24").json()["numerator"] == 1
    assert get(frozen, "?as_of=2026-11-24&known_at=2026-11-24T24:00%2B08:00").json()["numerator"] == 0


def test_a_change_is_told_down_to_names(frozen):
    told = get(frozen, "/changes?from=2026-11-23&to=2026-11-24").json()

    assert (told["before"]["numerator"], told["like_for_like"]["numerator"], told["after"]["numerator"]) == (0, 0, 1)
    assert told["counts"]["recorder_gained"] == 1
    (item,) = told["items"]
    assert (item["officer_code"], item["kind"], item["before"]) == ("000001", "recorder_gained", {"agency_code": "01", "reason": "no_recorder"})


@pytest.mark.parametrize(
    ("path", "status"), [("/frozen?day=2020-01-01", 404), ("/frozen?agency=X", 404), ("/changes?from=2026-11-24&to=2026-11-23", 422)]
)
def test_what_is_not_there_is_said(frozen, path, status):
    assert get(frozen, path).status_code == status
