"""Whose footage it is: numbers mean somebody for some days, pool recorders are in somebody's hands for some hours."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from evidence_store.actor import Role
from integrity.listing import ClockReading, DockClock
from service.accounts.manage_accounts import NewAccount, add_account
from service.accounts.sessions import who_holds
from service.accounts.sign_in import sign_in
from service.errors import NotPermittedError
from service.ingest.open_session import PluggingIn, open_session
from service.roster.apply_import import import_roster
from service.roster.errors import (
    OfficerNotFoundError,
    RecorderExclusiveError,
    RecorderNotFoundError,
    RecorderNotTakenError,
    RecorderTakenError,
    RosterRefusedError,
)
from service.roster.pool_checkouts import check_in, check_out, list_checkouts
from service.roster.rows import Roster
from tests.builders import IDENTITY, NOW, make_file
from tests.service_fixtures import PASSWORD

POOL = replace(IDENTITY, serial="ZF00009", officer_code=None)
NUMBERED = replace(IDENTITY, serial="ZF00077", officer_code="101")


def officer(number, agency="01", **facts):
    return {"code": f"{number:06}", "name": f"示范人员 {number:04}", "posts": [{"agency": agency, "valid_from": "2024-01-01"}], **facts}


ROSTER = {
    "agencies": [{"code": "01", "name": "示范市甲", "level": "city"}, {"code": "02", "name": "示范市乙", "level": "city"}],
    "officers": [
        officer(1, codes=[{"code": "101", "valid_from": "2024-01-01", "valid_until": "2026-11-23"}]),
        officer(2, codes=[{"code": "101", "valid_from": "2026-11-24"}]),
        officer(3, agency="02"),
    ],
    "recorders": [
        {"serial": "ZF00009", "agency": "01"},
        {"serial": "ZF00001", "agency": "01", "assignments": [{"officer": "000001", "valid_from": "2024-01-01"}]},
    ],
}


def take_in(service, roster=ROSTER, **options):
    return import_roster(service.context, Roster.model_validate(roster), actor=service.administrator, **options)


@pytest.fixture
def people(service):
    """A roster of two cities, and accounts of the first: two duty officers and an administrator."""
    take_in(service)
    accounts = (
        NewAccount("one", PASSWORD, Role.DUTY_OFFICER, "01", "000001"),
        NewAccount("two", PASSWORD, Role.DUTY_OFFICER, "01", "000002"),
        NewAccount("city", PASSWORD, Role.ADMINISTRATOR, "01"),
    )
    for account in accounts:
        add_account(service.context, account, actor=service.administrator)
    return {account.username: who_holds(service.context, sign_in(service.context, account.username, PASSWORD).token) for account in accounts}


def code_of(service, clip_id):
    """Number of the officer a clip belongs to, and the clip's flags."""
    clip = service.clip(clip_id)
    with service.context.unit_of_work() as work:
        officer = work.officers.get(clip.officer_id) if clip.officer_id else None
    return (officer.code if officer else None), clip.flags


def announce(service, identity, *names):
    return [file.clip_id for file in service.announce(service.open(identity), *map(make_file, names), identity=identity)]


def test_a_dry_run_counts_the_numbers_and_adds_none(service):
    assert take_in(service, is_dry_run=True).added["officer_code"] == 2
    assert take_in(service).added["officer_code"] == 2
    assert take_in(service).added == {}


def test_a_number_that_meant_somebody_else_on_the_day_is_that_persons(service, people):
    before, after = announce(service, NUMBERED, "20261123_100000.MP4", "20261124_080000.MP4")

    assert code_of(service, before)[0] == "000001"
    assert code_of(service, after)[0] == "000002"


def test_a_number_is_not_given_to_two_on_one_day_by_a_later_roster(service, people):
    with pytest.raises(RosterRefusedError, match=r"code 101, .* shares a day"):
        take_in(service, {"officers": [officer(3, agency="02", codes=[{"code": "101", "valid_from": "2027-01-01"}])]})


def test_footage_of_a_pool_recorder_belongs_to_whoever_had_it_at_the_moment(service, people):
    check_out(service.context, "ZF00009", officer_code=None, actor=people["one"])
    service.clock.advance(hours=1)
    check_in(service.context, "ZF00009", actor=people["one"])
    check_out(service.context, "ZF00009", officer_code="000002", actor=people["city"])
    service.clock.advance(hours=2)

    first, second, earlier = announce(service, POOL, "20261124_094500.MP4", "20261124_103000.MP4", "20261124_080000.MP4")

    assert code_of(service, first) == ("000001", [])
    assert code_of(service, second) == ("000002", [])
    assert code_of(service, earlier) == (None, ["unknown_officer"])


