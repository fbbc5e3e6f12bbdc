from datetime import date

import pytest

from service.appliance.demo_people import MARK, demo_people
from service.appliance.demo_roster import make_demo_roster
from service.roster.plan import Known
from service.roster.plan_import import plan_import

NOTHING_KNOWN = Known(top="0", agencies=frozenset({"0"}))


@pytest.mark.parametrize("today", [date(2020, 1, 1), date(2026, 11, 24), date(2026, 12, 31), date(2028, 2, 29)])
def test_the_roster_has_no_faults_on_any_day(today):
    roster = make_demo_roster(today)

    assert plan_import(roster, NOTHING_KNOWN).faults == ()
    assert (len(roster.agencies), len(roster.officers)) == (11, 1_000)


def test_the_same_day_gives_the_same_roster_and_every_day_the_same_people():
    roster = make_demo_roster(date(2026, 11, 24))
    later = make_demo_roster(date(2027, 6, 1))

    assert make_demo_roster(date(2026, 11, 24)) == roster
    assert [officer.code for officer in later.officers] == [officer.code for officer in roster.officers]
    assert holders(later) == holders(roster)


def test_everything_is_marked_and_nobody_has_a_name():
    roster = make_demo_roster(date(2026, 11, 24))

    assert all(agency.name.endswith(MARK) for agency in roster.agencies)
    assert all(recorder.model.endswith(MARK) for recorder in roster.recorders)
    assert all(officer.name == f"示范人员 {number:04}" for number, officer in enumerate(roster.officers, start=1))


def test_certificates_and_recorders_of_every_state_are_there():
    roster = make_demo_roster(date(2026, 11, 24))
    certificates = {str(change.state) for officer in roster.officers for item in officer.certificates for change in item.changes}
    recorders = {str(recorder.changes[-1].state) for recorder in roster.recorders}

    assert certificates == {"valid", "suspended", "withdrawn", "cancelled"}
    assert recorders == {"ordered", "delivered", "in_service", "in_repair", "lost", "sealed", "scrapped"}
    assert any(item.valid_until < date(2026, 11, 24) for officer in roster.officers for item in officer.certificates)


def holders(roster):
    own = {person.serial: person.code for person in demo_people()}
    return {recorder.serial: own[recorder.serial] for recorder in roster.recorders if recorder.serial in own and recorder.assignments}
