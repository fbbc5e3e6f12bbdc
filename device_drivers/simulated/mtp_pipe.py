"""A virtual MTP recorder's bulk endpoints: commands in; data, responses and what is wrong with them out.

Source: USB Still Image Capture Device Definition 1.0, sections 5.2 and 7.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from device_drivers.simulated.bulk_only_target import HaltedError
from device_drivers.simulated.faults import Faults, is_due
from device_drivers.simulated.mtp_objects import ObjectStore
from device_drivers.simulated.mtp_responder import Answer, Content, Responder
from device_drivers.simulated.mtp_values import OK
from device_drivers.simulated.usb_device import PACKET_BYTES

_HEADER = struct.Struct("<IHHI")
_COMMAND, _DATA, _RESPONSE = 1, 2, 3
_BUSY, _CANCELLED = 0x2019, 0x201F
_LONGEST = 0xFFFF_FFFF


@dataclass(slots=True)
class _Outgoing:
    """Bytes on their way to the host.

    Attributes:
        length: How many.
        read: Gives a stretch of them.
        ends_transfer: Whether the host's transfer ends with them, be it ever so long.
        position: How many have gone.
    """

    length: int
    read: Callable[[int, int], bytes]
    ends_transfer: bool
    position: int = 0

    def take(self, room: int) -> bytes:
        count = min(room, self.length - self.position)
        piece = self.read(self.position, count)
        self.position += count
        return piece


@dataclass(frozen=True, slots=True)
class _Begun:
    """An operation whose data is still to come from the host."""

    operation: int
    transaction: int
    parameters: tuple[int, ...]


class ContainerPipe:
    """One pair of bulk endpoints.

    Args:
        responder: Carries out operations.
        store: Where the bytes of files come from.
        faults: What goes wrong on the way.
        bulk_in: Address of the endpoint that halts.
    """

    def __init__(self, responder: Responder, store: ObjectStore, *, faults: Faults, bulk_in: int) -> None:
        self._responder, self._store, self._faults, self._bulk_in = responder, store, faults, bulk_in
        self._queue: deque[_Outgoing] = deque()
        self._begun: _Begun | None = None
        self._transactions = self._answers = 0
        self._is_hung = self._is_halted = self._is_busy = False

    def take(self, data: bytes) -> None:
        """Take an OUT transfer: a command, or the data of one. A recorder that hangs takes it and does nothing."""
        if self._is_hung or not data:
            return
        if len(data) < _HEADER.size:
            raise HaltedError
        _, kind, code, transaction = _HEADER.unpack_from(data)
        if kind == _DATA and self._begun is not None:
            begun, self._begun = self._begun, None
            self._answer(begun.operation, begun.transaction, self._responder.set_device_property(begun.parameters, data[_HEADER.size :]))
        elif kind == _COMMAND and len(data) % 4 == 0:
            self._queue.clear()
            self._run(code, transaction, struct.unpack_from(f"<{(len(data) - _HEADER.size) // 4}I", data, _HEADER.size))
        else:
            raise HaltedError

    def give(self, length: int) -> memoryview | None:
        """Give an IN transfer of up to ``length`` bytes: what is queued, until a short or empty packet ends the transfer.

        Raises:
            HaltedError: The endpoint is halted.
        """
        if self._is_halted:
            raise HaltedError
        if not self._queue:
            return None
        pieces: list[bytes] = []
        room = length
        while self._queue and room:
            front = self._queue[0]
            pieces.append(front.take(room))
            room -= len(pieces[-1])
            if front.position == front.length:
                self._queue.popleft()
                if front.ends_transfer:
                    break
        return memoryview(pieces[0] if len(pieces) == 1 else b"".join(pieces))

    def cancel(self) -> None:
        """Cancel Request: drop what is under way; the recorder is busy with that for a moment."""
        self._queue.clear()
        self._begun = None
        self._is_hung = False
        self._is_busy = True

    def status(self) -> bytes:
        """Get Device Status: how it is, and which endpoint is halted."""
        if self._is_halted:
            return struct.pack("<HHI", 8, _CANCELLED, self._bulk_in)
        was_busy, self._is_busy = self._is_busy, False
        return struct.pack("<HH", 4, _BUSY if was_busy else OK)

    def clear_halt(self, endpoint: int) -> None:
        """Lift an endpoint's halt."""
        if endpoint == self._bulk_in:
            self._is_halted = False

    def reset(self) -> None:
        """Device Reset Request, or a reset of the bus."""
        self.cancel()
        self._is_busy = self._is_halted = False
        self._responder.reset()

    def _run(self, operation: int, transaction: int, parameters: tuple[int, ...]) -> None:
        self._transactions += 1
        if is_due(self._faults.hang_every, self._transactions):
            self._is_hung = True
        elif self._responder.takes_data(operation):
            self._begun = _Begun(operation, transaction, parameters)
        else:
            self._answer(operation, transaction, self._responder.run(operation, parameters))

    def _answer(self, operation: int, transaction: int, answer: Answer) -> None:
        if answer.data is not None:
            self._answers += 1
            if is_due(self._faults.stall_every, self._answers):
                self._is_halted = True
                return
            self._queue_data(operation, transaction, answer.data)
        self._queue_container(_RESPONSE, answer.code, transaction, struct.pack(f"<{len(answer.parameters)}I", *answer.parameters))

    def _queue_data(self, operation: int, transaction: int, data: bytes | Content) -> None:
        length = data.length if isinstance(data, Content) else len(data)
        announced = _HEADER.size + length
        if is_due(self._faults.wrong_length_every, self._answers):
            is_longer = self._answers // (self._faults.wrong_length_every or 1) % 2
            announced += 4 if is_longer else -min(length, 1)
        header = _HEADER.pack(min(announced, _LONGEST), _DATA, operation, transaction)
        sent = _HEADER.size + length
        if is_due(self._faults.short_every, self._answers):
            sent -= (length + 1) // 2
            sent -= sent % PACKET_BYTES == 0

        def read(position: int, count: int) -> bytes:
            head = header[position : position + count]
            rest = count - len(head)
            if not rest:
                return head
            start = max(0, position - _HEADER.size)
            body = self._store.read(data.item, data.offset + start, rest) if isinstance(data, Content) else data[start : start + rest]
            return head + body if head else body

        self._queue_bytes(sent, read)

    def _queue_container(self, kind: int, code: int, transaction: int, payload: bytes) -> None:
        raw = _HEADER.pack(_HEADER.size + len(payload), kind, code, transaction) + payload
        self._queue_bytes(len(raw), lambda position, count: raw[position : position + count])

    def _queue_bytes(self, length: int, read: Callable[[int, int], bytes]) -> None:
        """Queue bytes, and behind those that fill their last packet an empty one: in the same transfer, in one of its own, or none."""
        fills_packet = length % PACKET_BYTES == 0
        is_late = self._faults.zero_length_packets == "late"
        self._queue.append(_Outgoing(length, read, ends_transfer=not fills_packet or is_late))
        if fills_packet and self._faults.zero_length_packets != "without":
            self._queue.append(_Outgoing(0, lambda _position, _count: b"", ends_transfer=True))
