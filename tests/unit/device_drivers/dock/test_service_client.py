import datetime as dt
import json
import ssl
import threading
import time
import uuid
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from device_drivers.dock import service_client
from device_drivers.dock.addresses import require_protected
from device_drivers.dock.answers import SessionOutcome
from device_drivers.dock.errors import (
    InsecureAddressError,
    MalformedAnswerError,
    RefusedError,
    StoppedError,
    UnreachableError,
    UntrustedPeerError,
)
from device_drivers.dock.patience import LONGEST_PAUSE_S, Patience
from device_drivers.dock.service_client import ServiceClient, connection_pool
from device_drivers.dock.statements import PluggedRecorder, ProgressReport
from integrity.listing import Listing, RecordedFile, RecorderIdentity

SESSION = str(uuid.uuid4())
COUNTS = {"session_id": SESSION, "ended": False, "counts": {}, "quarantined": 0, "sealed": 0, "total": 0}


class Scripted(BaseHTTPRequestHandler):
    """Gives the answers it was given, one after the other; the last for ever."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_arguments):
        pass

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answers = self.server.answers
        status, body, *headers = answers.pop(0) if len(answers) > 1 else answers[0]
        self.server.asked += 1
        if self.server.slow_s:
            self.server.hurry.wait(self.server.slow_s)
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PUT = do_POST = answer  # noqa: N815 - names of http.server


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Scripted) as scripted:
        scripted.answers, scripted.asked = [(200, json.dumps(COUNTS).encode())], 0
        scripted.slow_s, scripted.hurry, scripted.daemon_threads = 0.0, threading.Event(), True
        scripted.handle_error = lambda *_arguments: None
        thread = threading.Thread(target=scripted.serve_forever, args=(0.01,))
        thread.start()
        yield scripted
        scripted.hurry.set()
        scripted.shutdown()
        thread.join()


@pytest.fixture
def client(server, pool, stop):
    return ServiceClient(f"http://127.0.0.1:{server.server_port}", "t", pool=pool, patience=Patience(1.0, stop))


def test_answers_that_say_try_again_are_tried_again(server, client):
    server.answers = [(status, b"") for status in (503, 429, 408)] + server.answers

    assert client.session_counts(SESSION).total == 0
    assert server.asked == 4


def test_patience_has_an_end(server, client):
    server.answers = [(503, b"")]

    with pytest.raises(UnreachableError, match="answered 503"):
        client.session_counts(SESSION)
    assert server.asked > 1


@pytest.fixture
def impatient(server, stop, monkeypatch):
    """A client of a service that takes half a second, when a quick call may take a tenth; other calls may take a minute."""
    monkeypatch.setattr(service_client, "QUICK_WITHIN_S", 0.1)
    monkeypatch.setattr(service_client, "TIME_WITHIN_S", 0.1)
    server.slow_s = 0.5
    with connection_pool(None, connect_timeout_s=5, read_timeout_s=60) as own:
        yield ServiceClient(f"http://127.0.0.1:{server.server_port}", "t", pool=own, patience=Patience(0.3, stop))


def test_a_service_that_hangs_is_found_out_by_the_first_calls(server, impatient):
    server.slow_s = 60.0
    plugged = PluggedRecorder("1-1", "test", RecorderIdentity(family="memory"), None, None, None, None)
    began = time.monotonic()

    with pytest.raises(UnreachableError):
        impatient.service_time()
    with pytest.raises(UnreachableError):
        impatient.open_session(SESSION, plugged)

    assert time.monotonic() - began < 5
    assert server.asked > 2, "and given a second chance"


def test_a_service_that_is_slow_over_a_listing_is_left_to_it(server, impatient):
    server.answers = [(200, b'{"files": []}')]
    listing = Listing(RecorderIdentity(family="memory"), None, (), is_complete=True, failure=None, taken_at=dt.datetime.now(dt.UTC))

    assert impatient.announce(SESSION, listing) == ()
    assert server.asked == 1


def test_a_long_listing_goes_out_in_pieces_so_that_a_slow_line_has_time_for_each(server, client, monkeypatch):
    files = tuple(RecordedFile(f"{number:06}.MP4", "", number) for number in range(2_000))
    listing = Listing(RecorderIdentity(family="memory"), None, files, is_complete=True, failure=None, taken_at=dt.datetime.now(dt.UTC))
    tickets = [{"index": number, "clip_id": "c", "state": "announced", "action": "upload"} for number in range(len(files))]
    server.answers = [(200, json.dumps({"files": tickets}).encode())]
    pieces = []
    send = HTTPConnection.send
    monkeypatch.setattr(HTTPConnection, "send", lambda connection, data: (pieces.append(len(data)), send(connection, data))[1])

    assert len(client.announce(SESSION, listing)) == len(files)
    assert max(pieces) <= 65_536 < sum(pieces)


def test_progress_is_tried_once(server, client):
    server.answers = [(503, b"")]

    with pytest.raises(UnreachableError):
        client.report_progress(SESSION, ProgressReport({0: 1}, 1.0, "reading", None, may_leave=False, safe_to_take=False))
    assert server.asked == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422, 426])
def test_refusals_are_not_tried_again(server, client, status):
    server.answers = [(status, json.dumps({"type": "https://x.invalid/problems/some-problem", "detail": "why"}).encode())]

    with pytest.raises(RefusedError, match="why") as caught:
        client.session_counts(SESSION)
    assert (caught.value.status, caught.value.slug, server.asked) == (status, "some-problem", 1)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"\xff", b"<html>", b'{"type": 5}'])
def test_a_refusal_without_a_problem_is_still_one(server, client, body):
    server.answers = [(404, body)]

    with pytest.raises(RefusedError) as caught:
        client.session_counts(SESSION)
    assert caught.value.slug in {"unexplained", "5"}


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"\xff", b"<html>", b"{}", json.dumps({**COUNTS, "total": "1"}).encode()])
def test_an_answer_that_is_not_of_the_protocol_is_refused(server, client, body):
    server.answers = [(200, body)]

    with pytest.raises(MalformedAnswerError):
        client.session_counts(SESSION)


def test_redirects_are_not_followed(server, client):
    server.answers = [(302, b"", ("Location", "http://127.0.0.1:9/elsewhere"))]

    with pytest.raises(RefusedError):
        client.end_session(SESSION, SessionOutcome.FINISHED)
    assert server.asked == 1


def test_tickets_must_be_those_of_the_listing(server, client):
    server.answers = [(200, b'{"files": [{"index": 1, "clip_id": "c", "state": "announced", "action": "upload"}]}')]
    now = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)

    with pytest.raises(MalformedAnswerError, match="not those of the listing"):
        client.announce(SESSION, Listing(RecorderIdentity("memory"), None, (), is_complete=True, failure=None, taken_at=now))


def test_a_part_needs_a_size(server, client):
    grant = {"upload_id": "u", "part_size_bytes": 0, "size_bytes": 1, "stored_parts": [], "urls": {}}
    server.answers = [(200, json.dumps(grant).encode())]

    with pytest.raises(MalformedAnswerError):
        client.grant_upload(SESSION, "c")


def test_a_service_that_is_not_there_is_waited_for(pool, stop):
    client = ServiceClient("http://127.0.0.1:9", "t", pool=pool, patience=Patience(0.3, stop))
    begun = time.monotonic()

    with pytest.raises(UnreachableError):
        client.session_counts(SESSION)
    assert time.monotonic() - begun >= 0.3


def test_waiting_ends_when_the_program_is_to_end(pool, stop):
    client = ServiceClient("http://127.0.0.1:9", "t", pool=pool, patience=Patience(60, stop))
    stop.set()

    with pytest.raises(StoppedError):
        client.session_counts(SESSION)


def test_pauses_grow_to_a_bound(stop, monkeypatch):
    waits = []
    monkeypatch.setattr(stop, "wait", lambda seconds: waits.append(seconds) and None)
    attempts = Patience(60, stop, monotonic=lambda: 0.0).begin()

    for _ in range(12):
        attempts.pause(UnreachableError("x", "y"))

    assert waits[0] <= 0.1
    assert LONGEST_PAUSE_S / 2 <= waits[-1] <= LONGEST_PAUSE_S


@pytest.mark.parametrize("address", ["http://evidence.example", "http://10.0.0.1:8000/x", "http://127.0.0.1.example"])
def test_nothing_goes_unencrypted_over_a_network(address):
    with pytest.raises(InsecureAddressError):
        require_protected(address)


@pytest.mark.parametrize("address", ["", "evidence.example", "ftp://127.0.0.1/", "https://", "http://[::1"])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(ValueError, match=r"URL|expected"):
        require_protected(address)


@pytest.mark.parametrize("address", ["https://evidence.example/x", "http://localhost:1", "http://127.9.9.9", "http://[::1]:80/"])
def test_protected_addresses_pass(address):
    assert require_protected(address).host


@pytest.fixture
def tls(server, tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "dock test")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - dt.timedelta(hours=1), now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, private = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(certificate.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, private)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return chain


def test_an_own_certificate_authority_is_enough(tls, server, stop):
    with connection_pool(tls, connect_timeout_s=5, read_timeout_s=5) as own:
        client = ServiceClient(f"https://127.0.0.1:{server.server_port}", "t", pool=own, patience=Patience(5, stop))

        assert client.session_counts(SESSION).total == 0


def test_a_certificate_of_nobody_known_is_refused_at_once(tls, server, pool, stop, monkeypatch):
    monkeypatch.setattr(server, "handle_error", lambda *_arguments: None)
    client = ServiceClient(f"https://127.0.0.1:{server.server_port}", "t", pool=pool, patience=Patience(60, stop))

    with pytest.raises(UntrustedPeerError, match=r"127\.0\.0\.1"):
        client.session_counts(SESSION)
