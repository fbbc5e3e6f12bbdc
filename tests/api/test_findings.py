"""What comparisons found, over HTTP; a leftover goes only when two people want it gone and the store keeps no lock on it."""

from datetime import timedelta

import pytest

from evidence_store.actor import Role
from integrity.custody_event import parse_event
from service.accounts.manage_accounts import NewAccount, add_account
from service.accounts.sign_in import sign_in
from service.safekeeping.reconcile import reconcile
from tests.service_fixtures import PASSWORD

WHY = {"reason": "a test that somebody left"}


@pytest.fixture
def second(api):
    """A token of another administrator."""
    add_account(api.service.context, NewAccount("second", PASSWORD, Role.ADMINISTRATOR, "0"), actor=api.service.administrator)
    return {"Authorization": f"Bearer {sign_in(api.service.context, 'second', PASSWORD).token}"}


@pytest.fixture
def leftover(api):
    """A strange object that is locked for two hours more, as a finding."""
    objects = api.service.context.objects
    objects._now = api.service.clock.now
    objects.put("clips/elsewhere", b"?", retain_until=api.service.clock.now() + timedelta(hours=4))
    api.service.clock.advance(hours=2)
    return find(api, "orphaned_object")


def find(api, kind):
    reconcile(api.service.context)
    (item,) = api.ask("GET", "/api/v1/findings", params={"is_open": True, "kind": kind}, role=Role.ADMINISTRATOR).json()["items"]
    return item


def propose(api, finding, **options):
    return api.ask("POST", f"/api/v1/findings/{finding['id']}/removal", json=WHY, role=Role.ADMINISTRATOR, **options)


def confirm(api, finding, **options):
    return api.ask("POST", f"/api/v1/findings/{finding['id']}/removal/confirmation", role=Role.ADMINISTRATOR, **options)


def problem(answer):
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


def events(api, proposal_id):
    with api.service.context.unit_of_work() as work:
        return [parse_event(row.canonical) for row, _ in work.custody.chain("leftover", proposal_id)]


def test_a_finding_says_what_how_bad_and_since_when(api, leftover):
    assert (leftover["kind"], leftover["severity"], leftover["removal"]) == ("orphaned_object", "notice", None)
    assert leftover["details"]["key"] == "clips/elsewhere"
    assert leftover["first_seen"] == leftover["last_seen"]
    assert leftover["resolved_at"] is None
    assert api.ask("GET", "/api/v1/findings", params={"is_open": False}, role=Role.ADMINISTRATOR).json()["items"] == []


def test_what_is_locked_nobody_removes(api, leftover, second):
    assert problem(propose(api, leftover)) == (409, "leftover-locked")
    assert problem(confirm(api, leftover, headers=second)) == (409, "leftover-locked")
    assert len(api.service.context.objects.list_versions("clips/elsewhere")) == 1


def test_a_leftover_goes_when_one_proposed_and_another_confirmed(api, leftover, second):
    api.service.clock.advance(hours=3)
    early = confirm(api, leftover, headers=second)
    proposed = propose(api, leftover)
    twice = propose(api, leftover)
    alone = confirm(api, leftover)
    still_there = len(api.service.context.objects.list_versions("clips/elsewhere"))
    confirmed = confirm(api, leftover, headers=second)

    assert [problem(one) for one in (early, twice, alone)] == [
        (409, "removal-not-proposed"),
        (409, "removal-proposed"),
        (409, "second-person-needed"),
    ]
    assert (proposed.status_code, still_there, confirmed.status_code) == (201, 1, 204)
    assert api.service.context.objects.list_versions("clips/elsewhere") == []
    told = events(api, proposed.json()["id"])
    assert [event.action for event in told] == ["removal.proposed", "removal.confirmed", "leftover.removed"]
    assert len({event.actor.id for event in told}) == 2
    assert (told[0].details["key"], told[0].details["reason"]) == ("clips/elsewhere", WHY["reason"])
    (item,) = api.ask("GET", "/api/v1/findings", role=Role.ADMINISTRATOR).json()["items"]
    assert item["resolved_at"] is not None
    assert item["removal"]["removed_at"] is not None
    assert problem(confirm(api, leftover, headers=second)) == (409, "no-leftover")


