"""A roster on real PostgreSQL: corrections supersede, everything wrong is refused by name, and then the ledger is what it was."""

import io
import threading
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import psycopg
import pytest
from sqlalchemy import text

from evidence_store.actor import Actor, ActorKind, Role, Scope
from evidence_store.models.base import Base
from evidence_store.object_store.memory import MemoryObjectStore
from service.coverage.measure import measure_coverage, parse_as_of
from service.coverage.restate import restate_snapshots
from service.language import Language, texts_in
from service.roster import plan_import
from service.roster.apply_import import RosterSource, import_roster
from service.roster.confirm_roster import confirm_roster, list_confirmations
from service.roster.errors import OtherFileError, RosterFileRefusedError, RosterRefusedError
from service.roster.export_roster import export_roster
from service.roster.import_file import import_file
from service.roster.move_due import move_due_daily
from service.roster.rows import Roster
from service.roster.tell_plan import fault_text
from service.roster.write_workbook import write_workbook
from tests.builders import IDENTITY, make_file
from tests.service_fixtures import running_service

TABLES = sorted(table for table in Base.metadata.tables if table not in {"access_token", "user_account"})
AGENCIES = [
    {"code": "01", "name": "示范市", "level": "city"},
    {"code": "0101", "name": "示范县", "level": "county", "parent": "01"},
    {"code": "02", "name": "样例市", "level": "city"},
]


def officer(number=1, agency="0101", **facts):
    code = f"{number:06}"
    posts = [{"agency": agency, "valid_from": "2024-01-01"}]
    certificates = [{"number": f"C{number}", "valid_from": "2024-01-01", "valid_until": "2027-12-31"}]
    return {"code": code, "name": f"示范人员 {number}", "posts": posts, "certificates": certificates, **facts}


def recorder(number=1, **facts):
    changes = [{"state": "in_service", "since": "2024-02-01"}]
    assignments = [{"officer": f"{number:06}", "valid_from": "2024-02-01"}]
    return {"serial": f"ZF{number}", "model": "M", "agency": "0101", "changes": changes, "assignments": assignments, **facts}


ROSTER = {"agencies": AGENCIES, "officers": [officer(1), officer(2), officer(3, "02")], "recorders": [recorder(1)]}


@pytest.fixture
def service(tmp_path, database):
    with running_service(tmp_path, database, MemoryObjectStore()) as made:
        take_in(made, ROSTER)
        made.clock.advance(days=1)
        yield made


def take_in(service, roster, *, actor=None, **options):
    return import_roster(service.context, Roster.model_validate(roster), actor=actor or service.administrator, **options)


def faults_of(service, roster, **options):
    with pytest.raises(RosterRefusedError) as refused:
        take_in(service, roster, **options)
    return [fault_text(fault, texts_in(Language.EN)) for fault in refused.value.faults]


def contents(service):
    """Everything in the database, but sign-ins."""
    with service.context.unit_of_work() as work:
        return {table: sorted(map(str, work._session.execute(text(f"SELECT * FROM {table}")))) for table in TABLES}  # noqa: S608 - names of models


def rate(service, day):
    found = measure_coverage(service.context, actor=service.administrator, as_of=parse_as_of(day, service.clock.now()))
    return found.figure.numerator, found.figure.denominator


def administrator_of(service, code):
    with service.context.unit_of_work() as work:
        agency = work.agencies.by_code(code)
    return Actor(ActorKind.USER, "somebody", "somebody", Role.ADMINISTRATOR, agency.id, Scope(agency.path))


def waiting(service, job):
    with service.context.unit_of_work() as work:
        return work.jobs.count_waiting(job.job_name)


