"""What a dock hears from its service and finds in its spool, and what the service takes in: media facts, rosters, Range headers."""

import io
import json
import os
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import ClassVar

import urllib3
from pydantic import ValidationError

from api.ranges import RangeNotSatisfiable, parse_range
from device_drivers.dock.answers import SessionOutcome
from device_drivers.dock.errors import MalformedAnswerError, RefusedError
from device_drivers.dock.patience import Patience
from device_drivers.dock.service_client import ServiceClient
from device_drivers.dock.spool.chunks import ChunkReader, ChunkWriter, write_sealed
from device_drivers.dock.spool.errors import SpoolDamagedError
from device_drivers.dock.spool.store import SpooledSession, SpoolRecord
from device_drivers.dock.statements import PluggedRecorder, ReleaseReport
from integrity.hashing import Digests
from integrity.listing import Listing, RecordedFile, RecorderIdentity
from integrity.plain import to_plain
from integrity.receipt import UploadReceipt
from service.language import Language, texts_in
from service.media.errors import ChildFailedError
from service.media.gps.read_track import read_track
from service.media.gps.summary import summarise
from service.media.probe import _report
from service.media.report import ChildAnswer
from service.media.wire import HEADER, Frame, PipeEnd
from service.roster.errors import RosterFileRefusedError
from service.roster.plan import Known
from service.roster.plan_import import plan_import
from service.roster.read_file import read_roster_file
from service.roster.rows import Roster
from service.roster.write_workbook import write_workbook
from tests.fuzz.target import Target, joined, records
from tests.unit.service.media.gps.logs import block, recording, source, walk

_TRANSCRIPTS = Path(__file__).parents[1] / "conformance" / "dock_protocol" / "transcripts"
_MEMORY = Path("/dev/shm")  # noqa: S108 - only a folder of a name of its own is made there
_KEY = bytes(range(32))
_NOW = datetime(2026, 11, 24, 3, 29, 5, tzinfo=UTC)
_PLUGGED = PluggedRecorder("1", "dock/1", RecorderIdentity("mass-storage", serial="A123456"), None, None, None, _NOW)
_FILE = RecordedFile("A.MP4", "QQ==", 5, "2026-11-24T11:29:05", locator="0:1:2:5:0")
_LISTING = Listing(_PLUGGED.identity, None, (_FILE,), is_complete=True, failure=None, taken_at=_NOW)
_DIGESTS = Digests(sha256="ab" * 32, sm3="cd" * 32)
_RECEIPT = UploadReceipt(0, _DIGESTS.sha256, _DIGESTS.sm3, ())
_ROSTER_TEXT = "证件号,警号,有效期起,有效期止,证件状态,状态日期,文号,事由,撤销\nN1,1,2024-01-01,2028/1/1,暂扣,2026-01-01,1,示范,\n"
_CALLS: list[tuple[str, Callable[[ServiceClient], object]]] = [
    ("open_session", lambda client: client.open_session("s", _PLUGGED)),
    ("grant_upload", lambda client: client.grant_upload("s", "c")),
    ("part_urls", lambda client: client.part_urls("s", "c", upload_id="u", numbers=[1])),
    ("send_receipt", lambda client: client.send_receipt("s", "c", upload_id="u", receipt=_RECEIPT)),
    ("compare_reread_other", lambda client: client.compare_reread("s", "c", size_bytes=5, digests=_DIGESTS)),
    ("session_counts", lambda client: client.session_counts("s")),
    ("session_clips", lambda client: client.session_clips("s")),
    ("order_release", lambda client: client.order_release("s")),
    ("report_release", lambda client: client.report_release("s", ReleaseReport((), None))),
    ("service_time", lambda client: client.service_time()),
]


def _spoken(name: str) -> bytes:
    return json.dumps(json.loads((_TRANSCRIPTS / f"{name}.json").read_text())["response"]["body"]).encode()


class _Pool:
    """Stands in for the connections: one answer, whatever is asked."""

    connection_pool_kw: ClassVar[dict[str, object]] = {"timeout": urllib3.Timeout(connect=1, read=1)}

    def __init__(self, status: int, data: bytes) -> None:
        self._answer = SimpleNamespace(status=status, data=data)

    def request(self, *_: object, **__: object) -> SimpleNamespace:
        return self._answer


def _client(status: int, data: bytes) -> ServiceClient:
    return ServiceClient("http://127.0.0.1:1", "token", pool=_Pool(status, data), patience=Patience(0, threading.Event()))


def _dock_answer(data: bytes) -> object:
    """The first byte says to which call it is the answer."""
    _, call = _CALLS[data[0] % len(_CALLS)] if data else _CALLS[0]
    answer = call(_client(200, data[1:]))
    assert all(type(value) is str for value in getattr(answer, "urls", {}).values())
    assert all(type(value) is int for value in getattr(answer, "counts", {}).values())
    return answer


