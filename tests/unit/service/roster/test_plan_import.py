from datetime import date
from uuid import UUID

import pytest
from pydantic import ValidationError

from evidence_store.repositories.roster import StandingFact
from service.language import Language, texts_in
from service.roster.find_faults import may_scrap
from service.roster.plan import Known
from service.roster.plan_import import plan_import
from service.roster.rows import AgencyFacts, CertificateFacts, PostFacts, Roster
from service.roster.tellings import flatten

TOP, ROW = "0", UUID(int=1)
EMPTY = Known(top=TOP, agencies=frozenset({TOP, "B"}), elsewhere=frozenset({"Z"}))


def agency(code="A", parent=TOP, **facts):
    return {"code": code, "name": "示范单位", "level": "city", "parent": parent, **facts}


def person(code="000001", **facts):
    return {"code": code, "name": "示范人员 0001", **facts}


def post(first="2024-01-01", last=None, agency=TOP, **facts):
    return {"agency": agency, "valid_from": first, "valid_until": last, **facts}


def certificate(number="N1", first="2024-01-01", last="2028-01-01", **facts):
    return {"number": number, "valid_from": first, "valid_until": last, **facts}


def numbered(first, last=None):
    return {"code": "101", "valid_from": first, "valid_until": last}


def recorder(*assignments, **facts):
    return {"serial": "ZF00001", "agency": TOP, "assignments": assignments, **facts}


def assigned(first, last=None, **facts):
    return {"officer": "000001", "valid_from": first, "valid_until": last, **facts}


def plan(known=EMPTY, **roster):
    return plan_import(Roster.model_validate(roster), known)


def told(planned):
    """The faults of a plan, as people read them."""
    return [fault.told(texts_in(Language.EN)) for fault in planned.faults]


def standing_after(known=EMPTY, **roster):
    """What is known once a roster was taken in."""
    told = Roster.model_validate(roster)
    facts = {}
    for change in plan_import(told, known).changes:
        facts.setdefault(change.telling.table, {})[change.telling.key] = StandingFact(ROW, change.after)
    officers = {officer.code: officer.name for officer in told.officers}
    agencies = known.agencies | {one.code for one in told.agencies}
    recorders = {one.serial: one.model for one in told.recorders}
    return Known(top=TOP, agencies=agencies, elsewhere=known.elsewhere, officers=officers, recorders=recorders, standing=facts)


