"""Pages of coverage: figures, targets, forecast, changes, frozen figures, alarms; and that they make sense after the plan's day."""

import re
from datetime import UTC, date, datetime

import pytest

from evidence_store.actor import Role
from service.coverage.freeze import freeze_due
from service.coverage.restate import restate_snapshots
from service.coverage_outlook.watch import watch_coverage
from service.language import Language
from service.roster.apply_import import import_roster
from service.roster.rows import Roster

CANARY = "<img src=x onerror=alert(1)>"
PATHS = ("/coverage", "/coverage/beside", "/coverage/changes", "/coverage/snapshots", "/coverage/targets", "/coverage/alarms")


def officer(number, agency="01", **posts):
    certificate = {"number": f"C{number}", "valid_from": "2024-01-01", "valid_until": "2029-12-31"}
    post = {"agency": agency, "valid_from": "2024-01-01", **posts}
    return {"code": f"{number:06}", "name": f"示范人员 {number:04}", "posts": [post], "certificates": [certificate]}


def recorder(number, agency="01", *, since="2024-03-01"):
    assignment = {"officer": f"{number:06}", "valid_from": since}
    return {"serial": f"ZF{number:05}", "agency": agency, "changes": [{"state": "in_service", "since": since}], "assignments": [assignment]}


AGENCIES = [{"code": "01", "name": f"示范市{CANARY}", "level": "city"}, {"code": "02", "name": "样例市", "level": "city"}]
OFFICERS = [officer(number) for number in range(1, 5)] + [officer(number, "02") for number in range(5, 7)]
RECORDERS = [recorder(number) for number in range(1, 4)] + [recorder(5, "02")]
SPARES = [
    {"serial": "ZF90001", "agency": "01", "changes": [{"state": "delivered", "since": "2026-11-20"}]},
    {"serial": "ZF90002", "agency": "02", "changes": [{"state": "in_service", "since": "2026-11-01"}]},
]


def tell(service, **rows):
    return import_roster(service.context, Roster.model_validate(rows), actor=service.administrator)


