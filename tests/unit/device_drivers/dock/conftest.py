"""A recorder in memory, and a strict service and store in threads that keep to docs/formats/dock-protocol.md."""

import base64
import hashlib
import json
import re
import threading
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from device_drivers.dock.patience import Patience
from device_drivers.dock.progress import JsonLines
from device_drivers.dock.service_client import ServiceClient, connection_pool
from device_drivers.dock.statements import ClockSetting, PluggedRecorder, ReleaseReport
from device_drivers.dock.tools import ClockWork, Tools
from device_drivers.dock.turns import Turns
from device_drivers.errors import ListingIncompleteError, RecorderReadError, RecorderUnpluggedError
from device_drivers.recorder import Capabilities, RecorderStatus, Removal
from integrity.hashing import content_md5
from integrity.listing import ClockReading, Listing, RecordedFile, RecorderIdentity
from integrity.plain import from_plain, spell_instant
from integrity.receipt import UploadReceipt, part_size_bytes

NOW = datetime(2026, 11, 24, 3, 29, 5, tzinfo=UTC)
TOKEN = "dock-token"


class MemoryRecorder:
    """A recorder whose files are bytes; can be pulled, damaged, or lie about sizes."""

    capabilities = Capabilities()

    def __init__(self, files, *, unplug_after_bytes=None, unreadable=(), announced=None, missing=(), serial="A123456"):
        self.files = dict(files)
        self.left_bytes = unplug_after_bytes
        self.unreadable = set(unreadable)
        self.announced = announced or {}
        self.missing = missing
        self.serial = serial
        self.calls = []
        self.read_bytes = 0
        self.gate = None
        self.address = None
        self.status = RecorderStatus()
        self.clock_refusal = self.remove_fault = self.set_to = None
        self.kept = {}

    def identity(self):
        self.calls.append("identity")
        return RecorderIdentity(family="memory", serial=self.serial)

    def read_clock(self):
        self.calls.append("read_clock")
        return ClockReading("2026-11-24T11:29:07", NOW, 2.0, 0.5)

    @property
    def usb_address(self):
        return self.address

    def read_status(self):
        self.calls.append("read_status")
        return self.status

    def set_clock(self, moment):
        self.calls.append("set_clock")
        if self.clock_refusal is not None:
            raise self.clock_refusal
        self.set_to = moment

    def remove_files(self, files):
        self.calls.append("remove_files")
        for file in files:
            if self.remove_fault is not None:
                self.remove_fault(file)
            if file.path in self.kept:
                yield Removal(file, self.kept[file.path])
            else:
                del self.files[file.path]
                yield Removal(file)

    def list_files(self):
        self.calls.append("list_files")
        for number, (path, content) in enumerate(self.files.items()):
            raw = base64.b64encode(path.encode("utf-16-le")).decode()
            size_bytes = self.announced.get(path, len(content))
            yield RecordedFile(path, raw, size_bytes, modified="2026-11-24T11:00:00", locator=str(number))
        if self.missing:
            raise ListingIncompleteError(tuple(self.missing))

    def open_file(self, file, offset=0):
        self.calls.append(f"open {file.path} {offset}")
        return MemoryReader(self, file.path, offset)

    def close(self):
        self.calls.append("close")

    def __enter__(self):
        return self

    def __exit__(self, *_arguments):
        self.close()


class MemoryReader:
    def __init__(self, recorder, path, offset):
        self.recorder, self.path, self.offset = recorder, path, offset

    def readinto(self, buffer):
        recorder = self.recorder
        if recorder.gate is not None:
            recorder.gate(self.path, self.offset)
        if self.path in recorder.unreadable and self.offset >= 100:
            raise RecorderReadError(self.path, self.offset, "bad sector")
        piece = recorder.files[self.path][self.offset : self.offset + len(buffer)]
        if self.path in recorder.unreadable:
            piece = piece[: 100 - self.offset]
        if recorder.left_bytes is not None:
            if len(piece) > recorder.left_bytes:
                raise RecorderUnpluggedError(f"reading {self.path}")
            recorder.left_bytes -= len(piece)
        buffer[: len(piece)] = piece
        self.offset += len(piece)
        recorder.read_bytes += len(piece)
        return len(piece)

    def close(self):
        self.recorder = None

    def __enter__(self):
        return self

    def __exit__(self, *_arguments):
        self.close()


