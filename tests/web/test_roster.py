"""An administrator looks at what a file would change, and takes in exactly that file."""

import re
from datetime import date

import pytest

from evidence_store.actor import Role
from service.roster.write_workbook import write_workbook

ROW = {"officer": "000002", "name": "<示范人员>", "agency": "0", "is_front_line": "yes", "duty_state": "on_duty", "valid_from": date(2024, 1, 1)}


@pytest.fixture
def page(lone_visitor):
    lone_visitor.enter(Role.ADMINISTRATOR)
    return lone_visitor


def send(page, path, content, **fields):
    return page.post(path, data=fields, files={"file": ("名册.xlsx", content)})


def test_a_file_is_shown_and_the_button_applies_it(page):
    content = write_workbook({"officers": [ROW]})
    shown = send(page, "/roster/check", content)
    digest = re.search(r'name="sha256" value="([0-9a-f]{64})"', shown.text)[1]

    taken = send(page, "/roster/apply", content, sha256=digest)
    again = send(page, "/roster/check", content)

    assert 'formaction="/roster/apply"' in shown.text
    assert "名册.xlsx 将带来的变更" in shown.text
    assert "人员 000002，任职自 2024-01-01" in shown.text
    assert "名册.xlsx 已导入" in taken.text
    assert "没有需要变更的内容" in again.text
    assert 'formaction="/roster/apply"' not in again.text


def test_another_file_than_the_one_shown_is_refused(page):
    answer = send(page, "/roster/apply", write_workbook({"officers": [ROW]}), sha256="0" * 64)

    assert (answer.status_code, "不是同一个文件" in answer.text) == (409, True)


def test_conflicts_are_told_in_the_readers_language_with_their_place(page):
    content = write_workbook({"officers": [{**ROW, "agency": "x"}]})
    chinese = send(page, "/roster/check", content)
    page.client.cookies.set("bodycam_language", "en")
    english = send(page, "/roster/check", content)

    assert "工作表 人员，第 2 行，“单位代码”列：人员 000002，任职自 2024-01-01：没有单位 x" in chinese.text
    assert "sheet 人员, row 2, column 单位代码: officer 000002, post from 2024-01-01: no agency x" in english.text
    assert 'formaction="/roster/apply"' not in chinese.text


def test_what_is_no_roster_is_told_and_nothing_breaks(page):
    answer = send(page, "/roster/check", b"PK-nonsense")

    assert (answer.status_code, "未被接受" in answer.text) == (422, True)


def test_files_to_begin_with_are_there(page):
    for path in ("/roster/template.xlsx", "/roster/current.xlsx", "/roster/template/officers.csv"):
        answer = page.get(path)
        assert (answer.status_code, "attachment" in answer.headers["content-disposition"]) == (200, True)


def test_the_month_is_confirmed_by_a_button(page):
    before = page.get("/roster").text
    answer = page.post("/roster/confirmations", {"agency": "0"})

    assert "尚未确认" in before
    assert (answer.status_code, "尚未确认" in page.get("/roster").text) == (303, False)


def test_the_page_is_an_administrators_alone(lone_visitor):
    lone_visitor.enter(Role.REVIEWER)

    assert lone_visitor.get("/roster").status_code == 403
    assert 'href="/roster"' not in lone_visitor.get("/coverage").text
    lone_visitor.enter(Role.ADMINISTRATOR)
    assert 'href="/roster"' in lone_visitor.get("/coverage").text