def _dock_refusal(data: bytes) -> str:
    try:
        _client(409, data).end_session("s", SessionOutcome.FINISHED)
    except RefusedError as error:
        return error.slug
    raise AssertionError("a refusal was passed over")


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
    known = Known(top="3101", agencies=frozenset({"3101"}), officers={"100001": ""})
    planned = plan_import(roster, known)
    return [fault.told(texts_in(Language.EN)) for fault in planned.faults], planned.agencies


def _roster_sheet(data: bytes) -> object:
    """A workbook that is whole but for its first sheet."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, part in {**_packed_roster(), "xl/worksheets/sheet1.xml": data}.items():
            archive.writestr(name, part)
    return read_roster_file(file.getvalue()).roster


@cache
def _packed_roster() -> dict[str, bytes]:
    told = {"officer": "1", "name": "A", "agency": "01", "is_front_line": "yes", "duty_state": "on_duty", "valid_from": _NOW.date()}
    with zipfile.ZipFile(io.BytesIO(write_workbook({"officers": [told]}))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _gps_track(data: bytes) -> object:
    track = read_track(source(data))
    return None if track is None else json.dumps(summarise(track), allow_nan=False)


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


_FACTS = {"size_bytes": 5, "sha256": "ab" * 32, "sm3": "cd" * 32}
_SPOOLED = joined(
    json.dumps(to_plain(SpoolRecord("3f2b8f0e-54c5-4f7e-9a53-0f0a6c1d2e3f", _PLUGGED, _LISTING))).encode(), json.dumps(_FACTS).encode(), b"finished"
)
_FOUND = {"container": "mp4", "duration_s": 60.5, "audio": {"codec": "aac", "sample_rate_hz": 48_000, "channels": 2}}
_FOUND["video"] = {"codec": "h264", "profile": "High", "width": 1920, "height": 1080, "frame_rate": 30.0, "pixel_format": "yuv420p"}
_FOUND["picture"] = {"mean_luma": 80.5, "sharpness": 100.0}
_FRAMES = b"".join(HEADER.pack(kind, 12) + bytes(12) for kind in (Frame.READY, Frame.READ, Frame.ANSWER))
_ROSTER = {
    "agencies": [{"code": "310115", "name": "浦东分局", "level": "county", "parent": "3101"}],
    "officers": [{"code": "100002", "name": "张伟", "posts": [{"agency": "310115", "valid_from": "2026-01-01"}], "certificates": [], "codes": []}],
    "recorders": [{"serial": "A123456", "agency": "310115", "assignments": [{"officer": "100002", "valid_from": "2026-02-01"}]}],
}

_GPX = b'<?xml version="1.0" encoding="UTF-8"?>\n<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>'
_GPX += b'<trkpt lat="31.2034" lon="121.4762"><ele>4</ele><time>2026-11-24T01:30:00Z</time></trkpt></trkseg></trk></gpx>'
_WKT = b'[{"LocationWKT": "POINT(121.4762 31.2034)", "SecondsFromStart": 0, "Timestamp": "2026-11-24T01:30:00Z"}]'
_TRACKS = (walk(_NOW, 3), _GPX, _WKT, recording([block(_NOW), block(_NOW, start=16)]))

TARGETS = (
    Target("dock-answers", _dock_answer, (MalformedAnswerError,), tuple(bytes([at]) + _spoken(name) for at, (name, _) in enumerate(_CALLS)), 65_536),
    Target("dock-refusals", _dock_refusal, (), (_spoken("not_signed_in"), _spoken("protocol_unsupported")), 65_536),
    Target("spool-chunks", _spool_chunks, (SpoolDamagedError,), (_chunk_file(),), 4_096),
    Target("spool-records", _spool_records, (SpoolDamagedError,), (_SPOOLED,), 65_536),
    Target("media-frames", _media_frames, (ChildFailedError,), (_FRAMES,), 16_384),
    Target("media-report", _media_report, (ValidationError,), (json.dumps({"facts": _FOUND}).encode(), b'{"error": "not_media"}')),
    Target("roster-text", read_roster_file, (RosterFileRefusedError,), tuple(_ROSTER_TEXT.encode(name) for name in ("utf-8", "gb18030")), 65_536),
    Target("roster-sheet", _roster_sheet, (RosterFileRefusedError,), (_packed_roster()["xl/worksheets/sheet1.xml"],), 65_536),
    Target("roster", _roster, (ValidationError,), (json.dumps(_ROSTER).encode(),), 65_536),
    Target("gps-track", _gps_track, (), _TRACKS, 8_192),
    Target("range-header", _range, (), (b"bytes=0-", b"bytes=2-5", b"bytes=-3", b"bytes=9223372036854775807-9223372036854775808"), 256),
)
