"""What a dock hears from its service and finds in its spool, and what the service takes in: media facts, rosters, Range headers."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError

from api.ranges import RangeNotSatisfiable, parse_range
from device_drivers.dock import answers
from device_drivers.dock.errors import MalformedAnswerError
from device_drivers.dock.service_client import ServiceClient, _refusal
from device_drivers.dock.spool.chunks import ChunkReader, ChunkWriter, write_sealed
from device_drivers.dock.spool.errors import SpoolDamagedError
from device_drivers.dock.spool.store import SpooledSession
from service.media.errors import ChildFailedError
from service.media.probe import _report
from service.media.report import ChildAnswer
from service.media.wire import HEADER, Frame, PipeEnd
from service.roster.plan_import import KnownCodes, find_faults, in_order
from service.roster.rows import Roster
from tests.fuzz.target import Target, joined, records

_TRANSCRIPTS = Path(__file__).parents[1] / "conformance" / "dock_protocol" / "transcripts"
_MEMORY = Path("/dev/shm")  # noqa: S108 - only a folder of a name of its own is made there
_KEY = bytes(range(32))
_ANSWERS = {
    "open_session": answers.SessionOpened,
    "announce": answers.ListingAccepted,
    "grant_upload": answers.UploadGrant,
    "part_urls": answers.PartUrls,
    "send_receipt": answers.ReceiptAccepted,
    "compare_reread_other": answers.RereadAnswer,
    "session_counts": answers.SessionCounts,
    "session_clips": answers.SessionClips,
    "order_release": answers.ReleaseOrders,
    "report_release": answers.ReleaseRecorded,
    "service_time": answers.ServiceTime,
}


def _spoken(name: str) -> bytes:
    return json.dumps(json.loads((_TRANSCRIPTS / f"{name}.json").read_text())["response"]["body"]).encode()


def _dock_answer(data: bytes) -> object:
    """The first byte says to which call it is the answer."""
    kind = list(_ANSWERS.values())[data[0] % len(_ANSWERS)] if data else answers.ServiceTime
    answer = ServiceClient._read(kind, "GET", data[1:])
    for urls in (getattr(answer, "urls", {}), getattr(answer, "counts", {})):
        assert all(type(value) in {str, int} for value in urls.values())
    return answer


def _dock_refusal(data: bytes) -> object:
    return _refusal("GET", 409, data).slug


@contextmanager
def _session_folder() -> Iterator[Path]:
    """A folder of one name, which is bound into the files' keys, in memory where there is such a place."""
    with TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        session = Path(folder) / "session"
        session.mkdir()
        yield session


def _spool_chunks(data: bytes) -> object:
    with _session_folder() as folder:
        path = folder / "0.footage"
        path.write_bytes(data)
        with ChunkReader(path, _KEY, offset=len(data) // 2) as reader:
            return reader.readinto(memoryview(bytearray(64)))


def _spool_records(data: bytes) -> object:
    """What was sealed with the spool's own key, and is no record all the same: of another release, say."""
    with _session_folder() as folder:
        for name, piece in zip(("record", "0.facts", "outcome"), records(data), strict=False):
            write_sealed(folder / name, _KEY, piece)
        session = SpooledSession(folder, _KEY)
        return session.record(), session.files(), session.outcome()


def _media_frames(data: bytes) -> object:
    incoming, feeding = os.pipe()
    outgoing, reading = os.pipe()
    try:
        os.write(feeding, data)
        os.close(feeding)
        pipe = PipeEnd(incoming, reading)
        return [pipe.receive(deadline=time.monotonic() + 1) for _ in range(3)]
    finally:
        for descriptor in (incoming, outgoing, reading):
            os.close(descriptor)


def _media_report(data: bytes) -> object:
    answer = ChildAnswer.model_validate_json(data)
    return json.dumps(_report(answer.facts).media, allow_nan=False) if answer.facts else answer.error


def _roster(data: bytes) -> object:
    roster = Roster.model_validate_json(data)
    known = KnownCodes(agencies=frozenset({"3101"}), officers=frozenset({"100001"}))
    return find_faults(roster, known), in_order(roster.agencies, known.agencies)


def _range(data: bytes) -> object:
    header = data.decode("latin-1")
    for size in (0, 1, 10, 2**53):
        try:
            span = parse_range(header, size)
        except RangeNotSatisfiable:
            continue
        assert span is None or 0 <= span.first <= span.last < size
    return header


def _chunk_file() -> bytes:
    with _session_folder() as folder:
        path = folder / "0.footage"
        with ChunkWriter(path, _KEY) as writer:
            writer.write(b"footage")
            writer.finish()
        return path.read_bytes()


_PLUGGED = json.loads((_TRANSCRIPTS / "open_session.json").read_text())["request"]["body"]
_LISTING = json.loads((_TRANSCRIPTS / "announce.json").read_text())["request"]["body"]
_RECORD = {"session_id": "3f2b8f0e-54c5-4f7e-9a53-0f0a6c1d2e3f", "plugged": _PLUGGED, "listing": _LISTING}
_FACTS = {"size_bytes": 5, "sha256": "ab" * 32, "sm3": "cd" * 32}
_SPOOLED = joined(json.dumps(_RECORD).encode(), json.dumps(_FACTS).encode(), b"finished")
_FOUND = {"container": "mp4", "duration_s": 60.5, "audio": {"codec": "aac", "sample_rate_hz": 48_000, "channels": 2}}
_FOUND["video"] = {"codec": "h264", "profile": "High", "width": 1920, "height": 1080, "frame_rate": 30.0, "pixel_format": "yuv420p"}
_FOUND["picture"] = {"mean_luma": 80.5, "sharpness": 100.0}
_FRAMES = b"".join(HEADER.pack(kind, 12) + bytes(12) for kind in (Frame.READY, Frame.READ, Frame.ANSWER))
_ROSTER = {
    "agencies": [{"code": "310115", "name": "浦东分局", "level": "county", "parent": "3101"}],
    "officers": [{"code": "100002", "name": "张伟", "posts": [{"agency": "310115", "valid_from": "2026-01-01"}], "certificates": [], "codes": []}],
    "recorders": [{"serial": "A123456", "agency": "310115", "assignments": [{"officer": "100002", "valid_from": "2026-02-01"}]}],
}

TARGETS = (
    Target("dock-answers", _dock_answer, (MalformedAnswerError,), tuple(bytes([at]) + _spoken(name) for at, name in enumerate(_ANSWERS)), 65_536),
    Target("dock-refusals", _dock_refusal, (), (_spoken("not_signed_in"), _spoken("protocol_unsupported")), 65_536),
    Target("spool-chunks", _spool_chunks, (SpoolDamagedError,), (_chunk_file(),), 4_096),
    Target("spool-records", _spool_records, (SpoolDamagedError,), (_SPOOLED,), 65_536),
    Target("media-frames", _media_frames, (ChildFailedError,), (_FRAMES,), 16_384),
    Target("media-report", _media_report, (ValidationError,), (json.dumps({"facts": _FOUND}).encode(), b'{"error": "not_media"}')),
    Target("roster", _roster, (ValidationError,), (json.dumps(_ROSTER).encode(),), 65_536),
    Target("range-header", _range, (), (b"bytes=0-", b"bytes=2-5", b"bytes=-3", b"bytes=9223372036854775807-9223372036854775808"), 256),
)