def test_an_unfinished_upload_goes_likewise(api, second):
    objects = api.service.context.objects
    objects.begin_upload("clips/elsewhere", retain_until=api.service.clock.now())
    finding = find(api, "unfinished_upload")

    assert propose(api, finding).status_code == 201
    assert confirm(api, finding, headers=second).status_code == 204
    assert objects.list_unfinished("") == []


def test_a_delete_marker_goes_and_what_lies_under_it_stays(api, clip_id, second):
    objects = api.service.context.objects
    objects.mark_deleted(f"clips/{clip_id}/original")
    finding = find(api, "delete_marker")

    assert propose(api, finding).status_code == 201
    assert confirm(api, finding, headers=second).status_code == 204
    assert [one.is_delete_marker for one in objects.list_all(f"clips/{clip_id}/original")] == [False]


def test_damage_is_no_leftover(api, clip_id):
    api.service.context.objects._versions.pop(f"clips/{clip_id}/original")
    finding = find(api, "object_gone")

    assert problem(propose(api, finding)) == (409, "no-leftover")


def test_what_a_record_names_by_now_is_no_leftover(api, clip_id, second):
    objects = api.service.context.objects
    objects._now = lambda: api.service.clock.now() + timedelta(days=400)
    version = objects._versions[f"clips/{clip_id}/original"][0]
    version.retention = None
    with api.service.context.unit_of_work() as work:
        row = {"id": api.service.context.new_id(), "kind": "orphaned_object", "subject": "x", "clip_id": None, "severity": "notice"}
        details = {"key": version.stored.key, "version_id": version.stored.version_id}
        work.findings.keep([{**row, "details": details}], at=api.service.clock.now())

    assert problem(propose(api, row)) == (409, "no-leftover")
    assert len(objects.list_versions(version.stored.key)) == 1


def test_only_administrators_see_and_remove(api, leftover):
    for role in (Role.REVIEWER, None):
        status = 403 if role else 401
        assert api.ask("GET", "/api/v1/findings", role=role).status_code == status
        assert api.ask("POST", f"/api/v1/findings/{leftover['id']}/removal", json=WHY, role=role).status_code == status
        assert api.ask("POST", f"/api/v1/findings/{leftover['id']}/removal/confirmation", role=role).status_code == status


def test_an_unknown_finding_is_not_found(api, leftover):
    leftover["id"] = "00000000-0000-7000-8000-000000000000"

    assert problem(propose(api, leftover)) == (404, "finding-not-found")
    assert problem(confirm(api, leftover)) == (404, "finding-not-found")


def test_a_confirmation_that_the_store_refuses_can_be_given_again(api, leftover, second):
    api.service.clock.advance(hours=3)
    objects = api.service.context.objects
    propose(api, leftover)
    objects._now = lambda: api.service.clock.now() - timedelta(hours=2)  # by the store's own clock it is still locked
    refused = confirm(api, leftover, headers=second)
    objects._now = api.service.clock.now
    done = confirm(api, leftover, headers=second)

    assert (problem(refused), done.status_code) == ((409, "leftover-locked"), 204)


def test_health_and_metrics_tell_what_was_found(api, clip_id):
    before = api.ask("GET", "/metrics", role=None).text
    api.service.context.objects._versions.pop(f"clips/{clip_id}/original")
    reconcile(api.service.context)
    after = api.ask("GET", "/metrics", role=None).text

    assert 'bodycam_findings{severity="fault"} 0.0' in before
    assert 'bodycam_findings{severity="fault"} 1.0' in after
    assert 'bodycam_findings_of_kind{kind="object_gone"} 1.0' in after
    assert "bodycam_reconcile_age_seconds" in after
    assert "bodycam_reconcile_age_seconds" not in before