def test_a_correction_supersedes_what_stood_and_both_stay_known(service):
    retired = officer(2, posts=[{"agency": "0101", "valid_from": "2024-01-01", "duty_state": "retired", "document_number": "7", "reason": "退休"}])

    result = take_in(service, {"officers": [retired]}, source=RosterSource("json", "a", "0" * 64))

    assert (result.added, result.superseded) == ({"officer_post": 1}, {"officer_post": 1})
    with service.context.unit_of_work() as work:
        rows = work._session.execute(
            text(
                "SELECT duty_state, recorded_at, superseded_at, superseded_by FROM officer_post f JOIN officer o ON o.id = f.officer_id "
                "WHERE o.code = '000002' ORDER BY recorded_at"
            )
        ).all()
    assert [row.duty_state for row in rows] == ["on_duty", "retired"]
    assert (rows[0].superseded_at, rows[0].superseded_by) == (rows[1].recorded_at, result.change_id)
    assert rate(service, "2024-06-01")[1] == 2
    assert waiting(service, restate_snapshots) == 1


def test_what_is_withdrawn_leaves_nothing_standing_and_the_past_known(service):
    gone = recorder(1, assignments=[{"officer": "000001", "valid_from": "2024-02-01", "withdrawn": True}])

    take_in(service, {"recorders": [gone]})

    assert rate(service, "2024-06-01") == (0, 3)
    assert take_in(service, {"recorders": [gone]}).change_id is None


def test_a_post_that_begins_while_another_lasts_is_refused_with_both_named(service):
    moved = officer(2, posts=[{"agency": "02", "valid_from": "2026-07-01"}])

    assert faults_of(service, {"officers": [moved]}) == [
        "officer 000002, post from 2026-07-01: 2026-07-01 – …, 02 shares a day with 2024-01-01 – …, 0101"
    ]


def test_a_change_is_logged_with_its_source_and_counts(service):
    result = take_in(service, {"officers": [officer(4)]}, source=RosterSource("xlsx", "名册.xlsx", "ab" * 32))

    with service.context.unit_of_work() as work:
        told = [event for event, _ in work.custody.chain("roster", result.change_id)]
        change = work._session.execute(text("SELECT * FROM roster_change ORDER BY recorded_at DESC LIMIT 1")).one()
    assert [event.action for event in told] == ["roster.imported", "rows.added"]
    assert (change.origin, change.source_name, change.source_sha256) == ("xlsx", "名册.xlsx", "ab" * 32)
    assert change.added == {"certificate": 1, "certificate_term": 1, "officer": 1, "officer_post": 1}


@pytest.mark.parametrize(
    ("roster", "fault"),
    [
        ({"officers": [officer(4), officer(5, certificates=officer(4)["certificates"])]}, "certificate C4: told of officers 000004, 000005"),
        ({"officers": [officer(4, certificates=officer(4)["certificates"] * 2)]}, "certificate C4, from 2024-01-01: told 2 times"),
        (
            {"agencies": [{**AGENCIES[0], "parent": "0101"}]},
            "agency 01: lies on a cycle on 1950-01-01",
        ),
        (
            {"agencies": [{**AGENCIES[0], "valid_until": "2027-01-31"}, {**AGENCIES[0], "parent": "0101", "valid_from": "2027-02-01"}]},
            "agency 01: lies on a cycle on 2027-02-01",
        ),
        (
            {"recorders": [recorder(1, assignments=[{"officer": "000002", "valid_from": "2025-01-01"}])]},
            "recorder ZF1, assignment to 000002 from 2025-01-01: 000002, 2025-01-01 – … shares a day with 000001, 2024-02-01 – …",
        ),
        (
            {"recorders": [recorder(1, assignments=[{"officer": "000002", "valid_from": "2025-01-01", "is_exclusive": False}])]},
            "recorder ZF1, assignment to 000002 from 2025-01-01: 000002, 2025-01-01 – … shares a day with 000001, 2024-02-01 – …",
        ),
        ({"officers": [officer(4, agency="nowhere")]}, "officer 000004, post from 2024-01-01: no agency nowhere"),
        ({"recorders": [recorder(9, agency="nowhere", assignments=[])]}, "recorder ZF9: no agency nowhere"),
        ({"recorders": [recorder(9)]}, "recorder ZF9, assignment to 000009 from 2024-02-01: no officer 000009"),
        ({"officers": [officer(1, name="另一姓名")]}, "officer 000001: is known by another name"),
        ({"officers": [{"code": "000009"}]}, "officer 000009: is not known, and no name is told"),
        ({"recorders": [{"serial": "ZF9"}]}, "recorder ZF9: is not known, and no agency is told"),
        ({"recorders": [recorder(1, agency="02")]}, "recorder ZF1: belongs to 0101; since when it belongs to 02 is not told"),
        (
            {"officers": [officer(4, certificates=[{"number": "C4", "valid_from": "2024-01-01", "valid_until": "2099-01-01"}])]},
            "certificate C4, from 2024-01-01: lasts until 2099-01-01, more than 30 years",
        ),
    ],
)
def test_what_is_wrong_is_refused_by_name_and_the_ledger_is_what_it_was(service, roster, fault):
    before = contents(service)

    assert fault in faults_of(service, {"officers": [officer(6)], **roster})
    assert contents(service) == before


