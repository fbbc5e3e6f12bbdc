"""`bodycam coverage import`: what it says, and the statuses it leaves with."""

import json
from contextlib import contextmanager
from datetime import date

import pytest

from evidence_store.object_store.memory import MemoryObjectStore
from service.cli import coverage, roster
from service.roster.write_workbook import write_workbook
from tests.service_fixtures import running_service

ROW = {"officer": "000002", "name": "示范人员 2", "agency": "0", "is_front_line": "yes", "duty_state": "on_duty", "valid_from": date(2024, 1, 1)}
JSON = {"officers": [{"code": "000001", "name": "示范人员 1", "posts": [{"agency": "0", "valid_from": "2024-01-01"}]}]}


@pytest.fixture
def service(tmp_path, database, monkeypatch):
    with running_service(tmp_path, database, MemoryObjectStore()) as made:

        @contextmanager
        def opened(_data):
            yield made.context

        monkeypatch.setattr(roster, "opened_context", opened)
        yield made


def take_in(tmp_path, name, content, *more):
    file = tmp_path / name
    file.write_bytes(content)
    return coverage.main(["import", str(file), *more])


def test_a_dry_run_shows_a_table_and_changes_nothing_and_then_the_file_is_taken_in(service, tmp_path, capsys):
    content = write_workbook({"officers": [ROW]})

    assert take_in(tmp_path, "a.xlsx", content, "--dry-run") == 0
    shown = capsys.readouterr().out
    assert take_in(tmp_path, "a.xlsx", content) == 0
    done = capsys.readouterr().out
    assert take_in(tmp_path, "a.xlsx", content) == 0

    assert "officer 000002" in shown
    assert "would be: 1 created, 0 changed, 0 withdrawn, 0 conflicts" in shown
    assert "done: 1 created" in done
    assert "done: 0 created" in capsys.readouterr().out


def test_json_is_taken_in_and_answered(service, tmp_path, capsys):
    assert take_in(tmp_path, "a.json", json.dumps(JSON).encode(), "--json") == 0

    told = json.loads(capsys.readouterr().out)
    assert (told["totals"]["created"], told["change_id"] is not None) == (1, True)


def test_a_refused_roster_tells_every_fault_and_leaves_with_1(service, tmp_path, capsys):
    content = write_workbook({"officers": [{**ROW, "agency": "x"}, {**ROW, "officer": "000003", "agency": "y"}]})

    assert take_in(tmp_path, "a.xlsx", content) == 1
    told = capsys.readouterr().err
    assert take_in(tmp_path, "a.xlsx", content, "--dry-run", "--json") == 1

    assert "sheet 人员, row 2, column 单位代码: officer 000002, post from 2024-01-01: no agency x" in told
    assert "refused, 2 faults; nothing was changed" in told
    assert [fault["row"] for fault in json.loads(capsys.readouterr().out)["conflicts"]] == [2, 3]


@pytest.mark.parametrize(("name", "content"), [("a.json", b"{]"), ("a.json", b'{"officers": [{}]}'), ("a.csv", b"x"), ("a.xlsx", b"PK")])
def test_what_is_no_roster_leaves_with_1(service, tmp_path, name, content):
    assert take_in(tmp_path, name, content) == 1


def test_a_file_that_is_not_there_leaves_with_2(service, tmp_path, capsys):
    assert coverage.main(["import", str(tmp_path / "nothing.csv")]) == 2
    assert "No such file" in capsys.readouterr().err


def test_pulling_without_sources_does_nothing(service):
    assert coverage.main(["pull"]) == 0
