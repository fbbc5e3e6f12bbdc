"""Rosters pulled from a system elsewhere: the cursor moves with what stands, and a refused roster leaves it where it was."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from evidence_store.object_store.memory import MemoryObjectStore
from service.roster.pull_roster import list_sources, pull_rosters, pull_rosters_daily
from tests.service_fixtures import running_service


class Source(BaseHTTPRequestHandler):
    """An information system that answers what a test lays down, by cursor."""

    answers: dict = {}  # noqa: RUF012 - each test makes a class of its own
    asked: list = []  # noqa: RUF012 - likewise

    def do_GET(self):
        cursor = parse_qs(urlsplit(self.path).query, keep_blank_values=True)["since"][0]
        self.asked.append((cursor, self.headers["Authorization"]))
        status, body = self.answers[cursor]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@contextmanager
def answering(source):
    with HTTPServer(("127.0.0.1", 0), source) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def source():
    return type("Fresh", (Source,), {"answers": {}, "asked": []})


@pytest.fixture
def service(tmp_path, database, source):
    (tmp_path / "token").write_text("secret\n")
    with answering(source) as port:
        one = {"name": "one", "url": f"http://127.0.0.1:{port}/roster", "token_file": str(tmp_path / "token"), "agency": "0"}
        settings = {"roster_sources": [one], "outgoing_hosts": [f"127.0.0.1:{port}"]}
        with running_service(tmp_path, database, MemoryObjectStore(), **settings) as made:
            yield made


def tell(source, since, cursor, *, more=False, code="000001", agency="0"):
    posts = [{"agency": agency, "valid_from": "2024-01-01"}]
    roster = {"officers": [{"code": code, "name": f"示范人员 {code}", "posts": posts}]}
    source.answers[since] = (200, json.dumps({"roster": roster, "cursor": cursor, "more": more}).encode())


def state(service):
    ((_, found),) = list_sources(service.context, actor=service.administrator)
    return found.cursor, found.failure, found.taken_at is not None


def test_everything_is_pulled_with_the_token_and_the_next_time_goes_on_from_there(service, source):
    tell(source, "", "a", more=True)
    tell(source, "a", "b", code="000002")
    tell(source, "b", "b", code="000002")

    (first,) = pull_rosters(service.context)
    (second,) = pull_rosters(service.context)

    assert (first.changes, first.failure, second.changes, second.failure) == (2, None, 0, None)
    assert source.asked == [(cursor, "Bearer secret") for cursor in ("", "a", "b")]
    assert state(service) == ("b", None, True)


def test_a_refused_roster_keeps_the_cursor_and_is_told(service, source):
    tell(source, "", "a", more=True)
    tell(source, "a", "b", code="000002", agency="nowhere")

    (result,) = pull_rosters(service.context)

    assert result.failure == "refused, 1 faults: officer 000002, post from 2024-01-01: no agency nowhere"
    assert state(service) == ("a", result.failure, True)


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        ((500, b""), "it answers 500"),
        ((302, b""), "it answers 302"),
        ((200, b"{}"), "it answers no roster; roster: Field required; cursor: Field required"),
        ((200, b"<html>"), "it answers no roster"),
        ((200, b'{"roster": {}, "cursor": "", "more": true}'), "it answers no roster; cursor"),
    ],
)
def test_what_is_no_roster_changes_nothing_and_is_told(service, source, answer, failure, caplog):
    source.answers[""] = answer

    pull_rosters_daily(service.context)

    assert state(service)[0] == ""
    assert state(service)[1].startswith(failure)
    assert "a roster was not pulled" in caplog.text


def test_a_source_that_never_moves_on_is_left(service, source):
    tell(source, "", "a", more=True)
    tell(source, "a", "a", more=True)

    (result,) = pull_rosters(service.context)

    assert (result.failure, len(source.asked)) == ("it has more to tell under the cursor it was asked with", 2)


def test_a_source_whose_token_is_missing_is_told(service, source, tmp_path):
    (tmp_path / "token").unlink()

    (result,) = pull_rosters(service.context)

    assert "No such file" in result.failure
    assert source.asked == []
