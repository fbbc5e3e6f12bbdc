"""The device's side of Bulk-Only Transport: takes commands, gives data and status, halts when it must.

Source: USB Mass Storage Class, Bulk-Only Transport, revision 1.0.
"""

from __future__ import annotations

import struct
from collections import deque
from typing import Protocol

from device_drivers.simulated.scsi_target import Reply

_COMMAND = struct.Struct("<4sIIBBB16s")
_STATUS = struct.Struct("<4sIIB")
_PASSED, _FAILED = 0, 1
_DATA_IN = 0x80


class HaltedError(Exception):
    """The endpoint is halted; the host must clear it."""


class Target(Protocol):
    """What carries out command blocks."""

    def run(self, block: bytes, length: int) -> Reply:
        """Carry out a command block for which the host awaits ``length`` bytes."""


class BulkOnlyTarget:
    """One bulk endpoint each way."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._queue: deque[memoryview] = deque()
        self.in_is_halted = self.out_is_halted = False
        self._needs_reset = False

    def reset(self) -> None:
        """Bulk-Only Mass Storage Reset (section 3.1), or a new connection: ready for the next command, halts stay."""
        self._queue.clear()
        self._needs_reset = False

    def clear_halt(self, *, is_in: bool) -> None:
        """Lift a halt; after an invalid command it comes back until the reset (section 6.6.1)."""
        if self._needs_reset:
            return
        if is_in:
            self.in_is_halted = False
        else:
            self.out_is_halted = False

    def take(self, data: bytes) -> None:
        """Take an OUT transfer.

        Raises:
            HaltedError: The endpoint is halted.
        """
        if self.out_is_halted:
            raise HaltedError
        if len(data) != _COMMAND.size or data[:4] != b"USBC":
            self.in_is_halted = self.out_is_halted = self._needs_reset = True
            raise HaltedError
        _, tag, length, flags, _, block_length, block = _COMMAND.unpack(data)
        self._queue.clear()
        reply = self._target.run(block[: block_length & 0x1F], length if flags & _DATA_IN else 0)
        given = reply.data[:length] if flags & _DATA_IN else b""
        if length and not flags & _DATA_IN:
            self.out_is_halted = True  # nothing here takes data
        elif given:
            self._queue.append(memoryview(given))
        elif length:
            self.in_is_halted = True  # the data stage ends here; the status waits behind the halt (section 6.7.2)
        self._queue.append(memoryview(_STATUS.pack(b"USBS", tag, length - len(given), _PASSED if reply.passed else _FAILED)))

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
