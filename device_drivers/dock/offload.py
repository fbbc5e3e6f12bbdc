"""Files of one recorder on their way to the store: read once, digested and sent at the same time.

One thread reads, into three buffers. Each part is then digested (SM3 on a lane that keeps a file's parts in order, SHA-256 by the reader) and sent by
others, and the next file is read while the last parts and the receipt of the one before are still under way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from types import TracebackType
from typing import Self

from device_drivers.dock.answers import FileAction, FileTicket, UploadGrant
from device_drivers.dock.errors import DockError, PartRefusedError, RefusedError, StoppedError, UnreachableError, UntrustedPeerError
from device_drivers.dock.file_reading import FileReading
from device_drivers.dock.part_buffers import BUFFERS, PartBuffer
from device_drivers.dock.part_upload import PartUpload
from device_drivers.dock.tools import Tools
from device_drivers.errors import RecorderError, RecorderReadError, RecorderUnpluggedError
from device_drivers.recorder import Recorder
from integrity.hashing import Digests, RunningDigest, running_sha256, running_sm3
from integrity.listing import RecordedFile
from integrity.receipt import DEFAULT_PART_BYTES, UploadedPart, UploadReceipt

FILES_UNDER_WAY = 8
"""Files whose last parts or receipt may be under way while the next is read."""
GRANTS_AHEAD = 4
MOST_FAILURES_IN_A_ROW = 10
"""So many files in a row that the way to the recorder fails for, and it counts as broken."""
_LANES = 2
_CALLERS = 6

_ENDS_EVERYTHING = (RecorderUnpluggedError, UnreachableError, UntrustedPeerError, StoppedError)
_CREDENTIAL_REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.UPGRADE_REQUIRED}

OnRead = Callable[[int, int], None]
"""Told the index of a file and how many more bytes of it were read."""


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one file.

    Attributes:
        ticket: The clip it is, with the id that it has in the end.
        failure: Why it did not get to the store, or ``None``.
    """

    ticket: FileTicket
    failure: DockError | RecorderError | None = None


OnResult = Callable[[FileResult], None]
"""Told what became of a file."""


@dataclass(slots=True)
class _Reading:
    """One file being read: its digests so far, and the parts that are under way.

    Attributes:
        known: Its digests, where they were computed when it was read from the recorder; then none is computed here.
    """

    sha256: RunningDigest
    sm3: RunningDigest
    lane: ThreadPoolExecutor
    known: Digests | None = None
    size_bytes: int = 0
    last_sm3: Future[None] | None = None

    def take(self, buffer: PartBuffer) -> None:
        """Digest a part: SM3 on the lane, SHA-256 later by :meth:`finish_part`."""
        if self.known is None:
            buffer.hold()
            self.last_sm3 = self.lane.submit(_digest_and_release, self.sm3, buffer)

    def finish_part(self, buffer: PartBuffer) -> None:
        """Digest the same part by SHA-256, and count it."""
        if self.known is None:
            self.sha256.update(buffer.filled)
        self.size_bytes += buffer.size_bytes

    def digests(self) -> Digests:
        """Wait for the last part, then give both."""
        if self.known is not None:
            return self.known
        if self.last_sm3 is not None:
            self.last_sm3.result()
        return Digests(sha256=self.sha256.digest().hex(), sm3=self.sm3.digest().hex())