def test_the_moment_is_corrected_by_the_measured_clocks(service, people):
    check_out(service.context, "ZF00009", officer_code=None, actor=people["one"])
    service.clock.advance(hours=1)
    clock, dock_clock = ClockReading("2026-11-24T08:30:00", NOW, -7200.0, 0.5), DockClock(NOW, 0.0, 0.1, is_synchronised=True)
    session_id = uuid4()
    open_session(service.context, session_id, PluggingIn("slot 1", "test", 1, POOL, clock, dock_clock), dock=service.dock)

    (file,) = service.announce(session_id, make_file("20261124_073500.MP4"), identity=POOL)

    assert code_of(service, file.clip_id) == ("000001", [])


def test_a_number_on_the_recorder_that_disagrees_with_the_check_out_is_flagged(service, people):
    check_out(service.context, "ZF00009", officer_code=None, actor=people["one"])
    service.clock.advance(hours=1)

    (clip_id,) = announce(service, replace(POOL, officer_code="000002"), "20261124_094500.MP4")

    assert code_of(service, clip_id) == ("000001", ["officer_differs"])


def test_a_recorder_that_is_out_is_not_taken_again(service, people):
    check_out(service.context, "ZF00009", officer_code=None, actor=people["one"])

    with pytest.raises(RecorderTakenError):
        check_out(service.context, "ZF00009", officer_code=None, actor=people["two"])


def test_of_two_who_reach_for_one_recorder_at_once_one_gets_it(service, people):
    def reach(name):
        try:
            return check_out(service.context, "ZF00009", officer_code=None, actor=people[name])
        except RecorderTakenError:
            return None

    with ThreadPoolExecutor(2) as threads:
        outcomes = list(threads.map(reach, ["one", "two"]))

    assert [outcome is None for outcome in outcomes].count(True) == 1


def test_a_duty_officer_takes_and_returns_only_for_themselves(service, people):
    with pytest.raises(OfficerNotFoundError):
        check_out(service.context, "ZF00009", officer_code="000002", actor=people["one"])
    check_out(service.context, "ZF00009", officer_code="000002", actor=people["city"])

    with pytest.raises(RecorderNotTakenError):
        check_in(service.context, "ZF00009", actor=people["one"])
    assert list_checkouts(service.context, "ZF00009", actor=people["one"]) == []
    assert check_in(service.context, "ZF00009", actor=people["two"]).returned_at == service.clock.now()


def test_what_is_not_there_or_not_ones_own_is_refused(service, people):
    with pytest.raises(RecorderNotFoundError):
        check_out(service.context, "ZF99999", officer_code=None, actor=people["one"])
    with pytest.raises(OfficerNotFoundError):
        check_out(service.context, "ZF00009", officer_code="000003", actor=people["city"])
    with pytest.raises(RecorderExclusiveError):
        check_out(service.context, "ZF00001", officer_code=None, actor=people["two"])
    with pytest.raises(RecorderNotTakenError):
        check_in(service.context, "ZF00009", actor=people["city"])
    with pytest.raises(NotPermittedError):
        check_out(service.context, "ZF00009", officer_code="000001", actor=service.people[Role.REVIEWER])


def test_taking_and_returning_are_on_record(service, people):
    checkout = check_out(service.context, "ZF00009", officer_code=None, actor=people["one"])
    check_in(service.context, "ZF00009", actor=people["one"])

    with service.context.unit_of_work() as work:
        events = [event.action for event, _ in work.custody.chain("recorder", checkout.recorder_id)]
    assert events == ["recorder.checked_out", "recorder.returned"]


def test_a_pool_recorder_shows_each_person_only_their_own_files(service, people):
    check_out(service.context, "ZF00009", officer_code=None, actor=people["one"])
    service.clock.advance(hours=1)
    check_in(service.context, "ZF00009", actor=people["one"])
    check_out(service.context, "ZF00009", officer_code=None, actor=people["two"])
    service.clock.advance(hours=1)
    first, second, nobodys = announce(service, POOL, "20261124_094500.MP4", "20261124_104500.MP4", "20261124_080000.MP4")

    with service.context.unit_of_work() as work:
        seen = {name: {clip_id for clip_id in (first, second, nobodys) if work.clips.find(clip_id, people[name])} for name in people}

    assert seen == {"one": {first}, "two": {second}, "city": {first, second, nobodys}}


def test_a_check_out_that_would_overlap_an_earlier_one_is_refused_by_the_database(service, people):
    checkout = check_out(service.context, "ZF00009", officer_code=None, actor=people["one"])
    service.clock.advance(hours=1)
    check_in(service.context, "ZF00009", actor=people["one"])
    service.clock.time = checkout.taken_at + timedelta(minutes=30)

    with pytest.raises(RecorderTakenError):
        check_out(service.context, "ZF00009", officer_code=None, actor=people["two"])
