import csv
import io
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from evidence_store.actor import Role
from evidence_store.object_store.memory import MemoryObjectStore
from service.accounts.sign_in import sign_in
from service.cases.link_clips import link_clip
from service.cases.open_case import open_case
from service.coverage_reports.monthly_statistics import MonthCounts, parse_month, read_statistics
from service.errors import UnacceptableValueError, UnknownAgencyError
from service.ingest.end_session import end_session
from service.roster.apply_import import import_roster
from service.roster.rows import Roster
from tests.builders import IDENTITY, make_file
from tests.service_fixtures import PASSWORD, running_service


def recorder(serial, agency, state="in_service"):
    return {"serial": serial, "agency": agency, "changes": [{"state": state, "since": "2024-01-01"}]}


ROSTER = {
    "agencies": [{"code": "01", "name": "示范市", "level": "city"}, {"code": "0101", "name": "示范县", "level": "county", "parent": "01"}],
    "recorders": [recorder("ZF00001", "0101"), recorder("ZF00002", "0101"), recorder("ZF00003", "01", "in_repair")],
}


def dock(service, name, modified, content):
    return service.dock_one(make_file(f"DCIM/{name}.MP4", content, modified=modified), content)


@pytest.fixture(scope="module")
def service(tmp_path_factory, module_database):
    with running_service(tmp_path_factory.mktemp("statistics"), module_database, MemoryObjectStore()) as made:
        import_roster(made.context, Roster.model_validate(ROSTER), actor=made.administrator)
        first = dock(made, "A", "2026-11-24T08:15:30", b"same day")
        dock(made, "B", "2026-11-20T08:15:30", b"four days late")
        dock(made, "C", "2026-10-31T23:59:59", b"the month before")
        with made.context.unit_of_work() as work:
            work.clips.get(first).duration_s = 5400.0
        case_id = open_case(made.context, number="A-1", title="示范案件", actor=made.people[Role.REVIEWER])
        link_clip(made.context, case_id, first, purpose="evidence", actor=made.people[Role.REVIEWER])
        yield made


def month(service, text="2026-11", agency=None):
    return read_statistics(service.context, actor=service.people[Role.REVIEWER], month=text, agency_code=agency)


def test_a_month_is_counted_for_an_agency_with_all_below_it(service):
    found = month(service)

    assert found.total == MonthCounts(
        dockings=3, late_dockings=2, clips=2, footage_s=5400.0, clips_without_case=1, recorders=2, recorders_without_footage=1
    )
    assert found.total.footage_hours == 1.5
    assert not found.is_over
    assert [(place.code, counts.clips) for place, counts in found.parts] == [("01", 2)]
    assert [(depth, place.code) for depth, place, _ in found.everything] == [(0, "0"), (1, "01"), (2, "0101")]


def test_months_end_at_midnight_in_shanghai(service):
    assert (month(service, "2026-10").total.clips, month(service, "2026-10").total.dockings) == (1, 0)


def test_a_session_without_files_is_a_docking(service):
    before = month(service).total
    session_id = service.open(IDENTITY, uuid4())
    end_session(service.context, session_id, "finished", dock=service.dock)

    after = month(service).total

    assert (after.dockings, after.late_dockings) == (before.dockings + 1, before.late_dockings)


@pytest.mark.parametrize("text", ["2026-13", "2026", "1999-12", "2026-12", "x"])
def test_what_is_no_month_or_is_still_to_come_is_refused(text):
    with pytest.raises(UnacceptableValueError):
        parse_month(text, date(2026, 11, 24))


def test_no_month_is_the_present_one():
    assert parse_month("", datetime(2026, 11, 24, tzinfo=UTC).date()) == date(2026, 11, 1)


def test_another_agency_is_not_told(service):
    with pytest.raises(UnknownAgencyError):
        month(service, agency="99")


def test_the_page_the_api_and_the_files_tell_the_same(service):
    headers = {"Authorization": f"Bearer {sign_in(service.context, str(Role.REVIEWER), PASSWORD).token}"}
    with TestClient(create_app(service.context)) as client:
        page = client.get("/coverage/statistics?month=2026-11", headers={**headers, "Accept": "text/html"})
        answer = client.get("/api/v1/coverage/statistics?month=2026-11", headers=headers).json()
        table = client.get("/coverage/statistics/file?format=csv&month=2026-11", headers=headers)
        book = client.get("/api/v1/coverage/statistics/file?format=xlsx&month=2026-11", headers=headers)
        refused = client.get("/api/v1/coverage/statistics")

    rows = list(csv.reader(io.StringIO(table.content.decode("utf-8-sig"), newline="")))
    assert page.status_code == 200
    assert "示范市" in page.text
    assert (answer["month"], answer["agencies"][0]["footage_hours"]) == ("2026-11", 1.5)
    assert [row[0] for row in rows[1:]] == [item["agency_code"] for item in answer["agencies"]]
    assert rows[1][4] == "1.5"
    assert book.content.startswith(b"PK")
    assert refused.status_code == 401