@dataclass
class FakeClip:
    id: str
    state: str = "announced"
    quarantine: str | None = None
    size_bytes: int | None = None
    announced_bytes: int = 0
    sha256: str | None = None
    sm3: str | None = None
    upload_id: str | None = None
    parts: dict = field(default_factory=dict)
    content: bytes | None = None
    receipt: UploadReceipt | None = None
    failures: list = field(default_factory=list)


class DropConnectionError(Exception):
    pass


class ProblemError(Exception):
    def __init__(self, status, slug, **members):
        super().__init__(slug)
        self.status, self.body = status, {"type": f"https://docs.invalid/problems/{slug}", "title": slug, "status": status, "detail": slug, **members}


class FakeService:
    """Service and store in one process; every request it sees is counted and kept."""

    def __init__(self):
        self.sessions, self.listings, self.tickets, self.ended = {}, {}, {}, {}
        self.clips, self.known = {}, {}
        self.requests, self.put_parts = [], []
        self.actions = {}
        self.faults = []
        self.seals = True
        self.part_bytes = None
        self.quarantines = {}
        self.urls_in_grant = 100
        self.valid_address = "1"
        self.progress = []
        self.keeps = True
        self.contested, self.clocks_set, self.ordered, self.releases, self.never_released = set(), {}, {}, {}, set()
        self.ahead_s = 0.0
        self.lock = threading.RLock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), make_handler(self))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def fault(self, kind, pattern, *, times=1, status=500):
        """Let requests that match go wrong: ``drop`` before anything happens, ``lose`` only the answer, ``answer`` a status."""
        self.faults.append({"kind": kind, "pattern": re.compile(pattern), "left": times, "status": status})

    def counts(self, pattern):
        return sum(bool(re.search(pattern, line)) for line in self.requests)

    def clip_of(self, path):
        return next(self.clips[self.known[key]] for key in reversed(self.known) if key[0] == path)

    def take_fault(self, line):
        for fault in self.faults:
            if fault["left"] and fault["pattern"].search(line):
                fault["left"] -= 1
                return fault
        return None

    # the calls of a dock

    def call(self, method, path, body):  # noqa: C901, PLR0911 - one line for each call
        if path == "/api/v1/dock/time":
            return {"time": spell_instant(NOW + timedelta(seconds=self.ahead_s))}
        session_id, _, rest = path.removeprefix("/api/v1/dock/sessions/").partition("/")
        assert str(uuid.UUID(session_id)) == session_id
        if not rest and method == "PUT":
            return self.open_session(session_id, body)
        if session_id not in self.sessions:
            raise ProblemError(404, "session-not-found")
        if not rest:
            return self.count(session_id)
        if rest == "listing":
            return self.announce(session_id, body)
        if rest == "clips":
            return {"clips": [self.show(ticket) for ticket in self.tickets[session_id]]}
        if rest == "end":
            assert set(body) == {"outcome"}
            assert body["outcome"] in {"finished", "unplugged", "failed"}
            self.end(session_id, body["outcome"])
            return None
        if rest == "clock":
            return self.clock(session_id, body)
        if rest == "release":
            return self.order_release(session_id)
        if rest == "release/report":
            return self.report_release(session_id, body)
        if rest == "progress":
            assert set(body) == {"files", "bytes_per_s", "phase", "left_s", "may_leave", "safe_to_take", "warnings"}
            self.progress.append(body)
            return None
        clip_id, _, verb = rest.removeprefix("clips/").partition("/")
        return getattr(self, verb.replace("/", "_").replace("-", "_"))(session_id, self.clips[clip_id], body)

    def open_session(self, session_id, body):
        from_plain(PluggedRecorder, {"identity_read_at": None, **body})
        assert {**self.sessions.setdefault(session_id, body), "rivals": None} == {**body, "rivals": None}
        contested = bool(set(body["rivals"]) & set(self.sessions))
        self.contested |= {session_id, *body["rivals"]} if contested else set()
        return {
            "session_id": session_id,
            "protocol": 1,
            "keep_on_recorder": self.keeps,
            "contested": session_id in self.contested,
            "from_a_newer_service": [],
        }

    def clock(self, session_id, body):
        self.clocks_set[session_id] = from_plain(ClockSetting, body)

    def order_release(self, session_id):
        self.ordered[session_id] = []
        items = []
        for ticket in self.tickets[session_id]:
            clip = self.clips[ticket["clip_id"]]
            reasons = [] if clip.state == "sealed" and clip.id not in self.never_released else ["not_sealed"]
            items.append({"clip_id": clip.id, "index": ticket["index"], "allowed": not reasons, "reasons": reasons})
            self.ordered[session_id] += [clip.id] if not reasons else []
        return {"clips": items}

    def report_release(self, session_id, body):
        report = from_plain(ReleaseReport, body)
        assert {removal.clip_id for removal in report.removals} <= set(self.ordered[session_id])
        self.releases[session_id] = report
        if report.remaining is None:
            return {"released": [], "vanished": []}
        there = {file.path for file in report.remaining.files}
        gone = [ticket["clip_id"] for ticket in self.tickets[session_id] if self.listings[session_id].files[ticket["index"]].path not in there]
        for clip_id in gone:
            self.clips[clip_id].state = "released"
        ordered = set(self.ordered[session_id])
        return {"released": [clip for clip in gone if clip in ordered], "vanished": [clip for clip in gone if clip not in ordered]}

    def announce(self, session_id, body):
        listing = from_plain(Listing, body)
        assert listing.identity == from_plain(RecorderIdentity, self.sessions[session_id]["identity"])
        self.listings[session_id] = listing
        self.tickets[session_id] = [self.ticket(index, file, listing.identity.serial) for index, file in enumerate(listing.files)]
        return {"files": self.tickets[session_id]}

    def ticket(self, index, file, serial):
        key = (file.path, serial, file.size_bytes, file.fingerprint)
        clip = self.clips.get(self.known.get(key, ""))
        if clip is None:
            clip = FakeClip(str(uuid.uuid4()), announced_bytes=file.size_bytes)
            self.clips[clip.id] = clip
            self.known[key] = clip.id
        action = "upload" if clip.state in {"announced", "uploading"} else self.actions.get(file.path, "skip")
        action = self.actions.get(file.path, action)
        return {"index": index, "clip_id": clip.id, "state": clip.state, "action": action}

    def upload(self, _session_id, clip, body):
        assert body == {}
        if clip.state not in {"announced", "uploading"}:
            raise ProblemError(409, "upload-finished")
        clip.state, clip.upload_id = "uploading", clip.upload_id or f"upload-{clip.id}"
        part_bytes = self.part_bytes or part_size_bytes(clip.announced_bytes)
        stored = [{"number": number, "size_bytes": len(data), "etag": content_md5(data).hex()} for number, data in sorted(clip.parts.items())]
        wanted = [number for number in range(1, -(-clip.announced_bytes // part_bytes) + 1) if number not in clip.parts]
        urls = {str(number): self.address(clip, number) for number in wanted[: self.urls_in_grant]}
        return {
            "upload_id": clip.upload_id,
            "part_size_bytes": part_bytes,
            "size_bytes": clip.announced_bytes,
            "stored_parts": stored,
            "urls": urls,
        }

    def upload_part_urls(self, _session_id, clip, body):
        assert set(body) == {"upload_id", "numbers"}
        assert body["upload_id"] == clip.upload_id
        assert 1 <= len(body["numbers"]) <= 100
        return {"urls": {str(number): self.address(clip, number) for number in body["numbers"]}}

    def address(self, clip, number):
        return f"{self.url}/store/{clip.id}/{number}?signature={self.valid_address}"

    def receipt(self, _session_id, clip, body):
        assert set(body) == {"upload_id", "receipt"}
        receipt = from_plain(UploadReceipt, body["receipt"])
        if clip.receipt is not None and clip.receipt != receipt:
            raise ProblemError(409, "receipt-mismatch")
        if clip.receipt is None:
            assert body["upload_id"] == clip.upload_id
            content = b"".join(clip.parts[part.number] for part in receipt.parts)
            assert len(content) == receipt.size_bytes
            assert hashlib.sha256(content).hexdigest() == receipt.sha256
            assert hashlib.new("sm3", content).hexdigest() == receipt.sm3
            clip.receipt, clip.content, clip.state = receipt, content, "stored"
            clip.size_bytes, clip.sha256, clip.sm3 = receipt.size_bytes, receipt.sha256, receipt.sm3
        return {"clip_id": clip.id, "state": clip.state}

    def reread(self, session_id, clip, body):
        assert set(body) == {"size_bytes", "sha256", "sm3"}
        if (clip.size_bytes, clip.sha256, clip.sm3) == (body["size_bytes"], body["sha256"], body["sm3"]):
            return {"clip_id": clip.id, "state": clip.state, "action": "skip"}
        other = FakeClip(str(uuid.uuid4()), announced_bytes=clip.announced_bytes)
        self.clips[other.id] = other
        ticket = next(ticket for ticket in self.tickets[session_id] if ticket["clip_id"] == clip.id)
        ticket["clip_id"] = other.id
        return {"clip_id": other.id, "state": "announced", "action": "upload"}

    def failure(self, _session_id, clip, body):
        assert set(body) == {"code", "detail", "read_bytes"}
        clip.failures.append(body)

    def end(self, session_id, outcome):
        self.ended[session_id] = outcome
        for ticket in self.tickets.get(session_id, []):
            clip = self.clips[ticket["clip_id"]]
            clip.quarantine = self.quarantines.get(self.listings[session_id].files[ticket["index"]].path)
            if clip.state == "stored" and self.seals and clip.quarantine is None:
                clip.state = "sealed"

    def count(self, session_id):
        clips = [self.clips[ticket["clip_id"]] for ticket in self.tickets.get(session_id, [])]
        counts = Counter(clip.state for clip in clips)
        return {
            "session_id": session_id,
            "ended": session_id in self.ended,
            "counts": dict(counts),
            "quarantined": sum(clip.quarantine is not None for clip in clips),
            "sealed": counts["sealed"],
            "total": len(clips),
        }

    def show(self, ticket):
        clip = self.clips[ticket["clip_id"]]
        names = ("state", "quarantine", "sha256", "sm3", "size_bytes")
        return {"index": ticket["index"], "clip_id": clip.id, **{name: getattr(clip, name) for name in names}}

    # the store

    def put(self, path, headers, body):
        clip_id, number = path.removeprefix("/store/").partition("?")[0].split("/")
        digest = content_md5(body)
        if not path.endswith(f"?signature={self.valid_address}"):
            return 403, "AccessDenied", ""
        if base64.b64decode(headers["Content-MD5"]) != digest:
            return 400, "BadDigest", ""
        self.clips[clip_id].parts[int(number)] = body
        self.put_parts.append((clip_id, int(number)))
        return 200, "", digest.hex()


def make_handler(service):  # noqa: C901 - a server in one function
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_arguments):
            pass

        def handle_one(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            line = f"{self.command} {self.path}"
            with service.lock:
                service.requests.append(line)
                fault = service.take_fault(line)
            if fault and fault["kind"] == "drop":
                self.close_connection = True
                return
            if fault and fault["kind"] == "answer":
                self.answer(fault["status"], b"{}")
                return
            status, data, headers = self.act(body)
            if fault and fault["kind"] == "lose":
                self.close_connection = True
                return
            self.answer(status, data, headers)

        do_GET = do_PUT = do_POST = handle_one  # noqa: N815 - names of http.server

        def act(self, body):
            with service.lock:
                if self.path.startswith("/store/"):
                    assert self.command == "PUT"
                    assert "Authorization" not in self.headers
                    status, code, etag = service.put(self.path, self.headers, body)
                    return status, f"<Error><Code>{code}</Code></Error>".encode() if code else b"", {"ETag": f'"{etag}"'} if etag else {}
                try:
                    self.check()
                    answer = service.call(self.command, self.path, json.loads(body) if body else None)
                except ProblemError as problem:
                    return problem.status, json.dumps(problem.body).encode(), {"Content-Type": "application/problem+json"}
                except (AssertionError, KeyError, ValueError) as error:
                    problem = ProblemError(422, "not-the-protocol", error=repr(error))
                    return problem.status, json.dumps({**problem.body, "detail": repr(error)}).encode(), {}
                return (204, b"", {}) if answer is None else (200, json.dumps(answer).encode(), {})

        def check(self):
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                raise ProblemError(401, "not-signed-in")
            if self.headers.get("Bodycam-Dock-Protocol") != "1":
                raise ProblemError(426, "dock-protocol-unsupported", accepted=[1])

        def answer(self, status, data, headers=None):
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    return Handler


@pytest.fixture
def service():
    fake = FakeService()
    yield fake
    fake.close()


@pytest.fixture
def stop():
    return threading.Event()


@pytest.fixture
def lines(tmp_path):
    with (tmp_path / "progress.jsonl").open("w+") as stream:
        yield stream


@pytest.fixture
def patience(stop):
    return Patience(5.0, stop)


@pytest.fixture(scope="session")
def pool():
    with connection_pool(None, connect_timeout_s=5, read_timeout_s=5) as connections:
        yield connections


@pytest.fixture
def tools(service, patience, lines, pool):
    client = ServiceClient(service.url, TOKEN, pool=pool, patience=patience)
    clocks = ClockWork(is_synchronised=lambda: True)
    yield Tools(client, pool, patience, JsonLines(lines), lambda: NOW, Turns(4, patience), clocks=clocks)
    pool.clear()


@pytest.fixture
def make_recorder():
    return MemoryRecorder
