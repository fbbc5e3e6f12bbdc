"""The dock's calls to the service: docs/formats/dock-protocol.md, version 1, over urllib3.

Every call may be repeated with the same content, so a lost answer is simply asked for again.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import urllib3
from urllib3.exceptions import HTTPError, SSLError

from device_drivers.dock.addresses import require_protected
from device_drivers.dock.answers import (
    ClipStatus,
    FileTicket,
    ListingAccepted,
    PartUrls,
    ReceiptAccepted,
    ReleaseOrder,
    ReleaseOrders,
    ReleaseRecorded,
    RereadAnswer,
    ServiceTime,
    SessionClips,
    SessionCounts,
    SessionOpened,
    SessionOutcome,
    UploadGrant,
)
from device_drivers.dock.errors import MalformedAnswerError, RefusedError, UnreachableError, UntrustedPeerError
from device_drivers.dock.patience import Patience
from device_drivers.dock.statements import ClockSetting, PluggedRecorder, ProgressReport, ReleaseReport
from integrity.errors import MalformedValueError
from integrity.hashing import Digests
from integrity.listing import Listing
from integrity.plain import from_plain, to_members, to_plain
from integrity.receipt import UploadReceipt

PROTOCOL_VERSION = 1
MOST_PART_URLS = 100
"""Most part URLs in one call."""
CONNECTIONS = 8
TIME_WITHIN_S = 5.0
"""An answer that takes longer says too little about the service's clock."""
QUICK_WITHIN_S = 15.0
"""Longest wait for answers to calls whose work does not grow with what the recorder holds: a service that hangs is found out by these, which come
first, while one that takes its time over a long listing or a large file is left to it."""

_SESSIONS = "sessions/"
_TRY_AGAIN = {408, 425, 429}
_SERVER_ERROR = 500
_LONGEST_DETAIL = 500
_PIECE_BYTES = 65_536
_Answer = TypeVar("_Answer")


def connection_pool(ca_file: Path | None, *, connect_timeout_s: float, read_timeout_s: float) -> urllib3.PoolManager:
    """Make a pool of kept-alive connections that checks certificates and follows no redirect.

    Args:
        ca_file: Certificate authority in PEM; ``None`` for those the system knows.
        connect_timeout_s: Longest time for connecting, and for sending a body, or each piece of one that goes in pieces, in seconds.
        read_timeout_s: Longest wait for bytes of an answer, in seconds.
    """
    context = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    timeout = urllib3.Timeout(connect=connect_timeout_s, read=read_timeout_s)
    return urllib3.PoolManager(num_pools=4, maxsize=CONNECTIONS, block=False, ssl_context=context, timeout=timeout, retries=False)


