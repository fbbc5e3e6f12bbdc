"""An administrator hands a roster over in a real browser: the file stays chosen between the look and the button."""

from datetime import date
from pathlib import Path

import pytest

from evidence_store.actor import Role
from service.roster.write_workbook import write_workbook

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
SUSPENDED = {"document_number": "示范文号 1", "reason": "示范", "state": "suspended", "since": date(2026, 11, 1)}
ROWS = {
    "officers": [
        {
            "officer": "000009",
            "name": "示范人员 0009",
            "agency": "01",
            "is_front_line": "yes",
            "duty_state": "on_duty",
            "valid_from": date(2026, 1, 1),
        }
    ],
    "certificates": [{"certificate": "C2", "officer": "000002", "valid_from": date(2024, 1, 1), "valid_until": date(2026, 12, 31), **SUSPENDED}],
}


@pytest.fixture
def files(tmp_path):
    (tmp_path / "名册.xlsx").write_bytes(write_workbook(ROWS))
    bad = {"officers": [{**ROWS["officers"][0], "agency": "不存在"}, {**ROWS["officers"][0], "officer": "000010"}]}
    (tmp_path / "错误.xlsx").write_bytes(write_workbook(bad))
    return tmp_path


def show(window, file):
    window.page.set_input_files("#file", str(file))
    window.page.click("form[action='/roster/check'] button")
    window.page.wait_for_selector("#plan")


def picture(window, folder, name):
    window.page.screenshot(path=str(folder / f"{name}.png"), full_page=True)


def faults_of(window):
    window.page.evaluate(AXE.read_text())
    return [fault["id"] for fault in window.page.evaluate("axe.run()")["violations"]]


@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (390, "dark")])
def test_conflicts_are_shown_and_the_page_is_fit_for_everybody(open_window, files, width, scheme):
    window = open_window(viewport={"width": width, "height": 800}, color_scheme=scheme)
    window.enter(Role.ADMINISTRATOR)
    window.open("/roster")

    show(window, files / "错误.xlsx")

    assert "没有单位 不存在" in window.page.locator("#shown").inner_text()
    assert window.page.locator("#shown button").count() == 0
    assert window.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert faults_of(window) == []
    picture(window, files, "conflicts")


def test_a_file_is_looked_at_and_taken_in_without_choosing_it_again(window, files):
    window.enter(Role.ADMINISTRATOR)
    window.open("/roster")

    show(window, files / "名册.xlsx")
    assert "示范文号 1" in window.page.locator("#shown").inner_text()
    assert faults_of(window) == []
    picture(window, files, "plan")
    window.page.click("#shown button")
    window.page.wait_for_url("**/roster/apply")

    assert window.page.locator("#plan").inner_text() == "名册.xlsx 已导入"
    picture(window, files, "applied")
