from datetime import date

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from evidence_store.actor import Role
from evidence_store.object_store.memory import MemoryObjectStore
from service.coverage_reports.received import newest_received
from service.elsewhere import ReporterBelow
from service.roster.apply_import import import_roster
from service.roster.rows import Roster
from tests.api.conftest import Api
from tests.report_builders import KEY, NAMES, REPORT_ID, make_report, signed
from tests.service_fixtures import running_service

PATH = "/api/v1/coverage/reports"
TOKEN = "a token of sixteen characters or more"
DOCUMENT = signed(make_report(names=NAMES))


@pytest.fixture
def api(tmp_path, database):
    settings = {"reporters": (ReporterBelow(name="示范省", agency="44", key=KEY, token=TOKEN),)}
    with running_service(tmp_path, database, MemoryObjectStore(), **settings) as service, TestClient(create_app(service.context)) as client:
        agencies = [{"code": "44", "name": "示范省", "level": "province"}]
        import_roster(service.context, Roster.model_validate({"agencies": agencies}), actor=service.administrator)
        yield Api(service, client)


def post(api, document=DOCUMENT, token=TOKEN, **headers):
    sent = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **headers}
    return api.client.post(PATH, content=document, headers=sent)


def slug(answer):
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


def test_a_report_is_taken_once_and_the_second_time_answered_alike(api):
    first, second = post(api), post(api)

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert first.json()["faults"] == []


def test_without_the_token_of_a_reporter_nothing_is_read(api):
    assert slug(post(api, token="another token of sixteen characters")) == (401, "unknown-reporter")
    assert slug(api.client.post(PATH, content=DOCUMENT)) == (401, "unknown-reporter")


def test_a_person_is_no_reporter(api):
    assert slug(post(api, token=api.service.token(Role.ADMINISTRATOR))) == (401, "unknown-reporter")


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (DOCUMENT.replace(b'"numerator":2', b'"numerator":1'), (422, "coverage-report-signature")),
        (DOCUMENT[:-1], (422, "coverage-report-damaged")),
        (b"[" * 100_000, (422, "coverage-report-damaged")),
        (b"", (422, "coverage-report-damaged")),
    ],
    ids=["tampered", "cut", "deep", "empty"],
)
def test_what_is_no_signed_report_is_refused_and_not_kept(api, document, expected):
    assert slug(post(api, document)) == expected
    assert api.ask("GET", PATH).json()["received"] == []


def test_a_body_that_is_too_long_is_not_read(api):
    assert slug(post(api, b" " * (32 * 1024**2 + 1))) == (413, "coverage-report-too-large")


def test_reports_are_listed_with_who_is_missing(api):
    post(api)

    answer = api.ask("GET", PATH).json()

    (item,) = answer["received"]
    assert (item["reporter"], item["agency_code"], item["day"], item["edition"]) == ("示范省", "44", "2026-10-31", "first")
    assert (item["numerator"], item["denominator"], item["is_replaced"]) == (3, 5, False)
    assert answer["reporters"] == [{"name": "示范省", "agency_code": "44", "newest": "2026-10-31", "missing": []}]


def test_a_report_that_did_not_come_is_missing(api):
    assert api.ask("GET", PATH).json()["reporters"] == [{"name": "示范省", "agency_code": "44", "newest": None, "missing": ["2026-10-31"]}]


def test_the_document_with_its_names_is_for_administrators(api):
    post(api)

    assert api.ask("GET", f"{PATH}/{REPORT_ID}", role=Role.ADMINISTRATOR).content == DOCUMENT
    assert slug(api.ask("GET", f"{PATH}/{REPORT_ID}", role=Role.REVIEWER)) == (403, "not-permitted")
    assert slug(api.ask("GET", f"{PATH}/{api.service.context.new_id()}", role=Role.ADMINISTRATOR)) == (404, "coverage-report-not-found")


def test_reported_agencies_are_known_by_the_codes_of_ones_own_tree(api):
    post(api)
    context, reviewer = api.service.context, api.service.people[Role.REVIEWER]

    everything = newest_received(context, actor=reviewer, day=date(2026, 11, 24))
    province = newest_received(context, actor=reviewer, day=date(2026, 11, 24), codes={"44"})
    county = newest_received(context, actor=reviewer, day=date(2026, 11, 24), codes={"0101"})

    assert {code: (one.numerator, one.denominator) for code, one in everything.items()} == {"44": (3, 5), "01": (3, 5), "0101": (2, 3)}
    assert (province.keys(), county.keys()) == ({"44"}, {"0101"})
    assert newest_received(context, actor=reviewer, day=date(2026, 10, 30)) == {}
