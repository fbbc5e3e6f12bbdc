import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from evidence_store.actor import Role
from evidence_store.object_store.memory import MemoryObjectStore
from service.accounts.sign_in import sign_in
from service.cli import coverage
from service.coverage.errors import SnapshotNotFoundError
from service.coverage.freeze import freeze_due
from service.coverage.measure import cut_off
from service.coverage_reports.draw import rank_of
from service.coverage_reports.sample import WantedSample, draw_sample
from service.errors import UnacceptableValueError, UnknownAgencyError
from service.roster.apply_import import import_roster
from service.roster.rows import Roster
from tests.service_fixtures import PASSWORD, running_service

INSTALLED = datetime(2026, 12, 30, 3, tzinfo=UTC)
DAY = INSTALLED.date() + timedelta(days=1)
SEED = "root of the next day"
SUSPENDED = {"state": "suspended", "since": "2026-06-01", "reason": "投诉", "document_number": "示执〔2026〕1号"}
VALID_AGAIN = {"state": "valid", "since": "2026-07-01", "reason": "查无实据", "document_number": "示执〔2026〕2号"}


def officer(number, **changes):
    certificate = {"number": f"C{number}", "valid_from": "2024-01-01", "valid_until": "2029-12-31", **changes}
    posts = [{"agency": "01" if number % 2 else "02", "valid_from": "2024-01-01", "document_number": f"任{number}"}]
    return {"code": f"{number:06}", "name": f"示范人员 {number}", "posts": posts, "certificates": [certificate]}


ROSTER = {
    "agencies": [{"code": "01", "name": "示范市", "level": "city"}, {"code": "02", "name": "另一市", "level": "city"}],
    "officers": [officer(1, changes=[SUSPENDED, VALID_AGAIN]), *(officer(number) for number in range(2, 13))],
    "recorders": [
        {
            "serial": "ZF00001",
            "agency": "01",
            "changes": [{"state": "in_service", "since": "2024-03-01", "document_number": "验1"}],
            "assignments": [{"officer": "000001", "valid_from": "2024-03-01"}],
        }
    ],
}


@pytest.fixture(scope="module")
def service(tmp_path_factory, module_database):
    with running_service(tmp_path_factory.mktemp("sample"), module_database, MemoryObjectStore(), started_at=INSTALLED) as made:
        import_roster(made.context, Roster.model_validate(ROSTER), actor=made.administrator)
        made.clock.time = cut_off(DAY) + timedelta(minutes=10)
        freeze_due(made.context)
        yield made


@pytest.fixture
def snapshot(service):
    with service.context.unit_of_work() as work:
        return work.snapshots.latest(work.agencies.top().id, limit=1)[0]


def sample_of(service, snapshot, *, seed=SEED, count=5, agency=None):
    return draw_sample(service.context, WantedSample(snapshot.id, seed, count, agency), actor=service.people[Role.REVIEWER])


def test_the_same_seed_draws_the_same_officers_from_the_frozen_roster(service, snapshot):
    sample = sample_of(service, snapshot)

    expected = sorted((f"{number:06}" for number in range(1, 13)), key=lambda code: rank_of(SEED, code))[:5]
    assert [one.line.officer for one in sample.drawn] == expected
    assert (sample.population, sample.is_unchanged) == (12, True)


def test_a_later_correction_changes_nothing_in_the_sample(service, snapshot):
    before = sample_of(service, snapshot)
    later = {"officers": [officer(90)]}
    import_roster(service.context, Roster.model_validate(later), actor=service.administrator)

    after = sample_of(service, snapshot)
    assert (after.drawn, after.population, after.is_unchanged) == (before.drawn, 12, True)


def test_every_fact_behind_an_officer_is_told_with_its_document_and_its_change(service, snapshot):
    (one,) = (one for one in sample_of(service, snapshot, count=12).drawn if one.line.officer == "000001")

    told = [(fact.kind, fact.subject, fact.what, fact.document_number) for fact in one.facts]
    assert told == [
        ("post", "01", "front_line on_duty", "任1"),
        ("certificate", "C1", "issued", ""),
        ("certificate_status", "C1", "suspended", "示执〔2026〕1号"),
        ("certificate_status", "C1", "valid", "示执〔2026〕2号"),
        ("assignment", "ZF00001", "exclusive", ""),
        ("recorder_status", "ZF00001", "in_service", "验1"),
    ]
    assert len({fact.change_id for fact in one.facts}) == 1
    assert all(fact.made_by and fact.origin and fact.recorded_at >= INSTALLED for fact in one.facts)
    assert (one.name, one.line.reason) == ("示范人员 1", None)


def test_a_sample_of_one_agency_draws_from_it_alone(service, snapshot):
    sample = sample_of(service, snapshot, count=100, agency="02")

    assert {one.line.agency for one in sample.drawn} == {"02"}
    assert sample.population == 6
    assert sample.is_unchanged, "the digest is of the whole roster all the same"


def test_what_cannot_be_drawn_is_refused(service, snapshot):
    with pytest.raises(UnacceptableValueError):
        sample_of(service, snapshot, seed="")
    with pytest.raises(UnacceptableValueError):
        sample_of(service, snapshot, count=501)
    with pytest.raises(UnknownAgencyError):
        sample_of(service, snapshot, agency="99")
    snapshot.id = service.context.new_id()
    with pytest.raises(SnapshotNotFoundError):
        sample_of(service, snapshot)


def test_anybody_draws_the_same_from_the_file_alone(service, snapshot, tmp_path, capsys):
    (tmp_path / "roster.gz").write_bytes(b"".join(service.context.objects.read(snapshot.object_key, snapshot.object_version)))

    status = coverage.main(["draw", str(tmp_path / "roster.gz"), "--seed", SEED, "--count", "5"])

    lines = capsys.readouterr().out.splitlines()
    assert status == 0
    assert [line.split()[1] for line in lines[:-1]] == [one.line.officer for one in sample_of(service, snapshot).drawn]
    assert lines[-1] == f"roster sha256:{snapshot.roster_sha256}"


def test_page_api_and_tables_tell_the_same_sample(service, snapshot):
    headers = {"Authorization": f"Bearer {sign_in(service.context, str(Role.REVIEWER), PASSWORD).token}"}
    query = {"snapshot": str(snapshot.id), "seed": SEED, "count": 5}
    with TestClient(create_app(service.context), headers=headers) as client:
        empty = client.get("/coverage/sample", headers={"Accept": "text/html"})
        page = client.get("/coverage/sample", params=query, headers={"Accept": "text/html"})
        answer = client.get("/api/v1/coverage/sample", params=query).json()
        table = client.get("/coverage/sample/file", params={**query, "format": "csv"})

    rows = list(csv.reader(io.StringIO(table.content.decode("utf-8-sig"), newline="")))
    codes = [item["officer_code"] for item in answer["drawn"]]
    assert (empty.status_code, page.status_code, answer["is_unchanged"]) == (200, 200, True)
    assert all(item["name"] in page.text for item in answer["drawn"])
    assert list(dict.fromkeys(row[1] for row in rows[1:])) == codes
    assert len(rows) == 1 + sum(len(item["facts"]) for item in answer["drawn"])