def test_a_dry_run_tells_changes_and_conflicts_and_changes_nothing(service):
    before = contents(service)
    roster = {"officers": [officer(1, posts=[{"agency": "0101", "valid_from": "2024-01-01", "valid_until": "2026-01-01"}]), {"code": "000009"}]}

    planned = take_in(service, roster, is_dry_run=True).plan

    assert [change.kind for change in planned.changes] == ["changed"]
    assert [fault.code for fault in planned.faults] == ["without_name"]
    assert contents(service) == before


def test_two_writers_racing_for_a_recorder_have_one_winner_and_one_refusal(service):
    take_in(service, {"recorders": [recorder(1, assignments=[{"officer": "000001", "valid_from": "2024-02-01", "valid_until": "2026-10-31"}])]})
    start, outcomes = threading.Barrier(2), []

    def write(number):
        start.wait()
        try:
            take_in(service, {"recorders": [recorder(1, assignments=[{"officer": f"{number:06}", "valid_from": "2026-11-01"}])]})
            outcomes.append("written")
        except RosterRefusedError:
            outcomes.append("refused")

    threads = [threading.Thread(target=write, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["refused", "written"]


def test_the_database_itself_refuses_what_a_writer_past_the_plan_would_overlap(service, database):
    with psycopg.connect(database.application_url.replace("+psycopg", "")) as connection, pytest.raises(psycopg.errors.RaiseException):
        connection.execute(
            "INSERT INTO assignment (id, recorder_id, officer_id, is_exclusive, valid_from, recorded_at) "
            "SELECT gen_random_uuid(), recorder_id, officer_id, true, '2026-01-01', now() FROM assignment LIMIT 1"
        )


def test_what_the_database_refuses_is_a_refusal_like_any_other(service, monkeypatch):
    before = contents(service)
    monkeypatch.setattr(plan_import, "faults_afterwards", lambda *_: [])

    faults = faults_of(service, {"recorders": [recorder(1, assignments=[{"officer": "000002", "valid_from": "2025-01-01"}])]})

    assert faults == ["contradicts what is known: assignment_without_overlap"]
    assert contents(service) == before


def test_an_agency_moves_on_its_day_and_its_footage_is_seen_from_there(service):
    city, clip = administrator_of(service, "01"), "0101"
    moved = [{**AGENCIES[1], "valid_until": "2026-12-31"}, {**AGENCIES[1], "name": "示范新县", "parent": "02", "valid_from": "2027-01-01"}]
    take_in(service, {"agencies": moved})

    def within(code):
        with service.context.unit_of_work() as work:
            return {agency.code for agency in work.agencies.within(administrator_of(service, code).scope)}

    assert within("01") == {"01", clip}
    service.clock.time = datetime(2026, 12, 31, 16, 1, tzinfo=UTC)
    move_due_daily(service.context)

    assert (within("01"), within("02")) == ({"01"}, {"02", "0101"})
    assert city.scope.agency_path == "/0/01/"
    with service.context.unit_of_work() as work:
        agency = work.agencies.by_code("0101")
        assert (agency.name, [event.action for event, _ in work.custody.chain("agency", agency.id)]) == ("示范新县", ["agency.moved"])


def test_a_recorder_moves_on_its_day(service):
    take_in(service, {"recorders": [{"serial": "ZF1", "agency": "02", "agency_since": "2026-12-01"}]})

    def place():
        with service.context.unit_of_work() as work:
            found = work.roster.recorders(["ZF1"])["ZF1"]
            return work.agencies.get(found.agency_id).code, [event.action for event, _ in work.custody.chain("recorder", found.id)]

    assert place() == ("0101", [])
    service.clock.time = datetime(2026, 11, 30, 16, 1, tzinfo=UTC)
    move_due_daily(service.context)

    assert place() == ("02", ["recorder.moved"])


def test_a_level_changes_what_is_its_own_and_nothing_else(service):
    city = administrator_of(service, "02")
    held = officer(3, "02", certificates=[{"number": "C1", "valid_from": "2024-01-01", "valid_until": "2027-12-31"}])

    assert take_in(service, {"officers": [officer(7, "02")]}, actor=city).added["officer"] == 1
    assert faults_of(service, {"officers": [officer(1, "02")]}, actor=city)[0] == "officer 000001: belongs to an agency that is not yours to change"
    assert faults_of(service, {"officers": [held]}, actor=city) == [
        "certificate C1, from 2024-01-01: is held by an officer of an agency that is not yours to change"
    ]
    assert faults_of(service, {"agencies": [{**AGENCIES[2], "name": "另一名"}]}, actor=city) == [
        "agency 02: belongs to an agency that is not yours to change"
    ]
    assert faults_of(
        service, {"recorders": [{"serial": "ZF9", "agency": "02", "assignments": [{"officer": "000001", "valid_from": "2026-01-01"}]}]}, actor=city
    ) == ["officer 000001: belongs to an agency that is not yours to change"]


def test_a_recorder_is_scrapped_only_when_it_was_wiped_and_everything_it_announced_is_sealed(service):
    wipe = {"method": "覆写", "document_number": "1", "wiped_on": "2026-11-01"}
    state = {"state": "scrapped", "since": "2026-11-02", "document_number": "2", "reason": "报废"}
    identity = replace(IDENTITY, serial="ZF1")
    session_id = service.open(identity)
    (announced,) = service.announce(session_id, make_file("A.MP4", b"footage"), identity=identity)

    assert faults_of(service, {"recorders": [recorder(1, changes=[state])]})[0].endswith("scrapped without a wipe on record")
    assert faults_of(service, {"recorders": [recorder(1, changes=[{**state, "wipe": wipe}])]})[0].endswith(
        "1 of its clips are announced and not sealed"
    )
    service.upload(session_id, announced.clip_id, b"footage")
    service.seal(announced.clip_id)

    assert take_in(service, {"recorders": [recorder(1, changes=[{**state, "wipe": wipe}])]}).added == {"recorder_status": 1}


def test_uses_and_targets_are_kept_and_touch_no_figure(service):
    target = {"agency": "01", "due_on": "2026-12-31", "share": "0.95", "document_number": "1"}
    uses = recorder(1, uses=[{"used_on": "2026-11-01", "source": "厂家平台"}])

    first = take_in(service, {"recorders": [uses], "targets": [target]})
    again = take_in(service, {"recorders": [uses], "targets": [target]})
    other = take_in(service, {"targets": [{**target, "share": "0.9"}]})

    assert (first.added, first.plan.touches_from) == ({"recorder_use": 1, "coverage_target": 1}, None)
    assert again.change_id is None
    assert (other.added, other.superseded) == ({"coverage_target": 1}, {"coverage_target": 1})
    assert other.plan.changes[0].before.content["share"] == Decimal("0.95")


def test_an_agency_closes_and_another_takes_it_over(service):
    successor = {"agency": "02", "kind": "merge", "since": "2027-01-01", "document_number": "9", "reason": "合并"}
    closed = {**AGENCIES[1], "valid_until": "2026-12-31", "successors": [successor]}

    result = take_in(service, {"agencies": [closed]})

    assert result.added == {"agency_place": 1, "agency_succession": 1}
    assert result.plan.touches_from == date(2027, 1, 1)


def test_the_exported_roster_taken_in_again_changes_nothing(service):
    wiped = {"method": "覆写", "document_number": "1", "wiped_on": "2026-11-01"}
    states = [
        {"state": "in_service", "since": "2024-02-01"},
        {"state": "scrapped", "since": "2026-11-02", "document_number": "2", "reason": "=1+1", "wipe": wiped},
    ]
    changes = [
        {"state": state, "since": f"2026-0{number}-01", "reason": "示范", "document_number": str(number)}
        for number, state in ((3, "suspended"), (4, "valid"))
    ]
    certificate = {**officer(2)["certificates"][0], "changes": changes}
    take_in(service, {"officers": [officer(2, certificates=[certificate])], "recorders": [recorder(2, assignments=[], changes=states)]})
    take_in(service, {"recorders": [{"serial": "ZF1", "agency": "02", "agency_since": "2026-12-01"}]})

    content = export_roster(service.context, actor=service.administrator)
    result = import_file(service.context, content, "roster.xlsx", actor=service.administrator, is_dry_run=True).result

    assert ([change.telling for change in result.plan.changes], result.plan.faults) == ([], ())
    assert openpyxl.load_workbook(io.BytesIO(content))["记录仪"]["H4"].value == "=1+1"


def test_a_file_is_applied_only_as_it_was_shown_and_its_faults_have_places(service):
    rows = {
        "officers": [
            {
                "officer": "000008",
                "name": "示范人员 8",
                "agency": "nowhere",
                "is_front_line": "yes",
                "duty_state": "on_duty",
                "valid_from": date(2024, 1, 1),
            }
        ]
    }
    content, good = write_workbook(rows), write_workbook({"officers": [{**rows["officers"][0], "agency": "01"}]})

    shown = import_file(service.context, content, "a.xlsx", actor=service.administrator, is_dry_run=True)
    (fault,) = shown.result.plan.faults

    assert (fault.place.sheet, fault.place.row, fault.place.column) == ("人员", 2, "单位代码")
    with pytest.raises(RosterFileRefusedError):
        import_file(service.context, content, "a.xlsx", actor=service.administrator)
    with pytest.raises(OtherFileError):
        import_file(service.context, good, "a.xlsx", actor=service.administrator, expected_sha256=shown.sha256)
    taken = import_file(service.context, good, "a.xlsx", actor=service.administrator)
    assert taken.result.added == {"officer": 1, "officer_post": 1}


def test_each_level_sees_who_has_not_confirmed_this_month(service):
    city = administrator_of(service, "01")
    first = confirm_roster(service.context, actor=city)
    service.clock.advance(hours=1)

    again = confirm_roster(service.context, actor=service.administrator, agency_code="01")

    assert (again.confirmed_by, again.confirmed_at) == ("somebody", first.confirmed_at)
    told = list_confirmations(service.context, actor=service.administrator)
    assert ({one.agency.code for one in told.agencies if one.confirmed_at is None}, told.confirmed) == ({"0", "0101", "02"}, 1)
    with service.context.unit_of_work() as work:
        assert [event.action for event, _ in work.custody.chain("agency", first.agency.id)] == ["roster.confirmed"]
    service.clock.advance(days=30)
    assert list_confirmations(service.context, actor=city).confirmed == 0