class Offload:
    """Brings one session's files to the store; leaving the ``with`` block waits for what is under way.

    Args:
        recorder: Used by the thread that calls :meth:`run` only.
        tools: What the dock works with; a turn at reading is taken for each file.
        session_id: The session.
        on_read: Told of progress, from the reading thread.
        on_result: Told what became of a file, from the thread that runs.
        known: Digests of files that were read from the recorder before, by index; they are not computed again.
    """

    def __init__(
        self, recorder: Recorder, tools: Tools, *, session_id: str, on_read: OnRead, on_result: OnResult, known: Mapping[int, Digests] | None = None
    ) -> None:
        self._recorder = recorder
        self._client = tools.client
        self._session_id = session_id
        self._pool = tools.pool
        self._patience = tools.patience
        self._throttle = tools.throttle
        self._on_read = on_read
        self._on_result = on_result
        self._known = known or {}
        self._turns = tools.turns
        self._lanes = deque(ThreadPoolExecutor(1, "sm3") for _ in range(_LANES))
        self._senders = ThreadPoolExecutor(BUFFERS, "part")
        self._callers = ThreadPoolExecutor(_CALLERS, "call")
        self._under_way: deque[tuple[FileTicket, Future[None]]] = deque()
        self._failures_in_a_row = 0
        self._offset_bytes = 0
        self.results: dict[int, FileResult] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for executor in (self._callers, self._senders, *self._lanes):
            executor.shutdown(wait=True, cancel_futures=kind is not None and not issubclass(kind, RecorderUnpluggedError))

    def run(self, files: Sequence[RecordedFile], tickets: Sequence[FileTicket]) -> None:
        """Bring every file where its ticket says, in the order of the tickets; what became of each stands in ``results``, also after an error.

        A file that fails by itself is reported to the service and left; the others go on.

        Raises:
            RecorderUnpluggedError: The recorder left.
            RecorderError: The way to it is broken.
            UnreachableError: Service or store did not answer for as long as the dock may wait.
            DockError: The service refused the dock, or the program is to end.
        """
        try:
            for ticket, grant in self._granted(tickets):
                self._offload(files[ticket.index], ticket, grant)
                self._settle(leave=FILES_UNDER_WAY)
        except RecorderUnpluggedError:
            self._settle(leave=0)
            raise
        self._settle(leave=0)

    def _granted(self, tickets: Sequence[FileTicket]) -> Iterator[tuple[FileTicket, Future[UploadGrant] | None]]:
        """Ask for leave a few files ahead, so that small files do not wait for answers."""
        ahead: deque[tuple[FileTicket, Future[UploadGrant] | None]] = deque()
        for ticket in tickets:
            wanted = ticket.action is FileAction.UPLOAD
            ahead.append((ticket, self._callers.submit(self._client.grant_upload, self._session_id, ticket.clip_id) if wanted else None))
            if len(ahead) > GRANTS_AHEAD:
                yield ahead.popleft()
        yield from ahead

    def _offload(self, file: RecordedFile, ticket: FileTicket, grant: Future[UploadGrant] | None) -> None:
        self._offset_bytes = 0
        try:
            if ticket.action is FileAction.REREAD:
                ticket = self._reread(file, ticket)
            if ticket.action is FileAction.SKIP:
                self._finish(FileResult(ticket))
                return
            leave = grant.result() if grant is not None else self._client.grant_upload(self._session_id, ticket.clip_id)
            self._upload(file, ticket, leave)
        except _ENDS_EVERYTHING:
            raise
        except (DockError, RecorderError) as error:
            self._fail(ticket, error)

    def _upload(self, file: RecordedFile, ticket: FileTicket, grant: UploadGrant) -> None:
        more = partial(self._more_urls, ticket.clip_id, grant.upload_id)
        upload = PartUpload(grant, more=more, pool=self._pool, patience=self._patience, throttle=self._throttle)
        parts: list[Future[UploadedPart]] = []

        def send(number: int, buffer: PartBuffer) -> None:
            buffer.hold()
            parts.append(self._senders.submit(_put_and_release, upload, number, buffer))
            for part in parts[-BUFFERS - 1 :]:
                if part.done():
                    part.result()

        reading = self._read(file, ticket, part_bytes=grant.part_size_bytes, send=send)
        self._under_way.append((ticket, self._callers.submit(self._send_receipt, ticket, grant, reading, parts)))
        self._failures_in_a_row = 0

    def _reread(self, file: RecordedFile, ticket: FileTicket) -> FileTicket:
        reading = self._read(file, ticket, part_bytes=DEFAULT_PART_BYTES, send=None)
        answer = self._client.compare_reread(self._session_id, ticket.clip_id, size_bytes=reading.size_bytes, digests=reading.digests())
        return FileTicket(ticket.index, answer.clip_id, answer.state, answer.action)

    def _read(self, file: RecordedFile, ticket: FileTicket, *, part_bytes: int, send: Callable[[int, PartBuffer], None] | None) -> _Reading:
        self._lanes.rotate()
        reading = _Reading(running_sha256(), running_sm3(), self._lanes[0], self._known.get(ticket.index))
        on_read = partial(self._on_read, ticket.index)
        with self._turns.take() as buffers, FileReading(self._recorder, file, stop=self._patience.stop, on_read=on_read) as source:
            number = 0
            while True:
                buffer = buffers.take(part_bytes)
                try:
                    buffer.size_bytes = source.fill(buffer.whole)
                    if buffer.size_bytes:
                        number += 1
                        reading.take(buffer)
                        if send is not None:
                            send(number, buffer)
                        reading.finish_part(buffer)
                    is_last = buffer.size_bytes < part_bytes
                finally:
                    self._offset_bytes = source.offset_bytes
                    buffer.release()
                if is_last:
                    return reading

    def _send_receipt(self, ticket: FileTicket, grant: UploadGrant, reading: _Reading, parts: list[Future[UploadedPart]]) -> None:
        uploaded = tuple(part.result() for part in parts)
        digests = reading.digests()
        receipt = UploadReceipt(reading.size_bytes, digests.sha256, digests.sm3, uploaded)
        self._client.send_receipt(self._session_id, ticket.clip_id, upload_id=grant.upload_id, receipt=receipt)

    def _more_urls(self, clip_id: str, upload_id: str, numbers: Sequence[int]) -> dict[str, str]:
        return dict(self._client.part_urls(self._session_id, clip_id, upload_id=upload_id, numbers=numbers))

    def _settle(self, *, leave: int) -> None:
        """Wait until no more than so many files are under way."""
        while len(self._under_way) > leave or (self._under_way and self._under_way[0][1].done()):
            ticket, finished = self._under_way.popleft()
            try:
                finished.result()
            except _ENDS_EVERYTHING:
                raise
            except DockError as error:
                self._refuse(ticket, error)
            else:
                self._finish(FileResult(ticket))

    def _fail(self, ticket: FileTicket, error: DockError | RecorderError) -> None:
        if isinstance(error, DockError):
            self._refuse(ticket, error)
            return
        code = "unreadable" if isinstance(error, RecorderReadError) else "recorder_failed"
        detail = str(error).encode(errors="backslashreplace").decode()
        self._client.report_failure(self._session_id, ticket.clip_id, code=code, detail=detail, read_bytes=self._offset_bytes)
        self._finish(FileResult(ticket, error))
        self._failures_in_a_row = 0 if isinstance(error, RecorderReadError) else self._failures_in_a_row + 1
        if self._failures_in_a_row >= MOST_FAILURES_IN_A_ROW:
            raise error

    def _refuse(self, ticket: FileTicket, error: DockError) -> None:
        """Note that service or store would not have a file; ``upload-finished`` means that they have it already."""
        if isinstance(error, RefusedError):
            if error.status in _CREDENTIAL_REFUSED:
                raise error
            if error.slug == "upload-finished":
                self._finish(FileResult(ticket))
                return
        if isinstance(error, PartRefusedError) and error.code == "NoSuchUpload" and self._is_finished_elsewhere(ticket):
            self._finish(FileResult(ticket))
            return
        self._finish(FileResult(ticket, error))

    def _is_finished_elsewhere(self, ticket: FileTicket) -> bool:
        """Whether another session brought the same file over while this one was at it."""
        try:
            self._client.grant_upload(self._session_id, ticket.clip_id)
        except RefusedError as refusal:
            return refusal.slug == "upload-finished"
        return False

    def _finish(self, result: FileResult) -> None:
        self.results[result.ticket.index] = result
        self._on_result(result)


def _put_and_release(upload: PartUpload, number: int, buffer: PartBuffer) -> UploadedPart:
    try:
        return upload.put(number, buffer.filled)
    finally:
        buffer.release()


def _digest_and_release(digest: RunningDigest, buffer: PartBuffer) -> None:
    try:
        digest.update(buffer.filled)
    finally:
        buffer.release()
