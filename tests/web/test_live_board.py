"""The board's event stream over a real server: it ends when the service is stopped, and nobody unknown is let in."""

import socket
import threading
import time

import pytest
import urllib3
import uvicorn

from api.app import create_app
from evidence_store.actor import Role
from evidence_store.object_store.memory import MemoryObjectStore
from tests.service_fixtures import running_service


@pytest.fixture
def served(tmp_path, database):
    with running_service(tmp_path, database, MemoryObjectStore()) as service:
        app = create_app(service.context)
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="warning", ws="none", timeout_graceful_shutdown=20))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.02)
            yield service, app, server, thread, listener.getsockname()[1]
        finally:
            app.state.live.stop()
            server.should_exit = True
            thread.join()
            listener.close()


def ask(port, **headers):
    pool = urllib3.HTTPConnectionPool("127.0.0.1", port, retries=False, timeout=10)
    wanted = {"Accept": "text/html, text/event-stream", **headers}
    return pool, pool.request("GET", "/board/events", headers=wanted, preload_content=False, redirect=False)


def test_a_stream_begins_with_the_board_and_goes_on_with_every_change(served):
    service, _, _, _, port = served
    pool, answer = ask(port, Cookie=f"bodycam={service.token(Role.REVIEWER)}")
    with pool, answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        assert "当前没有正在采集的记录仪".encode() in answer.read1()

        session_id = service.open()

        assert f"docking-{session_id}".encode() in answer.read1()


def test_a_stream_ends_when_the_token_does(served):
    service, _, _, _, port = served
    pool, answer = ask(port, Cookie=f"bodycam={service.token(Role.REVIEWER)}")
    with pool, answer:
        answer.read1()
        service.clock.advance(hours=13)

        assert answer.read1() == b""


def test_an_open_stream_does_not_hold_up_the_end(served):
    service, app, server, thread, port = served
    pool, answer = ask(port, Cookie=f"bodycam={service.token(Role.REVIEWER)}")
    with pool, answer:
        answer.read1()
        began = time.monotonic()

        app.state.live.stop()
        server.should_exit = True
        thread.join(10)

        assert not thread.is_alive()
        assert time.monotonic() - began < 5


def test_nobody_unknown_is_let_in(served):
    pool, answer = ask(served[-1], **{"HX-Request": "true"})
    with pool, answer:
        assert answer.status == 401
