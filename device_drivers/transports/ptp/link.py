"""The bulk endpoints and class requests of one still-image interface: containers out and in, and the way back when something goes wrong.

Source: USB Still Image Capture Device Definition 1.0, sections 5.2 (class requests) and 7.2 (bulk transfers).
"""

from __future__ import annotations

import struct
import time
from contextlib import suppress
from dataclasses import dataclass

from device_drivers.errors import (
    EndpointStalledError,
    RecorderError,
    RecorderUnpluggedError,
    TransferError,
    TransportTimeoutError,
    UnsupportedRecorderError,
)
from device_drivers.transports.ptp.codes import ResponseCode
from device_drivers.transports.ptp.containers import HEADER_BYTES
from device_drivers.transports.usb import UsbDevice

MAX_READ_BYTES = 1024**2
"""Most that is asked of an object at once; some devices hang on more."""
SMALL_BYTES = 16 * 1024
_CLASS_OUT, _CLASS_IN = 0x21, 0xA1
_CANCEL, _DEVICE_RESET, _GET_DEVICE_STATUS = 0x64, 0x66, 0x67
_CANCELLATION = 0x4001
_STATUS_BYTES = 64
_LOOK_AGAIN_S = 0.05
_MAX_EMPTY = 2
_MAX_DRAINED_BYTES = 64 * MAX_READ_BYTES


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a device may take, in seconds.

    Attributes:
        answer_s: For a packet of an answer.
        long_answer_s: Likewise, where a device may have to look through its whole medium first, or deletes.
        control_s: For a class request.
        recovery_s: To become ready after a cancelled transaction.
        silence_s: How long nothing comes before its pipe counts as empty.
    """

    answer_s: float = 10.0
    long_answer_s: float = 60.0
    control_s: float = 5.0
    recovery_s: float = 5.0
    silence_s: float = 0.2


class PtpLink:
    """One claimed still-image interface."""

    def __init__(self, device: UsbDevice, patience: Patience) -> None:
        """Take the interface's first pair of bulk endpoints.

        Raises:
            UnsupportedRecorderError: It has none.
        """
        incoming, outgoing = device.interface.bulk(is_in=True), device.interface.bulk(is_in=False)
        if incoming is None or outgoing is None or not incoming.packet_bytes or not outgoing.packet_bytes:
            raise UnsupportedRecorderError(device.description.title, "its still-image interface has no pair of bulk endpoints")
        self._device, self._in, self._out, self._patience = device, incoming, outgoing, patience

    @property
    def packet_bytes(self) -> int:
        """Size of a packet to the host."""
        return self._in.packet_bytes

    def send(self, container: bytes, *, timeout_s: float, during: str) -> None:
        """Send a container, with an empty packet behind one that fills its last packet."""
        self._device.bulk_out(self._out, container, timeout_s=timeout_s, during=during)
        if len(container) % self._out.packet_bytes == 0:
            self._device.bulk_out(self._out, b"", timeout_s=timeout_s, during=during)

    def receive(self, length: int, *, timeout_s: float, during: str) -> memoryview:
        """Receive one transfer of at most ``length`` bytes, whole packets; the memory is good until the next transfer."""
        return self._device.bulk_in_piece(self._in, length, timeout_s=timeout_s, during=during)

    def receive_start(self, length: int, *, timeout_s: float, during: str) -> memoryview:
        """Receive the transfer with which a container begins, passing over empty packets that end the one before.

        Raises:
            TransferError: Nothing but empty packets came.
        """
        for _ in range(_MAX_EMPTY + 1):
            piece = self.receive(length, timeout_s=timeout_s, during=during)
            if piece:
                return piece
        raise TransferError(during, "only empty packets came")

    def whole_packets(self, length: int) -> int:
        """Round a length up to whole packets; a transfer for less could overflow."""
        return -(-length // self.packet_bytes) * self.packet_bytes

    @property
    def small_bytes(self) -> int:
        """Length of the first transfer of a dataset."""
        return self.whole_packets(SMALL_BYTES)

    @property
    def large_bytes(self) -> int:
        """Length of a transfer that takes a whole container of :data:`MAX_READ_BYTES`."""
        return self.whole_packets(MAX_READ_BYTES + HEADER_BYTES)

    def recover(self, transaction: int) -> bool:
        """Cancel a transaction and wait until the device is ready; reset it where that is refused, and its port where even that is.

        Returns:
            Whether the device's session was lost.

        Raises:
            RecorderUnpluggedError: The device left.
            RecorderError: Nothing helped.
        """
        try:
            self._cancel(transaction)
        except RecorderUnpluggedError:
            raise
        except RecorderError:
            self._reset()
            return True
        else:
            return False

    def _cancel(self, transaction: int) -> None:
        """Cancel Request (section 5.2.1), then Get Device Status (section 5.2.4) until the device is ready."""
        block = struct.pack("<HI", _CANCELLATION, transaction)
        self._device.control(_CLASS_OUT, _CANCEL, data=block, timeout_s=self._patience.control_s, during="cancelling a transaction")
        self._drain()
        self._await_ready()

    def _await_ready(self) -> None:
        deadline = time.monotonic() + self._patience.recovery_s
        while True:
            code, halted = self._ask_status()
            for endpoint in (self._in, self._out):
                if endpoint.address in halted:
                    self._device.clear_halt(endpoint)
            if code == ResponseCode.OK and not halted:
                return
            self._drain()
            if time.monotonic() >= deadline:
                raise TransportTimeoutError("waiting for the device after a cancelled transaction", self._patience.recovery_s)
            time.sleep(_LOOK_AGAIN_S)

    def _ask_status(self) -> tuple[int, frozenset[int]]:
        """Ask for the device's status and its halted endpoints."""
        raw = self._device.control(
            _CLASS_IN, _GET_DEVICE_STATUS, length=_STATUS_BYTES, timeout_s=self._patience.control_s, during="asking for the device's status"
        )
        if len(raw) < 4:
            raise TransferError("asking for the device's status", f"{len(raw)} bytes came")
        return struct.unpack_from("<H", raw, 2)[0], frozenset(struct.unpack_from(f"<{(len(raw) - 4) // 4}I", raw, 4))

    def _drain(self) -> None:
        """Throw away what is still in the pipe, lifting the halt that may end it."""
        drained = 0
        while drained < _MAX_DRAINED_BYTES:
            try:
                drained += len(self.receive(self.large_bytes, timeout_s=self._patience.silence_s, during="emptying the pipe")) or 1
            except TransportTimeoutError:
                return
            except EndpointStalledError:
                self._device.clear_halt(self._in)
                return
        raise TransferError("emptying the pipe", "it does not end")

    def _reset(self) -> None:
        """Device Reset Request (section 5.2.3), else a reset of the port; either loses the session."""
        try:
            self._device.control(_CLASS_OUT, _DEVICE_RESET, timeout_s=self._patience.control_s, during="resetting the device")
            for endpoint in (self._in, self._out):
                self._device.clear_halt(endpoint)
            self._drain()
            self._await_ready()
        except RecorderUnpluggedError:
            raise
        except RecorderError:
            self._device.reset()
            with suppress(EndpointStalledError, TransferError):  # a device that has just been reset holds nothing
                self._drain()
