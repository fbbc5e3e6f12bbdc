"""A PTP session: one transaction at a time, whatever a device makes of it.

Sources: PIMA 15740:2000, clauses 9 and 10; USB Still Image Capture Device Definition 1.0, section 7.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TypeVar

from device_drivers.errors import (
    EndpointStalledError,
    MalformedReplyError,
    RecorderError,
    RecorderUnpluggedError,
    TransferError,
    TransportTimeoutError,
)
from device_drivers.transports.ptp.codes import Operation, ResponseCode
from device_drivers.transports.ptp.containers import Response, encode_command, encode_data, parse_response
from device_drivers.transports.ptp.data_phase import DataPhase
from device_drivers.transports.ptp.datasets import DeviceInfo, parse_device_info
from device_drivers.transports.ptp.errors import OperationRefusedError, SessionLostError
from device_drivers.transports.ptp.link import Patience, PtpLink
from device_drivers.transports.ptp.object_stream import ObjectStream
from device_drivers.transports.usb import UsbDevice

MAX_DATASET_BYTES = 64 * 1024**2
"""Longest dataset that is accepted; one property of 100,000 objects is about 10 MB."""
_SESSION = 1
_LAST_TRANSACTION = 0xFFFF_FFFE
_ATTEMPTS = 3
_BUSY_ATTEMPTS, _BUSY_PAUSE_S = 25, 0.2
_Answer = TypeVar("_Answer")


class Session:
    """An open session; made by :func:`open_session`.

    After any error but ``RecorderUnpluggedError`` the session can be used again: the transaction was cancelled. Where that did not help the device
    was reset, which is a ``SessionLostError``. Reading is tried again by itself where an answer was malformed or an endpoint halted; what timed
    out is not.

    Attributes:
        numbering: Another text for each session; handles mean nothing once it has changed.
        info: What the device tells about itself.
        record: The DeviceInfo dataset that says so, verbatim.
    """

    numbering: str
    info: DeviceInfo
    record: bytes

    def __init__(self, device: UsbDevice, patience: Patience) -> None:
        self._link, self._patience = PtpLink(device, patience), patience
        self._transaction = 0
        self._is_open = False
        self._stream: ObjectStream | None = None
        self._lock = threading.RLock()

    @property
    def packet_bytes(self) -> int:
        """Size of a packet to the host."""
        return self._link.packet_bytes

    def supports(self, operation: Operation) -> bool:
        """Whether the device says that it knows an operation."""
        return operation in self.info.operations

    def run(self, operation: Operation, parameters: Sequence[int] = (), *, during: str, data: bytes | None = None) -> None:
        """Carry out an operation that gives no data, once; ``data`` are sent with it.

        Raises:
            OperationRefusedError: The device would not.
            RecorderError: The way to it failed; whether it was carried out is unknown.
        """
        with self._lock:
            self._repeat_while_busy(lambda: self._run(operation, parameters, during=during, data=data))

    def fetch(self, operation: Operation, parameters: Sequence[int] = (), *, during: str, is_long: bool = False, patiently: bool = False) -> bytes:
        """Carry out an operation that gives a dataset.

        Args:
            operation: The operation.
            parameters: Its parameters.
            during: What is being done, for errors.
            is_long: Whether the device may have to look through its medium first.
            patiently: Whether it is also asked again after a time-out.

        Raises:
            OperationRefusedError: The device would not.
            MalformedReplyError: It answered nonsense each time, or more than :data:`MAX_DATASET_BYTES`.
            RecorderError: The way to it failed.
        """

        def once() -> bytes:
            collected = bytearray()

            def take(piece: memoryview) -> None:
                if len(collected) + len(piece) > MAX_DATASET_BYTES:
                    raise MalformedReplyError("dataset", f"longer than {MAX_DATASET_BYTES} bytes")
                collected.extend(piece)

            self._read(operation, parameters, take, first_bytes=self._link.small_bytes, is_long=is_long, during=during)
            return bytes(collected)

        return self._repeat(once, patiently=patiently)

    def fetch_into(self, buffer: memoryview, operation: Operation, parameters: Sequence[int], *, during: str) -> int:
        """Carry out an operation whose data go into a buffer; answer how many came. Raises like :meth:`fetch`."""

        def once() -> int:
            filled = 0

            def take(piece: memoryview) -> None:
                nonlocal filled
                if filled + len(piece) > len(buffer):
                    raise MalformedReplyError("data", f"more than the {len(buffer)} bytes that were asked for")
                buffer[filled : filled + len(piece)] = piece
                filled += len(piece)

            is_small = len(buffer) < self._link.small_bytes // 2
            first = self._link.small_bytes if is_small else self._link.large_bytes
            self._read(operation, parameters, take, first_bytes=first, is_long=False, during=during)
            return filled

        return self._repeat(once)

    def open_object(self, handle: int, size_bytes: int, *, during: str) -> ObjectStream:
        """Begin to read a whole object by GetObject; the next operation of any kind, or closing the stream, cancels it.

        Raises:
            RecorderError: The way to the device failed.
        """
        with self._lock, self._recovering():
            transaction = self._begin(Operation.GET_OBJECT, (handle,), timeout_s=self._patience.answer_s, during=during)
            phase = DataPhase(
                self._link,
                operation=Operation.GET_OBJECT,
                transaction=transaction,
                first_bytes=self._link.large_bytes,
                timeout_s=self._patience.answer_s,
                during=during,
                expected=size_bytes,
            )
            self._stream = ObjectStream(self, phase)
            return self._stream

    def continue_stream(self, stream: ObjectStream, phase: DataPhase) -> memoryview:
        """Give a stream its next piece, none at the end; only a stream calls this.

        Raises:
            OperationRefusedError: The device does not give the object.
            RecorderError: The way to the device failed; the stream is lost.
        """
        with self._lock, self._recovering():
            if self._stream is not stream:
                return memoryview(b"")
            piece = phase.next_piece()
            if not piece:
                self._stream = None
                self._check(Operation.GET_OBJECT, self._finish(phase.response, timeout_s=self._patience.answer_s, during="reading"))
            return piece

    def cancel_stream(self, stream: ObjectStream | None = None) -> None:
        """Cancel what is being read by GetObject, if it is this stream; only a stream calls this."""
        with self._lock:
            current = self._stream
            if current is not None and stream in (None, current):
                self._stream = None
                current.is_lost = True
                if self._recover():
                    raise SessionLostError

    def close(self) -> None:
        """End the session; the device behind it stays open. Never raises: a device that left has ended it itself."""
        with suppress(RecorderError):
            self.cancel_stream()
            if self._is_open:
                self._is_open = False
                self.run(Operation.CLOSE_SESSION, during="closing the session")

    def connect(self) -> None:
        """Open the session; see :func:`open_session`. A device may still be in the middle of what another program asked of it."""
        with self._lock:
            before = self._try_device_info()
            self._repeat(self._open, patiently=True)
            after = self._try_device_info()
            if after is None and before is None:
                raise OperationRefusedError(Operation.GET_DEVICE_INFO, ResponseCode.GENERAL_ERROR)
            self.record = after or before or b""
            self.info = parse_device_info(self.record)

    def _try_device_info(self) -> bytes | None:
        """Ask for DeviceInfo, which some devices give only before, and some only after a session was opened."""
        try:
            return self.fetch(Operation.GET_DEVICE_INFO, during="asking who the recorder is", patiently=True)
        except OperationRefusedError:
            return None

    def _open(self) -> None:
        try:
            self._run(Operation.OPEN_SESSION, (_SESSION,), during="opening a session")
        except OperationRefusedError as error:
            if error.code != ResponseCode.SESSION_ALREADY_OPEN:
                raise
            self._transaction = 0
            self._run(Operation.CLOSE_SESSION, (), during="closing a session that another program left open")
            self._run(Operation.OPEN_SESSION, (_SESSION,), during="opening a session")
        self._is_open, self._transaction, self.numbering = True, 0, secrets.token_hex(4)

    def _run(self, operation: Operation, parameters: Sequence[int], *, during: str, data: bytes | None = None) -> None:
        with self._recovering():
            timeout_s = self._patience.long_answer_s if operation is Operation.DELETE_OBJECT else self._patience.answer_s
            transaction = self._begin(operation, parameters, timeout_s=timeout_s, during=during)
            if data is not None:
                self._link.send(encode_data(operation, transaction, data), timeout_s=timeout_s, during=during)
            self._check(operation, self._finish(None, timeout_s=timeout_s, during=during))

    def _read(
        self,
        operation: Operation,
        parameters: Sequence[int],
        take: Callable[[memoryview], None],
        *,
        first_bytes: int,
        is_long: bool,
        during: str,
    ) -> None:
        with self._recovering():
            timeout_s = self._patience.long_answer_s if is_long else self._patience.answer_s
            transaction = self._begin(operation, parameters, timeout_s=timeout_s, during=during)
            phase = DataPhase(self._link, operation=operation, transaction=transaction, first_bytes=first_bytes, timeout_s=timeout_s, during=during)
            while piece := phase.next_piece():
                take(piece)
            self._check(operation, self._finish(phase.response, timeout_s=timeout_s, during=during))

    def _begin(self, operation: Operation, parameters: Sequence[int], *, timeout_s: float, during: str) -> int:
        self.cancel_stream()
        if operation is Operation.OPEN_SESSION or (not self._is_open and operation is Operation.GET_DEVICE_INFO):
            self._transaction = 0
        else:
            self._transaction = self._transaction % _LAST_TRANSACTION + 1
        self._link.send(encode_command(operation, self._transaction, parameters), timeout_s=timeout_s, during=during)
        return self._transaction

    def _finish(self, response: bytes | None, *, timeout_s: float, during: str) -> Response:
        raw = response if response is not None else bytes(self._link.receive_start(self._link.packet_bytes, timeout_s=timeout_s, during=during))
        return parse_response(raw, self._transaction)

    def _check(self, operation: Operation, response: Response) -> None:
        """Raise where an operation was refused; a device that has dropped the session by itself gets another."""
        if response.code == ResponseCode.SESSION_NOT_OPEN and self._is_open and operation is not Operation.GET_DEVICE_INFO:
            self._is_open = False
            self._open()
            raise SessionLostError
        if response.code != ResponseCode.OK:
            raise OperationRefusedError(operation, response.code)

    @contextmanager
    def _recovering(self) -> Iterator[None]:
        """Leave the device ready for the next transaction when this one failed."""
        try:
            yield
        except (RecorderUnpluggedError, OperationRefusedError, SessionLostError):
            raise
        except RecorderError as error:
            stream, self._stream = self._stream, None
            if stream is not None:
                stream.is_lost = True
            if self._recover():
                raise SessionLostError from error
            raise

    def _recover(self) -> bool:
        """Make the device ready again; answer whether that cost the session, and another one is open."""
        is_lost = self._link.recover(self._transaction) and self._is_open
        if is_lost:
            self._is_open = False
            self._open()
        return is_lost

    def _repeat(self, once: Callable[[], _Answer], *, patiently: bool = False) -> _Answer:
        """Try a few times what only reads; ``patiently`` also after a time-out."""
        passing: tuple[type[RecorderError], ...] = (MalformedReplyError, EndpointStalledError, TransferError)
        with self._lock:
            for _ in range(_ATTEMPTS - 1):
                with suppress(*passing, *((TransportTimeoutError,) if patiently else ())):
                    return self._repeat_while_busy(once)
            return self._repeat_while_busy(once)

    def _repeat_while_busy(self, once: Callable[[], _Answer]) -> _Answer:
        for _ in range(_BUSY_ATTEMPTS):
            try:
                return once()
            except OperationRefusedError as error:
                if error.code != ResponseCode.DEVICE_BUSY:
                    raise
            time.sleep(_BUSY_PAUSE_S)
        return once()


def open_session(device: UsbDevice, *, patience: Patience | None = None) -> Session:
    """Open a session with a device whose still-image interface is claimed.

    Raises:
        UnsupportedRecorderError: Its interface has no pair of bulk endpoints.
        MalformedReplyError: It says nothing that can be understood.
        RecorderError: It refused, or the way to it failed.
    """
    session = Session(device, patience or Patience())
    session.connect()
    return session
