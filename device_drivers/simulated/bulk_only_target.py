"""The device's side of Bulk-Only Transport: takes commands, takes or gives data, gives status, halts when it must.

Source: USB Mass Storage Class, Bulk-Only Transport, revision 1.0.
"""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass, field
from typing import Protocol

_COMMAND = struct.Struct("<4sIIBBB16s")
_STATUS = struct.Struct("<4sIIB")
_PASSED, _FAILED = 0, 1
_DATA_IN = 0x80


class HaltedError(Exception):
    """The endpoint is halted; the host must clear it."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a command gives: its data, whether it passed, and whether it answers at all."""

    data: bytes = b""
    passed: bool = True
    hangs: bool = False


class Target(Protocol):
    """What carries out command blocks."""

    def room_for(self, block: bytes, length: int) -> bool:
        """Whether a command takes ``length`` bytes from the host; if not, it is run without and has to fail."""

    def run(self, block: bytes, length: int, data: bytes = b"") -> Reply:
        """Carry out a command block for which the host awaits ``length`` bytes, or has sent ``data``."""

    def reset(self) -> None:
        """Forget what a host has begun."""


@dataclass(slots=True)
class _Incoming:
    """A command whose data is still on its way from the host."""

    tag: int
    length: int
    block: bytes
    data: bytearray = field(default_factory=bytearray)


class BulkOnlyTarget:
    """One bulk endpoint each way."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._queue: deque[memoryview] = deque()
        self._incoming: _Incoming | None = None
        self.in_is_halted = self.out_is_halted = False
        self._needs_reset = False

    @property
    def is_idle(self) -> bool:
        """Whether nothing is owed to the host."""
        return not self._queue and self._incoming is None

    def reset(self) -> None:
        """Bulk-Only Mass Storage Reset (section 3.1), or a new connection: ready for the next command, halts stay."""
        self._queue.clear()
        self._incoming = None
        self._needs_reset = False
        self._target.reset()

    def clear_halt(self, *, is_in: bool) -> None:
        """Lift a halt; after an invalid command it comes back until the reset (section 6.6.1)."""
        if self._needs_reset:
            return
        if is_in:
            self.in_is_halted = False
        else:
            self.out_is_halted = False

    def take(self, data: bytes) -> None:
        """Take an OUT transfer: a command, or data of one.

        Raises:
            HaltedError: The endpoint is halted.
        """
        if self.out_is_halted:
            raise HaltedError
        if self._incoming is not None:
            self._take_data(self._incoming, data)
            return
        if len(data) != _COMMAND.size or data[:4] != b"USBC":
            self.in_is_halted = self.out_is_halted = self._needs_reset = True
            raise HaltedError
        _, tag, length, flags, _, block_length, block = _COMMAND.unpack(data)
        self._queue.clear()
        block = block[: block_length & 0x1F]
        if flags & _DATA_IN or not length:
            self._send(tag, length, self._target.run(block, length))
        elif self._target.room_for(block, length):
            self._incoming = _Incoming(tag, length, block)
        else:
            self.out_is_halted = True
            self._finish(tag, length, self._target.run(block, 0))

    def give(self, length: int) -> memoryview | None:
        """Give an IN transfer of up to ``length`` bytes, or ``None`` while there is nothing to give.

        Raises:
            HaltedError: The endpoint is halted.
        """
        if self.in_is_halted:
            raise HaltedError
        if not self._queue:
            return None
        front = self._queue.popleft()
        if len(front) > length:
            self._queue.appendleft(front[length:])
        return front[:length]

    def _take_data(self, incoming: _Incoming, data: bytes) -> None:
        incoming.data += data[: incoming.length - len(incoming.data)]
        if len(incoming.data) == incoming.length:
            self._incoming = None
            self._finish(incoming.tag, 0, self._target.run(incoming.block, 0, bytes(incoming.data)))

    def _send(self, tag: int, length: int, reply: Reply) -> None:
        given = reply.data[:length]
        if given and not reply.hangs:
            self._queue.append(memoryview(given))
        elif length and not reply.hangs:
            self.in_is_halted = True  # the data stage ends here; the status waits behind the halt (section 6.7.2)
        self._finish(tag, length - len(given), reply)

    def _finish(self, tag: int, residue: int, reply: Reply) -> None:
        if not reply.hangs:
            self._queue.append(memoryview(_STATUS.pack(b"USBS", tag, residue, _PASSED if reply.passed else _FAILED)))
