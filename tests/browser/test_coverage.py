"""The pages of coverage in a browser, on 5 January 2027: after the plan's day, a merger on 1 January, and a certificate of 30 December."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence_store.actor import Role
from service.coverage.freeze import freeze_due
from service.coverage.restate import restate_snapshots
from service.coverage_outlook.watch import watch_coverage
from service.language import Language
from service.roster.apply_import import import_roster
from service.roster.rows import Roster

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
PHONE = {"width": 390, "height": 800}
PICTURES = os.environ.get("BODYCAM_TEST_PICTURES")
"""A folder that pictures of the pages are laid into, for whoever wants to look at them."""
MERGER = {"agency": "01", "kind": "merge", "since": "2027-01-01", "document_number": "示范文号 9", "reason": "合并"}


def officer(number, *, certified="2024-01-01", moves=False):
    certificate = {"number": f"D{number}", "valid_from": certified, "valid_until": "2031-12-31"}
    post = {"agency": "02", "valid_from": "2024-01-01", "valid_until": "2026-12-31"} if moves else {"agency": "01", "valid_from": "2024-01-01"}
    posts = [post, {"agency": "01", "valid_from": "2027-01-01"}] if moves else [post]
    return {"code": f"{number:06}", "name": f"示范人员 {number:04}", "posts": posts, "certificates": [certificate]}


def recorder(number, month):
    since = f"{2024 + month // 12}-{month % 12 + 1:02}-10"
    assignment = {"officer": f"{number:06}", "valid_from": since}
    return {"serial": f"ZF{number:05}", "agency": "01", "changes": [{"state": "in_service", "since": since}], "assignments": [assignment]}


@pytest.fixture(scope="module")
def new_year(site):
    """The site on 5 January 2027."""
    service = site.service

    def tell(**rows):
        import_roster(service.context, Roster.model_validate(rows), actor=service.administrator)

    service.clock.time = datetime(2026, 12, 30, 2, tzinfo=UTC)
    tell(
        agencies=[{"code": "02", "name": "样例市", "level": "city", "valid_until": "2026-12-31", "successors": [MERGER]}],
        officers=[officer(number, moves=number % 3 == 0) for number in range(100, 140)] + [officer(141, certified="2026-12-30")],
        recorders=[recorder(number, number - 100) for number in range(100, 135)],
        targets=[
            {"agency": "0", "due_on": f"{year}-12-31", "share": share, "document_number": "示范文号 1"}
            for year, share in ((2024, "0.3"), (2025, "0.6"))
        ],
    )
    service.clock.time = datetime(2027, 1, 5, 2, tzinfo=UTC)
    service.forget_tokens()
    freeze_due(service.context)
    restate_snapshots(service.context)
    watch_coverage(service.context)
    return site


@pytest.mark.parametrize(
    ("language", "theme", "size"), [(Language.ZH_CN, "light", None), (Language.ZH_CN, "dark", PHONE), (Language.EN, "dark", None)]
)
def test_every_page_of_coverage_is_sound_to_axe_and_no_wider_than_the_window(open_window, new_year, language, theme, size):
    window = open_window(**({"viewport": size} if size else {}))
    cookies = {"bodycam_language": str(language), "bodycam_theme": theme}
    window.page.context.add_cookies([{"name": name, "value": value, "url": new_year.url} for name, value in cookies.items()])
    window.enter(Role.ADMINISTRATOR)
    window.open("/coverage/snapshots?agency=01")
    frozen = window.page.locator("tbody a").first.get_attribute("href")

    for name, path in (
        ("rate", "/coverage?agency=01"),
        ("future", "/coverage?as_of=2027-06-30"),
        ("beside", "/coverage/beside"),
        ("changes", "/coverage/changes?agency=01&from=2026-12-01&to=2027-01-05"),
        ("snapshots", "/coverage/snapshots"),
        ("snapshot", frozen),
        ("targets", "/coverage/targets?agency=01"),
        ("alarms", "/coverage/alarms"),
    ):
        window.open(path)
        if "beside" not in path:
            _settle(window)
        _check(window)
        if PICTURES:
            window.page.screenshot(path=f"{PICTURES}/{name}-{language}-{theme}{'-phone' if size else ''}.png", full_page=True)


def test_what_stands_beside_the_rate_comes_by_itself_and_days_late_are_told(open_window, new_year):
    window = open_window()
    window.enter(Role.ADMINISTRATOR)
    window.open("/coverage?agency=01")

    window.page.wait_for_selector("#beside #beside-title")
    assert window.page.locator("#days-late").inner_text() == "5 天"
    assert window.page.locator("#beside h1").count() == 0
    assert window.page.locator("svg.trend polyline.trend-line").count() == 1


def _settle(window) -> None:
    if window.page.locator("#beside").count():
        window.page.wait_for_selector("#beside #beside-title")


def _check(window) -> None:
    page = window.page
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"], (page.url, width)
    page.evaluate(AXE.read_text())  # the page's own policy would refuse a script element
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [(fault["id"], fault["nodes"][0]["html"]) for fault in found["violations"]] == [], page.url