def words_of(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def go_to(visitor, *moment):
    """Let time pass; a sign-in that expired meanwhile is made again."""
    visitor.service.clock.time = datetime(*moment, tzinfo=UTC)
    visitor.service.forget_tokens()
    visitor.enter(Role.ADMINISTRATOR)


@pytest.fixture
def visitor_with_roster(lone_visitor):
    tell(lone_visitor.service, agencies=AGENCIES, officers=OFFICERS, recorders=[*RECORDERS, *SPARES])
    lone_visitor.enter(Role.ADMINISTRATOR)
    return lone_visitor


def test_every_page_renders_in_every_language_and_hostile_names_stay_text(visitor_with_roster):
    visitor = visitor_with_roster
    go_to(visitor, 2026, 11, 26)
    freeze_due(visitor.service.context)
    watch_coverage(visitor.service.context)
    newest = re.search(r"/coverage/snapshots/[0-9a-f-]{36}", visitor.get("/coverage/snapshots").text)[0]

    for language in Language:
        visitor.client.cookies.set("bodycam_language", language)
        for path in (*PATHS, newest):
            for query in ("", "?agency=01"):
                answer = visitor.get(path + query)
                assert answer.status_code == 200, path
                assert CANARY not in answer.text, path
                fragment = visitor.get(path + query, headers={"HX-Request": "true"}).text
                assert "<html" not in fragment


def test_the_page_tells_the_plans_own_target_days_left_and_what_is_needed_per_week(visitor_with_roster):
    page = visitor_with_roster.get("/coverage").text
    text = words_of(page)

    assert "66.6%" in text
    assert "2026-12-31 达到 100%" in text
    assert re.search(r'id="days-left">37 天', page)
    assert re.search(r'id="per-week">1 人', page)
    assert "已到货未配发 1 台" in text
    assert "在用未配发 1 台" in text


def test_an_administrator_sets_a_target_that_supersedes_the_one_before(visitor_with_roster):
    visitor, form = visitor_with_roster, {"agency": "01", "due_on": "2026-06-30", "percent": "80", "document_number": "示范文号 1"}

    assert visitor.post("/coverage/targets", form).headers["location"] == "/coverage/targets?agency=01"
    visitor.post("/coverage/targets", {**form, "percent": "87.5", "document_number": "示范文号 2"})

    text = words_of(visitor.get("/coverage/targets?agency=01").text)
    assert "2026-06-30 87.5% 本机构 示范文号 2" in text
    assert "2026-12-31 100% 上级机构 0" in text
    assert text.count("80%") == 1
    with visitor.service.context.unit_of_work() as work:
        stands = [(row.due_on, str(row.share)) for row in work.outlook.targets() if row.agency_code == "01"]
    assert stands == [(date(2026, 6, 30), "0.875000")]

    visitor.post("/coverage/targets", {**form, "percent": "87.5", "document_number": "示范文号 2", "withdrawn": "true"})
    assert "2026-06-30 87.5% 本机构" not in words_of(visitor.get("/coverage/targets?agency=01").text)


@pytest.mark.parametrize(
    "changes", [{"percent": "0"}, {"percent": "100.1"}, {"document_number": " "}, {"agency": "nowhere"}, {"due_on": "1900-01-01"}]
)
def test_a_target_beyond_its_bounds_is_refused(visitor_with_roster, changes):
    form = {"agency": "01", "due_on": "2026-06-30", "percent": "80", "document_number": "示范文号 1", **changes}

    assert visitor_with_roster.post("/coverage/targets", form).status_code == 422


def test_a_reviewer_sets_no_target_and_sees_no_form_and_no_badge(visitor_with_roster):
    visitor = visitor_with_roster
    watch_coverage(visitor.service.context)
    assert 'title="配置率告警"' in visitor.get("/board").text
    visitor.enter(Role.REVIEWER)

    form = {"agency": "01", "due_on": "2026-06-30", "percent": "80", "document_number": "示范文号 1"}
    assert visitor.post("/coverage/targets", form).status_code == 403
    assert 'action="/coverage/targets"' not in visitor.get("/coverage/targets").text
    assert 'title="配置率告警"' not in visitor.get("/board").text


def test_changes_are_told_down_to_names(visitor_with_roster):
    visitor = visitor_with_roster
    tell(visitor.service, recorders=[recorder(4, since="2026-11-10")])

    page = visitor.get("/coverage/changes?agency=01&from=2026-11-01&to=2026-11-24").text
    text = words_of(page)

    assert 'id="recorders">+1<' in page
    assert "示范人员 0004 000004 配上记录仪" in text
    assert visitor.get("/coverage/changes?from=2026-11-24&to=2026-11-01").status_code == 422
    assert visitor.get("/coverage/changes?agency=nowhere").status_code == 404


def test_frozen_figures_are_listed_and_shown_with_their_place_in_the_log(visitor_with_roster):
    visitor = visitor_with_roster
    go_to(visitor, 2026, 12, 2, 1)
    freeze_due(visitor.service.context)
    tell(visitor.service, recorders=[recorder(4, since="2026-11-25")])
    go_to(visitor, 2026, 12, 20, 1)
    freeze_due(visitor.service.context)
    visitor.service.seal()

    listed = visitor.get("/coverage/snapshots").text
    link = re.search(r'href="(/coverage/snapshots/[0-9a-f-]{36})">2026-11-30</a>', listed)[1]
    page = words_of(visitor.get(link).text)
    assert "月末 · 补录" in page
    assert re.search(r"叶序 \d+", page)
    assert "差异原因" in page

    why = re.search(r'href="(/coverage/changes\?snapshot=[^"]+)"', visitor.get(link).text)[1].replace("&amp;", "&")
    assert "示范人员 0004 000004 配上记录仪" in words_of(visitor.get(why).text)


def test_a_day_to_come_is_marked_and_answered_from_todays_facts(visitor_with_roster):
    page = visitor_with_roster.get("/coverage?as_of=2026-12-31").text

    assert 'id="future"' in page
    assert re.search(r'id="days-left">0 天', page)
    assert 'id="band"' not in page


def test_a_band_is_drawn_from_the_last_weeks_and_its_method_is_told(visitor_with_roster):
    visitor = visitor_with_roster
    more = [officer(number) for number in range(10, 40)]
    given = [recorder(number, since=f"2026-{10 + (number - 10) // 14}-{1 + (number - 10) % 14 * 2:02}") for number in range(10, 35)]
    tell(visitor.service, officers=more, recorders=[one for one in given if one["assignments"][0]["valid_from"] <= "2026-11-24"])

    page, again = (visitor.get("/coverage?agency=01").text for _ in range(2))

    assert 'id="band"' in page
    assert "抽取 1,000 次" in page
    assert re.findall(r"<dd>(2\d{3}-\d\d-\d\d)</dd>", page) == re.findall(r"<dd>(2\d{3}-\d\d-\d\d)</dd>", again)


MERGED = [
    {
        "code": "02",
        "name": "样例市",
        "level": "city",
        "valid_until": "2026-12-31",
        "successors": [{"agency": "01", "kind": "merge", "since": "2027-01-01", "document_number": "示范文号 9", "reason": "合并"}],
    }
]


@pytest.fixture
def new_year(visitor_with_roster):
    """5 January 2027, after a merger on 1 January; somebody was certified on 30 December and has no recorder."""
    visitor = visitor_with_roster
    service = visitor.service
    tell(service, recorders=[recorder(4, since="2026-12-01"), recorder(6, "02", since="2026-12-15")])
    go_to(visitor, 2026, 12, 30, 2)
    late = officer(7, "02")
    late["certificates"] = [{"number": "C7", "valid_from": "2026-12-30", "valid_until": "2031-12-30"}]
    tell(service, officers=[late], agencies=MERGED)
    go_to(visitor, 2027, 1, 5, 2)
    moved = []
    for number in (5, 6, 7):
        one = officer(number, "02", valid_until="2026-12-31")
        one["posts"].append({"agency": "01", "valid_from": "2027-01-01"})
        if number == 7:
            one["certificates"] = late["certificates"]
        moved.append(one)
    tell(service, officers=moved)
    freeze_due(service.context)
    watch_coverage(service.context)
    return visitor


def test_after_the_plans_day_pages_say_whether_it_was_reached_and_how_late(new_year):
    page = new_year.get("/coverage").text
    text = words_of(page)

    assert "85.7%" in text
    assert "未达标" in text
    assert re.search(r'id="days-late">5 天', page)
    assert "days-left" not in page
    assert "per-week" not in page
    assert "新取得证件（30 日内） 1" in text


def test_a_merger_is_no_leap_in_the_trend_and_the_closed_agency_loses_nobody(new_year):
    page = words_of(new_year.get("/coverage?agency=01").text)
    assert "85.7%" in page
    assert re.search(r"2026-12-31 85\.7% 6 7", page)
    changes = words_of(new_year.get("/coverage/changes?agency=01&from=2026-12-31&to=2027-01-05").text)
    assert "前期（同口径） 85.7% 6 / 7" in changes
    assert "2026-12-31 100.0% 4 / 4" in changes
    assert "没有变动" in changes


def test_after_the_day_everybody_getting_one_is_reached_late(new_year):
    go_to(new_year, 2027, 1, 8, 2)
    tell(new_year.service, recorders=[recorder(7, since="2027-01-07")])
    freeze_due(new_year.service.context)
    restate_snapshots(new_year.service.context)

    page = new_year.get("/coverage").text
    assert "逾期达标" in page
    assert re.search(r'id="days-late">7 天', page)


def test_the_certificate_of_30_december_becomes_an_alarm_after_thirty_days(new_year):
    service = new_year.service
    assert "示范人员 0007" not in new_year.get("/coverage/alarms").text
    go_to(new_year, 2027, 1, 29, 2)
    watch_coverage(service.context)

    text = words_of(new_year.get("/coverage/alarms?agency=01&kind=without_recorder").text)
    assert "示范人员 0007 000007 2027-01-29 自 2026-12-30 起未配置（2026-12-30 取证）" in text
    assert "新取证满 30 天仍未配发 1 人" in words_of(new_year.get("/coverage").text)
