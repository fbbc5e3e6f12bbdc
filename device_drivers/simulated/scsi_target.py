"""A SCSI disk over a volume, with read faults on demand.

Sources: SPC-4 and SBC-3.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Protocol

from device_drivers.simulated.bulk_only_target import Reply
from device_drivers.simulated.faults import NO_FAULTS, Faults, is_due

BLOCK_BYTES = 512
INQUIRY_TEXT = b"BODYCAM VIRTUAL RECORDER1.00"
"""Vendor (8), product (16) and revision (4) of standard INQUIRY data."""
NO_MEDIUM = (0x2, 0x3A00)
_MAX_TRANSFER_BYTES = 32 * 1024**2
_MEDIUM_ERROR, _WRITE_ERROR = (0x3, 0x1100), (0x3, 0x0C00)
INVALID_COMMAND, INVALID_FIELD, OUT_OF_RANGE = (0x5, 0x2000), (0x5, 0x2400), (0x5, 0x2100)
_WRITE_PROTECTED = (0x7, 0x2700)
_ABORTED = (0xB, 0x0000)
_WRITE_10, _WRITE_16 = 0x2A, 0x8A
_WRITING = frozenset({0x04, 0x0A, _WRITE_10, 0x2E, 0x42, _WRITE_16, 0xAA})
_NEEDS_NO_MEDIUM = frozenset({0x03, 0x12})
_PROTECTED_BIT = 0x80


class Medium(Protocol):
    """What a disk reads from and writes to."""

    size_bytes: int

    def read(self, offset: int, length: int) -> bytes:
        """Read bytes."""

    def write(self, offset: int, data: bytes) -> bool:
        """Write bytes; whether there was room for them."""


class ScsiTarget:
    """Carries out command blocks; ``REQUEST SENSE`` tells about the one before."""

    def __init__(
        self,
        medium: Medium | None,
        *,
        faults: Faults = NO_FAULTS,
        unreadable: Sequence[tuple[int, int]] = (),
        inquiry_text: bytes = INQUIRY_TEXT,
    ) -> None:
        """Take a medium, or ``None`` for an empty slot; ``unreadable`` are stretches of it, offset and length in bytes."""
        self._medium, self._faults, self._unreadable = medium, faults, tuple(unreadable)
        self._inquiry_text = inquiry_text
        self._sense = (0, 0)
        self._reads = 0
        protection = _PROTECTED_BIT if faults.write_protected else 0
        self._commands: dict[int, Callable[[bytes], Reply]] = {
            0x00: lambda _: Reply(),  # TEST UNIT READY
            0x03: self._request_sense,
            0x12: self._inquiry,
            0x1A: lambda block: Reply(bytes([3, 0, protection, 0])[: block[4]]),  # MODE SENSE(6): no pages
            0x1B: lambda _: Reply(),  # START STOP UNIT
            0x1E: lambda _: Reply(),  # PREVENT ALLOW MEDIUM REMOVAL
            0x23: self._format_capacities,
            0x25: self._capacity_10,
            0x28: lambda block: self._read(*struct.unpack(">2xIxH", block[:9])),
            0x35: lambda _: Reply(),  # SYNCHRONIZE CACHE(10)
            0x5A: lambda block: Reply(bytes([0, 6, 0, protection, 0, 0, 0, 0])[: struct.unpack(">H", block[7:9])[0]]),  # MODE SENSE(10)
            0x88: lambda block: self._read(*struct.unpack(">2xQI", block[:14])),
            0x9E: self._capacity_16,
        }

    def reset(self) -> None:
        """Forget the sense of the last command."""
        self._sense = (0, 0)

    def room_for(self, block: bytes, length: int) -> bool:
        """Whether a command takes so many bytes: a WRITE of exactly as many blocks, where writing is allowed."""
        if self._medium is None or self._faults.write_protected or len(block) not in (10, 16) or block[0] not in (_WRITE_10, _WRITE_16):
            return False
        _, count = _written_blocks(block)
        return length == count * BLOCK_BYTES <= _MAX_TRANSFER_BYTES

    def run(self, block: bytes, length: int, data: bytes = b"") -> Reply:
        """Carry out a command block; see ``bulk_only_target.Target``."""
        del length  # the transport cuts what is too long
        if len(block) not in (6, 10, 12, 16):
            return self.fail(INVALID_COMMAND)
        if self._medium is None and block[0] not in _NEEDS_NO_MEDIUM:
            return self.fail(NO_MEDIUM)
        if block[0] in _WRITING:
            return self._write(block, data)
        command = self._commands.get(block[0])
        if command is None:
            return self.fail(INVALID_COMMAND)
        if block[0] != 0x03:
            self._sense = (0, 0)
        return command(block.ljust(16, b"\0"))

    def fail(self, sense: tuple[int, int]) -> Reply:
        """Make a failed reply, whose sense key and code are asked for next."""
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
            return self.fail(INVALID_FIELD) if page is None else Reply(page)
        return Reply((bytes([0, 0x80, 4, 2, 31, 0, 0, 0]) + self._inquiry_text)[: struct.unpack(">H", block[3:5])[0]])

    def _format_capacities(self, _: bytes) -> Reply:
        return Reply(struct.pack(">III", 8, min(self._blocks, 0xFFFF_FFFF), 2 << 24 | BLOCK_BYTES))

    def _capacity_10(self, _: bytes) -> Reply:
        return Reply(struct.pack(">II", min(self._blocks - 1, 0xFFFF_FFFF), BLOCK_BYTES))

    def _capacity_16(self, block: bytes) -> Reply:
        if block[1] & 0x1F != 0x10:
            return self.fail(INVALID_FIELD)
        return Reply(struct.pack(">QI20x", self._blocks - 1, BLOCK_BYTES))

    @property
    def _blocks(self) -> int:
        return self._medium.size_bytes // BLOCK_BYTES if self._medium is not None else 0

    def _read(self, first: int, count: int) -> Reply:
        if self._medium is None or first + count > self._blocks or count * BLOCK_BYTES > _MAX_TRANSFER_BYTES:
            return self.fail(OUT_OF_RANGE)
        offset, length = first * BLOCK_BYTES, count * BLOCK_BYTES
        if any(start < offset + length and offset < start + size for start, size in self._unreadable):
            return self.fail(_MEDIUM_ERROR)
        self._reads += 1
        if is_due(self._faults.hang_every, self._reads):
            return Reply(hangs=True)
        if is_due(self._faults.stall_every, self._reads):
            return self.fail(_ABORTED)
        if is_due(self._faults.short_every, self._reads) and count > 1:
            length = count // 2 * BLOCK_BYTES
        return Reply(self._medium.read(offset, length))

    def _write(self, block: bytes, data: bytes) -> Reply:
        if self._faults.write_protected:
            return self.fail(_WRITE_PROTECTED)
        if self._medium is None or block[0] not in (_WRITE_10, _WRITE_16) or len(block) < 10:
            return self.fail(INVALID_COMMAND)
        first, count = _written_blocks(block)
        if len(data) != count * BLOCK_BYTES:
            return self.fail(INVALID_FIELD)
        if first + count > self._blocks:
            return self.fail(OUT_OF_RANGE)
        return Reply() if self._medium.write(first * BLOCK_BYTES, data) else self.fail(_WRITE_ERROR)


def _written_blocks(block: bytes) -> tuple[int, int]:
    first, count = struct.unpack(">2xIxH", block[:9]) if block[0] == _WRITE_10 else struct.unpack(">2xQI", block.ljust(16, b"\0")[:14])
    return first, count