class ServiceClient:
    """One dock's calls to the service; may be used by several threads.

    Args:
        url: Address of the service.
        token: The dock's credential.
        pool: Connections, from :func:`connection_pool`.
        patience: How long calls are repeated when nothing answers.

    Each call raises:
        UnreachableError: Nothing, or only a server's error, answered for as long as the dock may wait.
        UntrustedPeerError: The service's certificate is not trusted.
        RefusedError: The service understood and refused.
        MalformedAnswerError: The answer is not what the protocol says.
        StoppedError: The program is to end.
    """

    def __init__(self, url: str, token: str, *, pool: urllib3.PoolManager, patience: Patience) -> None:
        require_protected(url)
        self._root = f"{url.rstrip('/')}/api/v1/dock/"
        self._pool = pool
        self._patience = patience
        self._headers = {"Authorization": f"Bearer {token}", "Bodycam-Dock-Protocol": str(PROTOCOL_VERSION), "Accept": "application/json"}

    def service_time(self) -> datetime:
        """Ask for the service's clock, aware UTC; tried once, because an old answer is worth nothing."""
        return self._read(ServiceTime, "GET time", self._try("GET", "time", within_s=TIME_WITHIN_S)).time

    def open_session(self, session_id: str, plugged: PluggedRecorder) -> SessionOpened:
        """Say that a recorder was plugged in, who it says it is, and what its clock showed."""
        body = to_members(plugged)
        if plugged.identity_read_at is None:
            del body["identity_read_at"]
        return self._ask(SessionOpened, "PUT", session_id, body=body, within_s=QUICK_WITHIN_S)

    def report_clock_set(self, session_id: str, setting: ClockSetting) -> None:
        """Say that the recorder's clock was set."""
        self._call("POST", f"{session_id}/clock", body=to_plain(setting), within_s=QUICK_WITHIN_S)

    def announce(self, session_id: str, listing: Listing) -> tuple[FileTicket, ...]:
        """Say everything the recorder holds, and learn what is wanted."""
        tickets = self._ask(ListingAccepted, "PUT", f"{session_id}/listing", body=to_plain(listing)).files
        if [ticket.index for ticket in tickets] != list(range(len(listing.files))):
            raise MalformedAnswerError("PUT listing", "the files are not those of the listing")
        return tickets

    def grant_upload(self, session_id: str, clip_id: str) -> UploadGrant:
        """Ask for leave to upload a clip; refused with ``upload-finished`` once it is stored."""
        grant = self._ask(UploadGrant, "POST", f"{session_id}/clips/{clip_id}/upload", body={})
        if grant.part_size_bytes < 1:
            raise MalformedAnswerError("POST upload", "a part has no size")
        return grant

    def part_urls(self, session_id: str, clip_id: str, *, upload_id: str, numbers: Sequence[int]) -> Mapping[str, str]:
        """Ask where to put further parts, at most :data:`MOST_PART_URLS` at a time."""
        body = {"upload_id": upload_id, "numbers": list(numbers)}
        return self._ask(PartUrls, "POST", f"{session_id}/clips/{clip_id}/upload/part-urls", body=body).urls

    def send_receipt(self, session_id: str, clip_id: str, *, upload_id: str, receipt: UploadReceipt) -> ReceiptAccepted:
        """Say what was read and sent; refused with ``receipt-mismatch`` when it contradicts an earlier one."""
        body = {"upload_id": upload_id, "receipt": to_plain(receipt)}
        return self._ask(ReceiptAccepted, "POST", f"{session_id}/clips/{clip_id}/receipt", body=body)

    def compare_reread(self, session_id: str, clip_id: str, *, size_bytes: int, digests: Digests) -> RereadAnswer:
        """Have a file that was read in full again compared with its clip."""
        body = {"size_bytes": size_bytes, "sha256": digests.sha256, "sm3": digests.sm3}
        return self._ask(RereadAnswer, "POST", f"{session_id}/clips/{clip_id}/reread", body=body)

    def report_failure(self, session_id: str, clip_id: str, *, code: str, detail: str, read_bytes: int) -> None:
        """Say that a file could not be read; it stays expected."""
        body = {"code": code, "detail": detail[:_LONGEST_DETAIL], "read_bytes": read_bytes}
        self._call("POST", f"{session_id}/clips/{clip_id}/failure", body=body)

    def report_progress(self, session_id: str, report: ProgressReport) -> None:
        """Tell the dock board how far a docking has come; tried once, because the next report says more."""
        body = {
            "files": [{"index": index, "read_bytes": count} for index, count in report.read_bytes.items()],
            "bytes_per_s": round(report.bytes_per_s),
            "phase": report.phase,
            "left_s": report.left_s,
            "may_leave": report.may_leave,
            "safe_to_take": report.safe_to_take,
            "warnings": list(report.warnings),
        }
        self._try("POST", f"{_SESSIONS}{session_id}/progress", body=body, within_s=QUICK_WITHIN_S)

    def end_session(self, session_id: str, outcome: SessionOutcome) -> None:
        """Say that nothing more comes from this plugging-in."""
        self._call("POST", f"{session_id}/end", body={"outcome": outcome.value})

    def session_counts(self, session_id: str) -> SessionCounts:
        """Ask how far the session's clips have come."""
        return self._ask(SessionCounts, "GET", session_id)

    def session_clips(self, session_id: str) -> tuple[ClipStatus, ...]:
        """Ask for every clip of the session."""
        return self._ask(SessionClips, "GET", f"{session_id}/clips").clips

    def order_release(self, session_id: str) -> tuple[ReleaseOrder, ...]:
        """Ask what is to be removed from the recorder now; what is allowed counts as ordered."""
        return self._ask(ReleaseOrders, "POST", f"{session_id}/release").clips

    def report_release(self, session_id: str, report: ReleaseReport) -> ReleaseRecorded:
        """Say what was removed, and what the recorder lists now."""
        return self._ask(ReleaseRecorded, "POST", f"{session_id}/release/report", body=to_plain(report))

    def _ask(self, kind: type[_Answer], method: str, path: str, *, body: Any = None, within_s: float | None = None) -> _Answer:
        return self._read(kind, f"{method} {path}", self._call(method, path, body=body, within_s=within_s))

    @staticmethod
    def _read(kind: type[_Answer], what: str, answer: bytes) -> _Answer:
        try:
            return from_plain(kind, json.loads(answer), ignore_unknown=True)
        except (ValueError, RecursionError, MalformedValueError) as error:
            raise MalformedAnswerError(what, str(error)) from error

    def _call(self, method: str, path: str, *, body: Any = None, within_s: float | None = None) -> bytes:
        attempts = self._patience.begin()
        while True:
            try:
                return self._try(method, f"{_SESSIONS}{path}", body=body, within_s=within_s)
            except UnreachableError as error:
                attempts.pause(error)

    def _try(self, method: str, path: str, *, body: Any = None, within_s: float | None = None) -> bytes:
        what, headers = f"{method} {path}", self._headers
        pieces: Iterator[memoryview] | None = None
        if body is not None:
            data = memoryview(json.dumps(body, separators=(",", ":")).encode())
            headers = {**headers, "Content-Type": "application/json", "Content-Length": str(len(data))}
            pieces = (data[start : start + _PIECE_BYTES] for start in range(0, len(data), _PIECE_BYTES))
        response = request(self._pool, method, self._root + path, headers=headers, body=pieces, what=what, within_s=within_s)
        if response.status in _TRY_AGAIN or response.status >= _SERVER_ERROR:
            raise UnreachableError(what, f"answered {response.status}")
        if response.status not in {200, 204}:
            raise refusal_of(what, response.status, response.data)
        return response.data