@pytest.mark.parametrize(
    ("roster", "fault"),
    [
        ({"agencies": [agency(), agency()]}, "agency A, from 1950-01-01: told 2 times"),
        ({"agencies": [agency(parent="X")]}, "agency A, from 1950-01-01: no agency X to hang below"),
        ({"agencies": [agency("Z")]}, "agency Z: belongs to an agency that is not yours to change"),
        ({"agencies": [agency("A", "B"), agency("B", "A")]}, "agency A: lies on a cycle on 1950-01-01"),
        (
            {
                "agencies": [
                    agency("A", "B", valid_from="2026-01-01"),
                    agency("B", TOP, valid_until="2026-06-30"),
                    agency("B", "A", valid_from="2026-07-01"),
                ]
            },
            "agency B: lies on a cycle on 2026-07-01",
        ),
        (
            {"agencies": [agency(valid_until="2026-06-30"), agency(valid_from="2026-06-30")]},
            "agency A, from 2026-06-30: 2026-06-30 – … shares a day with 1950-01-01 – 2026-06-30",
        ),
        (
            {"agencies": [agency(successors=[{"agency": "X", "kind": "merge", "since": "2027-01-01", "document_number": "1", "reason": "r"}])]},
            "agency A, successor X since 2027-01-01: no agency X",
        ),
        ({"officers": [person(), person()]}, "officer 000001: named 2 times"),
        ({"officers": [person(posts=[post(agency="X")])]}, "officer 000001, post from 2024-01-01: no agency X"),
        ({"officers": [person(certificates=[certificate(), certificate()])]}, "certificate N1, from 2024-01-01: told 2 times"),
        (
            {"officers": [person(certificates=[certificate()]), person("000002", certificates=[certificate(first="2025-01-01")])]},
            "certificate N1: told of officers 000001, 000002",
        ),
        (
            {"officers": [person(certificates=[certificate(last="2060-01-01")])]},
            "certificate N1, from 2024-01-01: lasts until 2060-01-01, more than 30 years",
        ),
        (
            {"officers": [person(posts=[post("2024-01-01", "2024-06-30"), post("2024-06-30")])]},
            "officer 000001, post from 2024-06-30: 2024-06-30 – …, 0 shares a day with 2024-01-01 – 2024-06-30, 0",
        ),
        ({"recorders": [recorder(assigned("2024-01-01"))]}, "recorder ZF00001, assignment to 000001 from 2024-01-01: no officer 000001"),
        ({"recorders": [recorder(agency="X")]}, "recorder ZF00001: no agency X"),
        (
            {"officers": [person()], "recorders": [recorder(assigned("2024-01-01", "2024-06-30"), assigned("2024-06-30"))]},
            "recorder ZF00001, assignment to 000001 from 2024-06-30: 000001, 2024-06-30 – … shares a day with 000001, 2024-01-01 – 2024-06-30",
        ),
        (
            {"officers": [person()], "recorders": [recorder(assigned("2024-01-01"), assigned("2024-06-30", is_exclusive=False))]},
            "recorder ZF00001, assignment to 000001 from 2024-06-30: 000001, 2024-06-30 – … shares a day with 000001, 2024-01-01 – …",
        ),
        (
            {"officers": [person(codes=[numbered("2024-01-01", "2024-06-30")]), person("000002", codes=[numbered("2024-06-30")])]},
            "code 101, from 2024-06-30: 000002, 2024-06-30 – … shares a day with 000001, 2024-01-01 – 2024-06-30",
        ),
        (
            {"officers": [person(codes=[numbered("2024-06-30", "2024-06-01")])]},
            "code 101, from 2024-06-30: ends 2024-06-01 before it begins 2024-06-30",
        ),
        (
            {"recorders": [recorder(changes=[{"state": "scrapped", "since": "2026-01-01"}])]},
            "recorder ZF00001, state since 2026-01-01: scrapped without a wipe on record",
        ),
        (
            {"targets": [{"agency": "X", "due_on": "2026-12-31", "share": "1", "document_number": "1"}]},
            "target of X for 2026-12-31: no agency X",
        ),
    ],
)
def test_what_contradicts_itself_is_a_fault_with_its_place(roster, fault):
    assert fault in told(plan(**roster))


def test_every_fault_is_told_at_once():
    officers = [person(posts=[post(agency="X")], certificates=[certificate(), certificate()])]

    assert len(plan(officers=officers, recorders=[recorder(assigned("2024-06-30", "2024-01-01"))]).faults) == 3


def test_new_facts_are_creations_with_their_subjects():
    officers = [person(posts=[post(agency="A")], certificates=[certificate()])]

    planned = plan(agencies=[agency()], officers=officers, recorders=[recorder(assigned("2024-01-01"))])

    assert planned.faults == ()
    assert [one.code for one in planned.agencies] == ["A"]
    assert (planned.officers, planned.certificates, planned.recorders) == (("000001",), ("N1",), ("ZF00001",))
    tables = {change.telling.table for change in planned.changes}
    assert tables == {"agency_place", "officer_post", "certificate_term", "recorder_place", "assignment"}
    assert all(change.before is None for change in planned.changes)


def test_the_same_again_changes_nothing():
    roster = {
        "agencies": [agency()],
        "officers": [person(posts=[post(agency="A", duty_state="long_leave")], certificates=[certificate()])],
        "recorders": [recorder(assigned("2024-01-01"), model="M", uses=[{"used_on": "2026-01-01", "source": "P"}])],
        "targets": [{"agency": "B", "due_on": "2026-12-31", "share": "0.95", "document_number": "1"}],
    }

    again = plan(standing_after(**roster), **roster)

    assert (again.changes, again.faults, again.touches_from) == ((), (), None)


