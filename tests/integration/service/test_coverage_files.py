import csv
import io
import re
import subprocess
from datetime import UTC, date, datetime, timedelta

import pytest
from openpyxl import load_workbook
from starlette.testclient import TestClient

from api.app import create_app
from evidence_store.actor import Role
from evidence_store.object_store.memory import MemoryObjectStore
from service.accounts.sign_in import sign_in
from service.coverage.errors import SnapshotNotFoundError
from service.coverage.freeze import freeze_due
from service.coverage.measure import cut_off
from service.coverage_reports.figure_report import read_figure_report
from service.coverage_reports.report_files import CsvTable, FileFormat, make_file, pdf_values
from service.errors import UnknownAgencyError
from service.language import Language
from service.roster.apply_import import import_roster
from service.roster.rows import Roster
from tests.service_fixtures import PASSWORD, running_service

INSTALLED = datetime(2026, 12, 29, 3, tzinfo=UTC)
DAY = date(2027, 1, 1)
HOSTILE = '=HYPERLINK("http://evil","点击")'


def officer(number, agency, name):
    certificate = {"number": f"C{number}", "valid_from": "2024-01-01", "valid_until": "2029-12-31"}
    posts = [{"agency": agency, "valid_from": "2024-01-01"}]
    return {"code": f"{number:06}", "name": name, "posts": posts, "certificates": [certificate]}


def recorder(number, state):
    assignments = [{"officer": f"{number:06}", "valid_from": "2024-03-01"}]
    return {"serial": f"ZF{number:05}", "agency": "01", "changes": [{"state": state, "since": "2024-03-01"}], "assignments": assignments}


ROSTER = {
    "agencies": [{"code": "01", "name": "示范市", "level": "city"}, {"code": "0101", "name": "示范县", "level": "county", "parent": "01"}],
    "officers": [officer(1, "01", "示范人员 1"), officer(2, "0101", "示范人员 2"), officer(3, "0101", HOSTILE)],
    "recorders": [recorder(1, "in_service"), recorder(2, "in_repair")],
}


@pytest.fixture(scope="module")
def service(tmp_path_factory, module_database):
    with running_service(tmp_path_factory.mktemp("files"), module_database, MemoryObjectStore(), started_at=INSTALLED) as made:
        import_roster(made.context, Roster.model_validate(ROSTER), actor=made.administrator)
        made.clock.time = cut_off(DAY) + timedelta(minutes=10)
        freeze_due(made.context)
        yield made


@pytest.fixture
def report(service):
    return read_figure_report(service.context, actor=service.people[Role.REVIEWER])


def test_a_report_holds_the_agency_with_all_below_it_and_its_gap(report):
    assert [(depth, one.code, one.numerator, one.denominator) for depth, one in report.figures] == [
        (0, "0", 1, 3),
        (1, "01", 1, 3),
        (2, "0101", 0, 2),
    ]
    assert [(one.code, one.reason) for one in report.missing] == [("000002", "in_repair"), ("000003", "no_recorder")]
    assert [(point.day, point.numerator) for point in report.trend] == [(date(2026, 12, 31), 1), (DAY, 1)]


def test_a_day_that_was_not_frozen_is_told_by_the_last_before_it(service):
    actor = service.people[Role.REVIEWER]

    assert read_figure_report(service.context, actor=actor, day=date(2026, 12, 30)).snapshot.day == date(2026, 12, 30)
    assert read_figure_report(service.context, actor=actor, day=date(2030, 1, 1)).snapshot.day == DAY
    with pytest.raises(SnapshotNotFoundError):
        read_figure_report(service.context, actor=actor, day=date(2026, 1, 1))
    with pytest.raises(UnknownAgencyError):
        read_figure_report(service.context, actor=actor, agency_code="99")


def test_the_workbook_is_typed_and_holds_no_formula(report):
    book = load_workbook(io.BytesIO(make_file(report, FileFormat.XLSX)))

    assert book.sheetnames == ["概况", "分机构", "缺口名单"]
    agencies = [[cell.value for cell in row] for row in book["分机构"].iter_rows(min_row=2)]
    assert agencies[0][:7] == ["0", report.figure.name, "省", 0.333, 1, 3, 2]
    assert book["分机构"]["D2"].number_format == "0.0%"
    assert book["概况"]["B3"].value == datetime.combine(DAY, datetime.min.time())
    assert book["缺口名单"]["B3"].value == HOSTILE
    assert "f" not in {cell.data_type for sheet in book for row in sheet for cell in row}


def test_the_workbook_speaks_the_readers_language(report):
    book = load_workbook(io.BytesIO(make_file(report, FileFormat.XLSX, language=Language.EN)))

    assert book.sheetnames == ["Overview", "Agencies", "Gap"]


def test_a_csv_holds_agencies_or_the_gap(report):
    def rows(table):
        return list(csv.reader(io.StringIO(make_file(report, FileFormat.CSV, table=table).decode("utf-8-sig"), newline="")))

    assert [row[0] for row in rows(CsvTable.AGENCIES)[1:]] == ["0", "01", "0101"]
    assert [row[1] for row in rows(CsvTable.GAP)[1:]] == ["示范人员 2", f"'{HOSTILE}"]


def test_the_pdf_tells_the_rate_and_the_names(report, tmp_path):
    (tmp_path / "report.pdf").write_bytes(make_file(report, FileFormat.PDF))

    text = subprocess.run(["pdftotext", "-layout", str(tmp_path / "report.pdf"), "-"], capture_output=True, text=True, check=True).stdout
    told = re.sub(r"\s|\u200b", "", text)
    for words in ("执法记录仪配置率报告", "33.3%", "记录仪维修中", "示范人员2", "=HYPERLINK", report.snapshot.roster_sha256):
        assert words in told


def test_a_pdf_of_an_agency_without_anybody_says_so(service):
    import_roster(
        service.context, Roster.model_validate({"agencies": [{"code": "02", "name": "新机构", "level": "city"}]}), actor=service.administrator
    )
    service.clock.advance(days=1)
    freeze_due(service.context)

    report = read_figure_report(service.context, actor=service.administrator, agency_code="02")

    assert pdf_values(report)["rate"] == "不适用"
    assert make_file(report, FileFormat.PDF).startswith(b"%PDF")


@pytest.mark.parametrize("kind", FileFormat)
def test_files_are_downloaded_by_those_who_may_read_coverage(service, kind):
    with TestClient(create_app(service.context)) as client:
        headers = {"Authorization": f"Bearer {sign_in(service.context, str(Role.REVIEWER), PASSWORD).token}"}
        answer = client.get(f"/api/v1/coverage/files?format={kind}&agency=01", headers=headers)
        page = client.get(f"/coverage/files?format={kind}&agency=01", headers=headers)
        refused = client.get(f"/api/v1/coverage/files?format={kind}")

    assert answer.headers["content-disposition"] == f'attachment; filename="coverage-01-{DAY + timedelta(days=1)}.{kind}"'
    assert (answer.status_code, page.status_code, refused.status_code) == (200, 200, 401)
