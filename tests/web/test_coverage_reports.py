import pytest
from starlette.testclient import TestClient

from api.app import create_app
from evidence_store.actor import Role
from evidence_store.object_store.memory import MemoryObjectStore
from service.elsewhere import ReporterBelow
from service.roster.apply_import import import_roster
from service.roster.rows import Roster
from tests.report_builders import KEY, NAMES, REPORT_ID, change_figure, make_report, make_snapshot, signed
from tests.service_fixtures import running_service
from tests.web.conftest import Visitor

PATH = "/coverage/reports"


@pytest.fixture
def visitor(tmp_path, database):
    settings = {"reporters": (ReporterBelow(name="示范省", agency="44", key=KEY, token="a token of sixteen characters"),)}
    with running_service(tmp_path, database, MemoryObjectStore(), **settings) as service, TestClient(create_app(service.context)) as client:
        agencies = [{"code": "44", "name": "示范省厅", "level": "province"}]
        import_roster(service.context, Roster.model_validate({"agencies": agencies}), actor=service.administrator)
        yield Visitor(service, client)


def upload(visitor, document):
    return visitor.post(PATH, files={"report": ("report.json", document, "application/json")})


def test_a_report_carried_as_a_file_is_kept_and_shown(visitor):
    visitor.enter(Role.ADMINISTRATOR)

    answer = upload(visitor, signed(make_report(names=NAMES)))
    page = visitor.get(answer.headers["location"]).text

    assert (answer.status_code, answer.headers["location"]) == (303, f"{PATH}/{REPORT_ID}")
    assert "示范县" in page
    assert "60.0%" in page
    assert "示范人员" not in page, "names are in the document alone"
    assert "60.0%" in visitor.get(PATH).text


def test_faults_of_a_report_are_shown(visitor):
    visitor.enter(Role.ADMINISTRATOR)
    report = make_report(figures=change_figure("01", numerator=4), snapshot=make_snapshot())

    page = visitor.get(upload(visitor, signed(report)).headers["location"]).text

    assert "合计不符" in page
    assert "合计不符" in visitor.get(PATH).text


def test_a_tampered_file_is_refused_in_words(visitor):
    visitor.enter(Role.ADMINISTRATOR)

    answer = upload(visitor, signed().replace(b'"numerator":2', b'"numerator":1'))

    assert answer.status_code == 422
    assert "上报签名无法确认" in answer.text


def test_who_has_not_reported_is_named(visitor):
    visitor.enter(Role.REVIEWER)

    page = visitor.get(PATH).text

    assert "2026-10-31" in page
    assert "核验并接收" not in page


def test_a_reviewer_takes_no_file_and_reads_no_document(visitor):
    visitor.enter(Role.ADMINISTRATOR)
    upload(visitor, signed())
    visitor.enter(Role.REVIEWER)

    assert upload(visitor, signed()).status_code == 403
    assert visitor.get(f"{PATH}/{REPORT_ID}/file").status_code == 403
    assert visitor.get(f"{PATH}/{REPORT_ID}").status_code == 200


def test_an_administrator_downloads_the_document_as_it_was_signed(visitor):
    visitor.enter(Role.ADMINISTRATOR)
    upload(visitor, signed())

    assert visitor.get(f"{PATH}/{REPORT_ID}/file").content == signed()


def test_a_report_that_is_not_there_is_told_as_a_page(visitor):
    visitor.enter(Role.REVIEWER)

    assert visitor.get(f"{PATH}/{REPORT_ID}").status_code == 404
