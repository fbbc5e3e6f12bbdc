"""A write-protected SCSI disk over a volume, with read faults on demand.

Sources: SPC-4 and SBC-3.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from device_drivers.simulated.faults import NO_FAULTS, Faults

BLOCK_BYTES = 512
_MAX_READ_BYTES = 32 * 1024**2
_MEDIUM_ERROR = (0x3, 0x1100)
_INVALID_COMMAND, _INVALID_FIELD, _OUT_OF_RANGE = (0x5, 0x2000), (0x5, 0x2400), (0x5, 0x2100)
_WRITE_PROTECTED = (0x7, 0x2700)
_ABORTED = (0xB, 0x0000)
_WRITING = frozenset({0x04, 0x0A, 0x2A, 0x2E, 0x42, 0x8A, 0xAA})


class Medium(Protocol):
    """What a disk reads from."""

    size_bytes: int

    def read(self, offset: int, length: int) -> bytes:
        """Read bytes."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a command gives: its data, and whether it passed."""

    data: bytes = b""
    passed: bool = True


class ScsiTarget:
    """Carries out command blocks; ``REQUEST SENSE`` tells about the one before."""

    def __init__(self, medium: Medium, *, faults: Faults = NO_FAULTS, unreadable: Sequence[tuple[int, int]] = ()) -> None:
        """Take a medium; ``unreadable`` are stretches of it, offset and length in bytes."""
        self._medium, self._faults, self._unreadable = medium, faults, tuple(unreadable)
        self._sense = (0, 0)
        self._reads = 0
        self._commands: dict[int, Callable[[bytes], Reply]] = {
            0x00: lambda _: Reply(),  # TEST UNIT READY
            0x03: self._request_sense,
            0x12: self._inquiry,
            0x1A: lambda _: Reply(bytes([3, 0, 0x80, 0])),  # MODE SENSE(6): write-protected
            0x1B: lambda _: Reply(),  # START STOP UNIT
            0x1E: lambda _: Reply(),  # PREVENT ALLOW MEDIUM REMOVAL
            0x23: self._format_capacities,
            0x25: self._capacity_10,
            0x28: lambda block: self._read(*struct.unpack(">2xIxH", block[:9])),
            0x5A: lambda _: Reply(bytes([0, 6, 0, 0x80, 0, 0, 0, 0])),  # MODE SENSE(10): write-protected
            0x88: lambda block: self._read(*struct.unpack(">2xQI", block[:14])),
            0x9E: self._capacity_16,
        }

    def run(self, block: bytes, length: int) -> Reply:
        """Carry out a command block for which the host awaits ``length`` bytes."""
        del length  # the transport cuts what is too long
        if len(block) not in (6, 10, 12, 16):
            return self._fail(_INVALID_COMMAND)
        if block[0] in _WRITING:
            return self._fail(_WRITE_PROTECTED)
        command = self._commands.get(block[0])
        if command is None:
            return self._fail(_INVALID_COMMAND)
        if block[0] != 0x03:
            self._sense = (0, 0)
        return command(block.ljust(16, b"\0"))

    def _fail(self, sense: tuple[int, int]) -> Reply:
        self._sense = sense
        return Reply(passed=False)

    def _request_sense(self, block: bytes) -> Reply:
        key, code = self._sense
        self._sense = (0, 0)
        return Reply(struct.pack(">BBBIBIHBBBB", 0x70, 0, key, 0, 10, 0, code, 0, 0, 0, 0)[: block[4]])

    def _inquiry(self, block: bytes) -> Reply:
        if block[1] & 1:  # vital product data
            pages = {0x00: bytes([0, 0, 0, 1, 0])}
            page = pages.get(block[2])
            return self._fail(_INVALID_FIELD) if page is None else Reply(page)
        text = b"BODYCAM " + b"VIRTUAL RECORDER" + b"1.00"
        return Reply((bytes([0, 0x80, 4, 2, 31, 0, 0, 0]) + text)[: struct.unpack(">H", block[3:5])[0]])

    def _format_capacities(self, _: bytes) -> Reply:
        return Reply(struct.pack(">III", 8, min(self._blocks, 0xFFFF_FFFF), 2 << 24 | BLOCK_BYTES))

    def _capacity_10(self, _: bytes) -> Reply:
        return Reply(struct.pack(">II", min(self._blocks - 1, 0xFFFF_FFFF), BLOCK_BYTES))

    def _capacity_16(self, block: bytes) -> Reply:
        if block[1] & 0x1F != 0x10:
            return self._fail(_INVALID_FIELD)
        return Reply(struct.pack(">QI20x", self._blocks - 1, BLOCK_BYTES))

    @property
    def _blocks(self) -> int:
        return self._medium.size_bytes // BLOCK_BYTES

    def _read(self, first: int, count: int) -> Reply:
        if first + count > self._blocks or count * BLOCK_BYTES > _MAX_READ_BYTES:
            return self._fail(_OUT_OF_RANGE)
        offset, length = first * BLOCK_BYTES, count * BLOCK_BYTES
        if any(start < offset + length and offset < start + size for start, size in self._unreadable):
            return self._fail(_MEDIUM_ERROR)
        self._reads += 1
        if self._faults.stall_every and self._reads % self._faults.stall_every == 0:
            return self._fail(_ABORTED)
        if self._faults.short_every and self._reads % self._faults.short_every == 0 and count > 1:
            length = count // 2 * BLOCK_BYTES
        return Reply(self._medium.read(offset, length))
