from datetime import date

import pytest
from pydantic import ValidationError

from service.roster.plan_import import KnownCodes, find_faults
from service.roster.rows import AgencyFacts, AssignmentFacts, CertificateFacts, OfficerCodeFacts, OfficerFacts, PostFacts, RecorderFacts, Roster

KNOWN = KnownCodes(frozenset({"0"}), frozenset())


def agency(code="A", parent="0"):
    return AgencyFacts(code=code, name="示范单位", level="city", parent=parent)


def person(code="000001", **facts):
    return OfficerFacts(code=code, name="示范人员 0001", **facts)


def numbered(first, last=None):
    return OfficerCodeFacts(code="101", valid_from=first, valid_until=last)


def recorder(*assignments):
    return RecorderFacts(serial="ZF00001", agency="0", assignments=assignments)


def assigned(first, last=None, **facts):
    return AssignmentFacts(officer="000001", valid_from=first, valid_until=last, **facts)


@pytest.mark.parametrize(
    ("roster", "fault"),
    [
        (Roster(agencies=[agency(), agency()]), "agency A: named 2 times"),
        (Roster(agencies=[agency(parent="X")]), "agency A: no agency X to hang below"),
        (Roster(agencies=[agency("A", "B"), agency("B", "A")]), "agency A: lies on a cycle"),
        (Roster(officers=[person(), person()]), "officer 000001: named 2 times"),
        (Roster(officers=[person(posts=[PostFacts(agency="X", valid_from="2024-01-01")])]), "officer 000001: no agency X"),
        (
            Roster(
                officers=[person(certificates=[CertificateFacts(number="N1", valid_from="2024-01-01", valid_until="2028-01-01")] * 2)],
            ),
            "certificate N1: named 2 times",
        ),
        (Roster(recorders=[recorder(assigned("2024-01-01"))]), "recorder ZF00001: no officer 000001"),
        (
            Roster(officers=[person()], recorders=[recorder(assigned("2024-01-01", "2024-06-30"), assigned("2024-06-30"))]),
            "recorder ZF00001, exclusive assignments: two share 2024-06-30",
        ),
        (
            Roster(officers=[person()], recorders=[recorder(assigned("2024-01-01"), assigned("2024-06-30", is_exclusive=False))]),
            "recorder ZF00001: exclusive and pool assignment share a day",
        ),
        (
            Roster(officers=[person(codes=[numbered("2024-01-01", "2024-06-30")]), person("000002", codes=[numbered("2024-06-30")])]),
            "code 101: two share 2024-06-30",
        ),
        (
            Roster(officers=[person(codes=[numbered("2024-06-30", "2024-06-01")])]),
            "officer 000001, codes: ends 2024-06-01 before it begins 2024-06-30",
        ),
        (
            Roster(officers=[person()], recorders=[recorder(assigned("2024-06-30", "2024-06-01"))]),
            "recorder ZF00001, assignments: ends 2024-06-01 before it begins 2024-06-30",
        ),
    ],
)
def test_a_roster_that_contradicts_itself_is_refused_with_the_place(roster, fault):
    assert fault in find_faults(roster, KNOWN)


def test_a_roster_without_faults_has_none():
    roster = Roster(
        agencies=[agency()],
        officers=[person(posts=[PostFacts(agency="A", valid_from="2024-01-01")])],
        recorders=[recorder(assigned("2024-01-01", "2024-06-30"), assigned("2024-07-01"))],
    )

    assert find_faults(roster, KNOWN) == []


@pytest.mark.parametrize("day", ["1900-01-01", "2999-01-01", "2024-02-30"])
def test_days_out_of_bounds_are_refused(day):
    with pytest.raises(ValidationError):
        PostFacts(agency="A", valid_from=day)


def test_a_day_is_kept_as_a_day():
    assert PostFacts(agency="A", valid_from="2024-01-01").valid_from == date(2024, 1, 1)
