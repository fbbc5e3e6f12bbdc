"""A roster over the API: pushed as JSON or as a file, fetched, confirmed."""

from datetime import date

from evidence_store.actor import Role
from service.roster import columns
from service.roster.read_file import read_roster_file
from service.roster.write_workbook import write_workbook

OFFICER = {"code": "000001", "name": "示范人员 1", "posts": [{"agency": "0", "valid_from": "2024-01-01"}]}
ROW = {"officer": "000002", "name": "示范人员 2", "agency": "0", "is_front_line": "yes", "duty_state": "on_duty", "valid_from": date(2024, 1, 1)}


def push(api, roster, query=""):
    return api.ask("POST", f"/api/v1/roster/imports{query}", role=Role.ADMINISTRATOR, json=roster)


def send(api, content, query="", role=Role.ADMINISTRATOR):
    headers = {"Content-Type": "application/octet-stream"}
    return api.ask("POST", f"/api/v1/roster/files{query}", role=role, content=content, headers=headers)


def test_a_push_may_be_sent_again_and_changes_nothing(api):
    first, again = push(api, {"officers": [OFFICER]}).json(), push(api, {"officers": [OFFICER]}).json()

    assert (first["added"], first["plan"]["totals"]["created"]) == ({"officer_post": 1, "officer": 1}, 1)
    assert (again["change_id"], again["plan"]["totals"]) == (None, {"created": 0, "changed": 0, "withdrawn": 0, "conflicts": 0})


def test_a_dry_run_tells_before_and_after(api):
    push(api, {"officers": [OFFICER]})
    ended = {**OFFICER, "posts": [{**OFFICER["posts"][0], "valid_until": "2026-06-30"}]}

    plan = push(api, {"officers": [ended]}, "?dry_run=true").json()["plan"]

    (change,) = plan["changes"]
    assert (change["change"], change["key"], change["before"]["valid_until"], change["after"]["valid_until"]) == (
        "changed",
        ["000001", "2024-01-01"],
        None,
        "2026-06-30",
    )
    assert plan["touches_from"] == "2026-07-01"


def test_a_refusal_lists_every_fault(api):
    answer = push(api, {"officers": [{**OFFICER, "posts": [{"agency": "x", "valid_from": "2024-01-01"}]}, {"code": "000009"}]})

    assert (answer.status_code, answer.json()["type"], answer.json()["fault_count"]) == (422, "/problems/roster-refused", 2)
    assert [fault["text"] for fault in answer.json()["faults"]] == [
        "officer 000001, post from 2024-01-01: no agency x",
        "officer 000009: is not known, and no name is told",
    ]


def test_days_out_of_bounds_are_refused_with_their_place(api):
    posts = [{"agency": "0", "valid_from": "1900-01-01", "valid_until": "2999-01-01"}]
    answer = push(api, {"officers": [{**OFFICER, "posts": posts}]})

    assert {error["where"] for error in answer.json()["errors"]} == {f"body.officers.0.posts.0.{name}" for name in ("valid_from", "valid_until")}


def test_a_file_is_shown_and_then_exactly_it_is_taken_in(api):
    content = write_workbook({"officers": [ROW]})

    shown = send(api, content, "?dry_run=true&name=a.xlsx").json()
    other = send(api, write_workbook({}), f"?sha256={shown['sha256']}")
    taken = send(api, content, f"?sha256={shown['sha256']}&name=a.xlsx").json()

    assert (shown["dry_run"], shown["change_id"], shown["plan"]["changes"][0]["row"]) == (True, None, 2)
    assert (other.status_code, other.json()["type"]) == (409, "/problems/other-file")
    assert taken["added"] == {"officer_post": 1, "officer": 1}


def test_a_fault_of_a_file_has_sheet_row_and_column(api):
    answer = send(api, write_workbook({"officers": [{**ROW, "agency": "x"}]}))

    (fault,) = answer.json()["faults"]
    assert (answer.status_code, fault["code"], fault["sheet"], fault["row"], fault["column"]) == (422, "no_agency", "人员", 2, "单位代码")


def test_a_file_beyond_the_limit_is_refused(api, monkeypatch):
    monkeypatch.setattr("api.v1.roster.routes.MOST_BYTES", 10)

    assert send(api, write_workbook({})).json()["faults"][0]["code"] == "too_large"


def test_files_are_fetched_and_read_back(api):
    push(api, {"officers": [OFFICER]})
    fetched = {
        name: api.ask("GET", f"/api/v1/roster/files/{name}", role=Role.ADMINISTRATOR) for name in ("roster.xlsx", "template.xlsx", "officers.csv")
    }

    assert read_roster_file(fetched["roster.xlsx"].content).roster.officers[0].code == "000001"
    assert fetched["template.xlsx"].headers["content-type"].endswith("sheet")
    assert fetched["officers.csv"].content.startswith("\ufeff警号".encode())
    assert api.ask("GET", "/api/v1/roster/files/pay.csv", role=Role.ADMINISTRATOR).status_code == 404
    assert columns.OFFICERS.name == "officers"


def test_a_month_is_confirmed_once(api):
    before = api.ask("GET", "/api/v1/roster/confirmations", role=Role.ADMINISTRATOR).json()
    first = api.ask("POST", "/api/v1/roster/confirmations", role=Role.ADMINISTRATOR, json={}).json()

    assert [item["confirmed_at"] for item in before["items"]] == [None]
    assert (first["agency"], first["confirmed_by"]) == ("0", "administrator")
    assert api.ask("POST", "/api/v1/roster/confirmations", role=Role.ADMINISTRATOR, json={"agency": "0"}).json() == first
    assert api.ask("POST", "/api/v1/roster/confirmations", role=Role.ADMINISTRATOR, json={"agency": "9"}).status_code == 404


def test_a_reviewer_may_do_none_of_it(api):
    answers = [
        send(api, write_workbook({}), role=Role.REVIEWER),
        api.ask("POST", "/api/v1/roster/imports", json={}),
        api.ask("GET", "/api/v1/roster/files/roster.xlsx"),
        api.ask("GET", "/api/v1/roster/confirmations"),
        api.ask("POST", "/api/v1/roster/confirmations", json={}),
    ]

    assert [answer.status_code for answer in answers] == [403] * 5