def test_an_end_that_is_told_later_changes_what_stands_and_touches_only_the_days_after_it():
    known = standing_after(officers=[person(posts=[post()])])

    planned = plan(known, officers=[person(posts=[post(last="2026-06-30")])])

    (change,) = planned.changes
    assert (change.before.content["valid_until"], change.after["valid_until"]) == (None, date(2026, 6, 30))
    assert planned.touches_from == date(2026, 7, 1)


def test_a_duty_state_that_is_told_otherwise_touches_every_day_of_the_post():
    known = standing_after(officers=[person(posts=[post()])])

    assert plan(known, officers=[person(posts=[post(duty_state="retired")])]).touches_from == date(2024, 1, 1)


def test_what_is_withdrawn_is_superseded_without_a_successor_and_only_once():
    known = standing_after(officers=[person(posts=[post()])])
    roster = {"officers": [person(posts=[post(withdrawn=True)])]}

    (change,) = plan(known, **roster).changes

    assert change.after is None
    assert plan(EMPTY, **roster).changes == ()


def test_a_new_post_beside_one_that_still_lasts_is_refused_unless_the_same_roster_ends_it():
    known = standing_after(officers=[person(posts=[post()])])

    assert plan(known, officers=[person(posts=[post("2026-07-01", agency="B")])]).faults
    assert not plan(known, officers=[person(posts=[post(last="2026-06-30"), post("2026-07-01", agency="B")])]).faults


def test_a_person_known_by_another_name_is_a_conflict_and_one_without_a_name_is_not():
    named = Known(top=TOP, agencies=EMPTY.agencies, officers={"000001": "别人"})
    nameless = Known(top=TOP, agencies=EMPTY.agencies, officers={"000001": ""})

    assert told(plan(named, officers=[person()])) == ["officer 000001: is known by another name"]
    assert plan(nameless, officers=[person()]).faults == ()


def test_a_recorder_that_moves_ends_where_it_belonged_the_day_before():
    known = standing_after(recorders=[recorder()])

    planned = plan(known, recorders=[recorder(agency="B", agency_since="2026-07-01")])

    assert [(change.telling.key[1], change.after["agency"], change.after["valid_until"]) for change in planned.changes] == [
        (date(1950, 1, 1), TOP, date(2026, 6, 30)),
        (date(2026, 7, 1), "B", None),
    ]
    assert told(plan(known, recorders=[recorder(agency="B")])) == ["recorder ZF00001: belongs to 0; since when it belongs to B is not told"]


def test_who_serves_elsewhere_is_not_changed_from_here():
    elsewhere = {"officer_post": {("000001", date(2024, 1, 1)): StandingFact(ROW, {"agency": "Z", "valid_until": None})}}
    known = Known(top=TOP, agencies=EMPTY.agencies, elsewhere=EMPTY.elsewhere, officers={"000001": ""}, standing=elsewhere)

    assert told(plan(known, officers=[person()])) == ["officer 000001: belongs to an agency that is not yours to change"]


@pytest.mark.parametrize(
    ("content", "unsealed", "reason"),
    [
        ({"state": "scrapped", "wipe": {}}, 0, None),
        ({"state": "scrapped", "wipe": None}, 0, "scrapped_without_wipe"),
        ({"state": "scrapped", "wipe": {}}, 2, "scrapped_unsealed"),
        ({"state": "in_repair", "wipe": None}, 2, None),
        ({"state": "in_repair", "wipe": {}}, 0, "wipe_of_another_state"),
    ],
)
def test_a_recorder_is_scrapped_only_after_a_proven_wipe(content, unsealed, reason):
    assert may_scrap(content, unsealed) == reason


@pytest.mark.parametrize("day", ["1900-01-01", "2999-01-01", "2024-02-30"])
def test_days_out_of_bounds_are_refused(day):
    with pytest.raises(ValidationError):
        PostFacts(agency="A", valid_from=day)


def test_a_certificate_from_before_1990_is_refused():
    with pytest.raises(ValidationError):
        CertificateFacts(number="N1", valid_from="1989-12-31", valid_until="2020-01-01")


def test_a_telling_keeps_days_as_days_and_states_as_text():
    (telling,) = flatten(Roster(agencies=[AgencyFacts(code="A", name="示范单位", level="city")]))

    assert telling.key == ("A", date(1950, 1, 1))
    assert type(telling.content["level"]) is str