def request(
    pool: urllib3.PoolManager,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes | memoryview | Iterator[memoryview] | None,
    what: str,
    within_s: float | None = None,
) -> urllib3.BaseHTTPResponse:
    """Make one request and read its whole answer.

    Args:
        pool: Connections, from :func:`connection_pool`.
        method: HTTP method.
        url: Absolute address.
        headers: Request headers.
        body: Sent as it lies in memory, without a copy; an iterator needs a Content-Length.
        what: Names the request in errors.
        within_s: Longest wait for bytes of the answer, in seconds, where that is less than the pool's.

    Raises:
        UnreachableError: No answer came, or it broke off.
        UntrustedPeerError: The other side's certificate is not trusted.
    """
    try:
        # urllib3 takes any buffer (urllib3.util.request.body_to_chunks), which its annotations leave out
        return pool.request(method, url, headers=headers, body=body, redirect=False, timeout=_timeout(pool, within_s))  # type: ignore[arg-type]
    except SSLError as error:
        cause = error.args[0] if error.args else None
        if isinstance(cause, ssl.SSLCertVerificationError):
            raise UntrustedPeerError(urllib3.util.parse_url(url).host or "", cause.verify_message) from error
        raise UnreachableError(what, str(error)) from error
    except (HTTPError, OSError) as error:
        raise UnreachableError(what, f"{type(error).__name__}: {error}") from error


def _timeout(pool: urllib3.PoolManager, within_s: float | None) -> urllib3.Timeout:
    usual: urllib3.Timeout = pool.connection_pool_kw["timeout"]
    if within_s is None or usual.read_timeout is None:
        return usual
    return urllib3.Timeout(connect=usual.connect_timeout, read=min(within_s, usual.read_timeout))


def refusal_of(what: str, status: int, data: bytes) -> RefusedError:
    """The error for an answer that refuses, whether or not it is a problem document (RFC 9457)."""
    try:
        problem = json.loads(data)
    except (ValueError, RecursionError):
        problem = {}
    members: Collection[Any] = problem if isinstance(problem, dict) else {}
    texts = {name: str(problem[name]) for name in ("type", "title", "detail") if name in members}
    slug = texts.get("type", "unexplained").rstrip("/").rpartition("/")[2]
    return RefusedError(what, status=status, slug=slug, detail=texts.get("detail", texts.get("title", ""))[:_LONGEST_DETAIL])
