from datetime import UTC, datetime

import pytest

from evidence_store.actor import Role
from evidence_store.object_store.memory import MemoryObjectStore
from service.coverage.measure import measure_coverage, parse_as_of
from service.errors import NotPermittedError, UnknownAgencyError
from service.roster.apply_import import import_roster
from service.roster.errors import RosterRefusedError
from service.roster.rows import Roster
from tests.service_fixtures import running_service

ROSTER = {
    "agencies": [{"code": "01", "name": "示范市", "level": "city"}, {"code": "0101", "name": "示范县", "level": "county", "parent": "01"}],
    "officers": [
        {
            "code": f"{number:06}",
            "name": f"示范人员 {number:04}",
            "posts": [{"agency": "0101", "valid_from": "2024-01-01"}],
            "certificates": [{"number": f"C{number}", "valid_from": "2024-01-01", "valid_until": "2027-12-31"}],
        }
        for number in range(1, 4)
    ],
    "recorders": [
        {
            "serial": "ZF00001",
            "agency": "0101",
            "changes": [{"state": "in_service", "since": "2024-03-01"}, {"state": "in_repair", "since": "2026-10-01"}],
            "assignments": [{"officer": "000001", "valid_from": "2024-03-01"}],
        },
        {
            "serial": "ZF00002",
            "agency": "0101",
            "changes": [{"state": "in_service", "since": "2026-06-01"}],
            "assignments": [{"officer": "000002", "valid_from": "2026-06-01"}],
        },
    ],
}


@pytest.fixture
def service(tmp_path, database):
    with running_service(tmp_path, database, MemoryObjectStore()) as made:
        import_roster(made.context, Roster.model_validate(ROSTER), actor=made.people[Role.ADMINISTRATOR])
        yield made


def measured(service, as_of, **options):
    moment = parse_as_of(as_of, service.clock.now())
    found = measure_coverage(service.context, actor=service.people[Role.ADMINISTRATOR], as_of=moment, **options)
    return found.figure.numerator, found.figure.denominator, {item.code: str(item.reason) for item in found.missing}


def test_the_rate_follows_the_facts_of_the_day(service):
    assert measured(service, "2023-12-31") == (0, 0, {})
    assert measured(service, "2024-02-29")[:2] == (0, 3)
    assert measured(service, "2024-03-01")[:2] == (1, 3)
    assert measured(service, "2026-09-30")[:2] == (2, 3)
    assert measured(service, "2026-10-01") == (1, 3, {"000001": "in_repair", "000003": "no_recorder"})


def test_a_date_means_its_end_in_shanghai():
    assert parse_as_of("2026-12-31", datetime.now(UTC)) == datetime(2026, 12, 31, 15, 59, 59, 999999, tzinfo=UTC)


def test_a_certificate_counts_on_its_last_day_and_not_on_the_next(service):
    assert measured(service, "2027-12-31")[1] == 3
    assert measured(service, "2028-01-01")[1] == 0


@pytest.mark.parametrize("state", ["suspended", "withdrawn", "cancelled"])
def test_an_officer_without_a_valid_certificate_does_not_count_until_it_is_valid_again(service, state):
    changes = [
        {"state": state, "since": "2026-07-01", "reason": "示范", "document_number": "1"},
        {"state": "valid", "since": "2026-08-01", "reason": "示范", "document_number": "2"},
    ]
    officer = {**ROSTER["officers"][1]}
    officer["certificates"] = [{**officer["certificates"][0], "changes": changes}]
    import_roster(service.context, Roster.model_validate({"officers": [officer]}), actor=service.people[Role.ADMINISTRATOR])

    assert measured(service, "2026-06-30")[1] == 3
    assert measured(service, "2026-07-01")[1] == 2
    assert measured(service, "2026-08-01")[1] == 3


def test_the_same_roster_again_adds_nothing(service):
    result = import_roster(service.context, Roster.model_validate(ROSTER), actor=service.people[Role.ADMINISTRATOR])

    assert result.added == {}


def test_a_dry_run_tells_what_it_would_add_and_adds_nothing(service):
    roster = Roster.model_validate({"officers": [{"code": "000009", "name": "示范人员 0009"}]})

    dry = import_roster(service.context, roster, actor=service.people[Role.ADMINISTRATOR], is_dry_run=True)
    wet = import_roster(service.context, roster, actor=service.people[Role.ADMINISTRATOR])

    assert dry.added == wet.added == {"officer": 1}


def test_an_assignment_that_overlaps_a_known_one_is_refused_and_nothing_changes(service):
    recorder = {"serial": "ZF00002", "agency": "0101", "assignments": [{"officer": "000003", "valid_from": "2026-07-01"}]}

    with pytest.raises(RosterRefusedError, match="shares a day"):
        import_roster(service.context, Roster.model_validate({"recorders": [recorder]}), actor=service.people[Role.ADMINISTRATOR])

    assert measured(service, "2026-09-30")[:2] == (2, 3)


def test_a_reviewer_may_read_the_rate_and_not_change_the_roster(service):
    reviewer = service.people[Role.REVIEWER]

    assert measure_coverage(service.context, actor=reviewer).figure.denominator == 3
    with pytest.raises(NotPermittedError):
        import_roster(service.context, Roster(), actor=reviewer)


def test_an_agency_nobody_knows_is_said_so(service):
    with pytest.raises(UnknownAgencyError):
        measured(service, "2026-09-30", agency_code="nowhere")
