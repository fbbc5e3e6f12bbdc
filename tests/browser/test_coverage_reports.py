"""Pages of reports, monthly statistics and samples in a browser, in every language and appearance, on a desk and on a phone."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence_store.actor import Role
from integrity.checkpoint import verifier_key
from service.coverage.freeze import freeze_due
from service.coverage_reports.make_report import WantedReport, make_report
from service.coverage_reports.receive_report import receive_carried
from service.coverage_reports.send_reports import send_reports
from service.elsewhere import ReporterBelow, ReportsElsewhere
from service.language import Language
from service.roster.apply_import import import_roster
from service.roster.rows import Roster
from tests.report_builders import KEY, change_figure, make_snapshot, signed
from tests.report_builders import make_report as build_report

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
SIZES = {"desk": {"width": 1200, "height": 800}, "phone": {"width": 390, "height": 800}}
PICTURES = os.environ.get("BODYCAM_TEST_PICTURES")
OTHER_KEY = verifier_key("stranger.example/log", bytes(32))
SECOND_ID = "01900000-0000-7000-8000-0000000000aa"


@pytest.fixture(scope="module")
def reporting(site, tmp_path_factory):
    """The site with reports received (one of them wrong), missing, delivered as a file, and on their way."""
    service = site.service
    token = tmp_path_factory.mktemp("token") / "token"
    token.write_text("a token of sixteen characters")
    known = ReporterBelow(name="示范省上报", agency="44", key=KEY, token="a token of sixteen characters")
    stranger = ReporterBelow(name="另一省上报", agency="45", key=OTHER_KEY, token="another token of sixteen")
    for name, value in {
        "reporters": (known, stranger),
        "report_to": ReportsElsewhere(url="https://ministry.example/api/v1/coverage/reports", token_file=token, agency="11", days="daily"),
    }.items():
        object.__setattr__(service.context.settings, name, value)
    agencies = [{"code": code, "name": name, "level": "city"} for code, name in (("44", "示范省厅"), ("45", "另一省厅"))]
    import_roster(service.context, Roster.model_validate({"agencies": agencies}), actor=service.administrator)
    service.clock.time = datetime(2026, 12, 2, 1, tzinfo=UTC)
    service.forget_tokens()
    freeze_due(service.context)
    service.seal()
    make_report(service.context, WantedReport(datetime(2026, 11, 30, tzinfo=UTC).date()))
    send_reports(service.context)
    receive_carried(service.context, signed(), actor=service.administrator)
    wrong = build_report(report_id=SECOND_ID, figures=change_figure("01", numerator=4), snapshot=make_snapshot())
    receive_carried(service.context, signed(wrong), actor=service.administrator)
    with service.context.unit_of_work() as work:
        return work.snapshots.latest(work.agencies.top().id, limit=1)[0]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", Language)
def test_pages_are_sound_to_axe_and_no_wider_than_the_window(open_window, site, reporting, language, theme, size):
    window = open_window(viewport=SIZES[size])
    cookies = {"bodycam_language": str(language), "bodycam_theme": theme}
    window.page.context.add_cookies([{"name": name, "value": value, "url": site.url} for name, value in cookies.items()])
    window.enter(Role.ADMINISTRATOR)
    pages = {
        "reports": "/coverage/reports",
        "report": f"/coverage/reports/{SECOND_ID}",
        "statistics": "/coverage/statistics?month=2026-11",
        "sample": f"/coverage/sample?snapshot={reporting.id}&seed=abc&count=2",
    }
    for name, path in pages.items():
        window.open(path)
        if PICTURES:
            window.page.screenshot(path=f"{PICTURES}/{name}-{language}-{theme}-{size}.png", full_page=True)
        assert window.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        window.page.evaluate(AXE.read_text())
        found = window.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        assert [(fault["id"], fault["nodes"][0]["html"]) for fault in found["violations"]] == [], path


def test_a_file_is_taken_by_the_form_and_shown(window, site, reporting, tmp_path):
    third = build_report(report_id="01900000-0000-7000-8000-0000000000bb", replaces=SECOND_ID)
    (tmp_path / "report.json").write_bytes(signed(third))
    window.enter(Role.ADMINISTRATOR)
    window.open("/coverage/reports")

    window.page.set_input_files("#report", str(tmp_path / "report.json"))
    window.page.click("form[action='/coverage/reports'] button")
    window.page.wait_for_url("**/coverage/reports/01900000*")

    assert window.page.get_by_text("示范县").count() == 1
    assert window.page.locator(f"a[href='/coverage/reports/{SECOND_ID}']").count() == 1


def test_a_month_is_chosen_and_an_agency_opened(window, reporting):
    window.enter()
    window.open("/coverage/statistics")

    window.page.fill("#month", "2026-11")
    window.page.click("form[action='/coverage/statistics'] button")
    window.page.wait_for_url("**month=2026-11*")
    window.page.click("td a.name >> nth=0")
    window.page.wait_for_url("**agency=*")

    assert "month=2026-11" in window.page.url


def test_a_sample_is_drawn_by_the_form(window, reporting):
    window.enter()
    window.open("/coverage/sample")

    window.page.fill("#seed", "一个公开的种子")
    window.page.click("form[action='/coverage/sample'] button")
    window.page.wait_for_url("**seed=*")

    assert window.page.locator("section[aria-labelledby^=drawn-]").count() == 2
    assert window.page.get_by_text("现有事实与冻结名册一致").count() == 1
