"""The only way out asks nobody but listed addresses, and believes no answer beyond its limits."""

import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from service.outgoing import Outgoing, OutgoingFailedError, OutgoingRefusedError, OutgoingRequest
from tests.certificates import make_certificate


class Handler(BaseHTTPRequestHandler):
    answer = b"answer"
    status = 200
    asked = None

    def do_POST(self):
        type(self).asked = (self.path, self.headers["Host"], self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(self.status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Location", "http://elsewhere.example/")
        self.send_header("Content-Length", str(len(self.answer)))
        self.end_headers()
        self.wfile.write(self.answer)

    def do_GET(self):
        type(self).asked = (self.path, self.headers["Host"], self.headers["Content-Length"])
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(self.answer)))
        self.end_headers()
        self.wfile.write(self.answer)

    def log_message(self, *arguments):
        pass


@contextmanager
def serving(handler, context=None):
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def handler():
    return type("Fresh", (Handler,), {})


def ask(port, *, host="127.0.0.1", scheme="http", allowed=None, resolve=None, **options):
    outgoing = Outgoing([f"{host}:{port}"] if allowed is None else allowed, resolve=resolve)
    return outgoing.post(OutgoingRequest(f"{scheme}://{host}:{port}/path?a=b", b"body", {"Content-Type": "text/plain"}, timeout_s=2, **options))


def test_a_listed_address_is_asked_and_its_answer_given_back(handler):
    with serving(handler) as port:
        answer = ask(port)

        assert (answer.status, answer.content_type, answer.body) == (200, "text/plain", b"answer")
        assert handler.asked == ("/path?a=b", f"127.0.0.1:{port}", b"body")


def test_what_an_address_has_to_say_is_got_without_a_body_and_within_the_same_rules(handler):
    with serving(handler) as port:
        request = OutgoingRequest(f"http://127.0.0.1:{port}/path?a=b", b"unsent", {}, timeout_s=2)
        answer = Outgoing([f"127.0.0.1:{port}"]).get(request)

        assert (answer.body, handler.asked) == (b"answer", ("/path?a=b", f"127.0.0.1:{port}", None))
        with pytest.raises(OutgoingRefusedError):
            Outgoing([]).get(request)


def test_an_address_that_is_not_listed_is_not_asked(handler):
    with serving(handler) as port, pytest.raises(OutgoingRefusedError):
        ask(port, allowed=["127.0.0.1:1"])
    assert handler.asked is None


def test_a_redirect_is_given_back_and_not_followed(handler):
    handler.status = 302
    with serving(handler) as port:
        assert ask(port).status == 302


def test_an_endless_answer_is_cut_off(handler):
    handler.answer = bytes(70_000)
    with serving(handler) as port, pytest.raises(OutgoingFailedError, match="longer than 65536 bytes"):
        ask(port)


def test_beyond_this_machine_nothing_goes_in_the_clear():
    with pytest.raises(OutgoingRefusedError, match="only https"):
        ask(80, host="tsa.example", resolve=lambda _host, _port: ["192.0.2.1"])


def test_a_name_is_resolved_once_and_its_address_kept(handler, tmp_path):
    asked = []

    def resolve(host, port):
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["192.0.2.1"]

    with serving(handler) as port:
        assert ask(port, host="tsa.example", resolve=resolve).status == 200
    assert asked == ["tsa.example"]


def test_a_certificate_that_names_another_host_is_not_trusted(handler, tmp_path):
    made = make_certificate(tmp_path, "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.certificate, made.key)
    with serving(handler, context) as port:
        assert ask(port, scheme="https", ca_file=made.authority).status == 200
        with pytest.raises(OutgoingFailedError):
            ask(port, scheme="https", host="tsa.example", resolve=lambda _host, _port: ["127.0.0.1"], ca_file=made.authority)
        with pytest.raises(OutgoingFailedError):
            ask(port, scheme="https")


@pytest.mark.parametrize("addresses", [[], None])
def test_a_name_without_address_is_a_failure(addresses):
    def resolve(_host, _port):
        if addresses is None:
            raise OSError("no such name")
        return addresses

    with pytest.raises(OutgoingFailedError):
        ask(443, scheme="https", host="tsa.example", resolve=resolve)


def test_nobody_there_is_a_failure():
    with pytest.raises(OutgoingFailedError):
        ask(1)
