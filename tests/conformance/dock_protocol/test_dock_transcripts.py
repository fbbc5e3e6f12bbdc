import json
import threading
from dataclasses import asdict, is_dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from device_drivers.dock.answers import SessionOutcome
from device_drivers.dock.errors import RefusedError
from device_drivers.dock.patience import Patience
from device_drivers.dock.service_client import ServiceClient, connection_pool
from device_drivers.dock.statements import ClockSetting, PluggedRecorder, ProgressReport, ReleaseReport
from integrity.hashing import Digests
from integrity.listing import Listing
from integrity.plain import from_plain, spell_instant
from integrity.receipt import UploadReceipt

WRAPPED = {"announce": "files", "session_clips": "clips", "part_urls": "urls", "order_release": "clips", "service_time": "time"}
"""Member that a call's answer is taken out of."""
TRANSCRIPTS = sorted((Path(__file__).parent / "transcripts").glob("*.json"))


class Replaying(BaseHTTPRequestHandler):
    """Answers as the transcript says, and keeps what was asked."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_arguments):
        pass

    def replay(self):
        size = int(self.headers.get("Content-Length", 0))
        self.server.asked = (self.command, self.path, dict(self.headers), json.loads(self.rfile.read(size)) if size else None)
        response = self.server.transcript["response"]
        data = b"" if response["body"] is None else json.dumps(response["body"]).encode()
        self.send_response(response["status"])
        if response["status"] != 204:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_PUT = do_POST = replay  # noqa: N815 - names of http.server


@pytest.fixture(params=TRANSCRIPTS, ids=lambda path: path.stem)
def replaying(request):
    with ThreadingHTTPServer(("127.0.0.1", 0), Replaying) as server:
        server.transcript = json.loads(request.param.read_text())
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def client(replaying):
    with connection_pool(None, connect_timeout_s=5, read_timeout_s=5) as pool:
        yield ServiceClient(f"http://127.0.0.1:{replaying.server_port}", "dock-token", pool=pool, patience=Patience(1, threading.Event()))


def make_call(client, transcript):
    """Call the dock's function with the values that stand in the transcript's request."""
    path, body = transcript["request"]["path"], transcript["request"]["body"]
    session_id, _, rest = path.removeprefix("/api/v1/dock/sessions/").partition("/")
    ids = [session_id, *([rest.split("/")[1]] if rest.startswith("clips/") else [])]
    arguments = {
        "open_session": lambda: {"plugged": from_plain(PluggedRecorder, {"identity_read_at": None, **body})},
        "report_clock_set": lambda: {"setting": from_plain(ClockSetting, body)},
        "order_release": dict,
        "report_release": lambda: {"report": from_plain(ReleaseReport, body)},
        "grant_upload": dict,
        "part_urls": lambda: body,
        "send_receipt": lambda: {"upload_id": body["upload_id"], "receipt": from_plain(UploadReceipt, body["receipt"])},
        "compare_reread": lambda: {"size_bytes": body["size_bytes"], "digests": Digests(body["sha256"], body["sm3"])},
        "report_failure": lambda: body,
        "report_progress": lambda: {"report": make_report(**body)},
        "session_counts": dict,
        "session_clips": dict,
    }
    function = getattr(client, transcript["call"])
    if transcript["call"] == "service_time":
        return function()
    if transcript["call"] == "announce":
        return function(session_id, from_plain(Listing, body))
    if transcript["call"] == "end_session":
        return function(session_id, SessionOutcome(body["outcome"]))
    return function(*ids, **arguments[transcript["call"]]())


def make_report(files, bytes_per_s, **others):
    read_bytes = {file["index"]: file["read_bytes"] for file in files}
    return ProgressReport(read_bytes, bytes_per_s + 0.25, **{**others, "warnings": tuple(others["warnings"])})


def plain(answer):
    """An answer as the JSON it was read from, without what the dock does not look at."""
    if isinstance(answer, datetime):
        return spell_instant(answer)
    if isinstance(answer, tuple):
        return [plain(item) for item in answer]
    return json.loads(json.dumps(asdict(answer))) if is_dataclass(answer) else answer


def contains(whole, part):
    """Whether everything in a parsed answer stands in the transcript's."""
    if isinstance(part, dict):
        return all(contains(whole[name], value) for name, value in part.items())
    if isinstance(part, list):
        return len(whole) == len(part) and all(map(contains, whole, part))
    return whole == part


def test_the_dock_asks_exactly_this_and_understands_the_answer(client, replaying):
    transcript = replaying.transcript
    request, response = transcript["request"], transcript["response"]

    try:
        answer = plain(make_call(client, transcript))
    except RefusedError as error:
        answer, refusal = None, error
    else:
        refusal = None

    method, path, headers, body = replaying.asked
    assert (method, path, body) == (request["method"], request["path"], request["body"])
    assert request["headers"].items() <= headers.items()
    if refusal is not None:
        assert (refusal.status, refusal.slug) == (response["status"], response["body"]["type"].rpartition("/")[2])
    elif answer is not None:
        wrapped = {"announce": "files", "session_clips": "clips", "part_urls": "urls", "order_release": "clips", "service_time": "time"}.get(
            transcript["call"]
        )
        assert contains(response["body"], {wrapped: answer} if wrapped else answer)
    else:
        assert response["status"] == 204


def test_every_call_of_the_dock_has_a_transcript():
    calls = {name for name in vars(ServiceClient) if not name.startswith("_")}

    assert {json.loads(path.read_text())["call"] for path in TRANSCRIPTS} == calls
