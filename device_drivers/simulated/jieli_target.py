"""The commands of a recorder with a JieLi chip, before it becomes a disk; its slot seems empty until then.

Source: the command list of the vendor's public SDK headers.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from device_drivers.simulated.bulk_only_target import Reply
from device_drivers.simulated.faults import NO_FAULTS, Faults, is_due
from device_drivers.simulated.scsi_target import INVALID_COMMAND, ScsiTarget

INQUIRY_TEXT = b"DV16    DEVICE V1.00    1.00"
_READ, _WRITE = b"\xfd\x81", b"\xfb\x82"
_INITIALISE, _ID_CODE, _RECORD, _CLOCK, _STORAGE_MODE, _RESOLUTION, _BATTERY, _CARD, _RESULT = 1, 2, 3, 5, 6, 7, 8, 12, 14
_TIME = struct.Struct("<HBBBBBx")
_WIDTHS = {94: (8, 7, 33, 13, 33), 89: (7, 6, 32, 12, 32)}
"""Widths of serial, officer number and name, unit number and name: with and without a NUL after each."""
_SUCCEEDED, _FAILED = 0, 1
_ABORTED = (0xB, 0x0000)


@dataclass(frozen=True, slots=True)
class RecorderRecord:
    """What the recorder keeps about itself.

    Attributes:
        serial: Serial number, 7 characters.
        officer: Officer number, 6 characters.
        officer_name: Officer name.
        unit: Unit number, 12 characters.
        unit_name: Unit name.
        id_code: Maker and product, 6 characters.
        record_bytes: Layout of the record: 94 or 89 bytes.
        encoding: ``gbk`` or ``utf-8``.
    """

    serial: str
    officer: str = ""
    officer_name: str = ""
    unit: str = ""
    unit_name: str = ""
    id_code: str = "DEMO01"
    record_bytes: int = 94
    encoding: str = "gbk"

    def encode(self) -> bytes:
        """Write the record; what is too long is cut."""
        widths = _WIDTHS[self.record_bytes]
        room = [width - 1 for width in widths] if self.record_bytes == max(_WIDTHS) else widths
        texts = (self.serial, self.officer, self.officer_name, self.unit, self.unit_name)
        return b"".join(text.encode(self.encoding)[:longest].ljust(width, b"\0") for text, longest, width in zip(texts, room, widths, strict=True))


class JieliTarget:
    """Carries out the vendor's command blocks, and leaves the others to an empty disk."""

    def __init__(self, record: RecorderRecord, *, faults: Faults = NO_FAULTS) -> None:
        self._record, self._faults = record, faults
        self._disk = ScsiTarget(None, inquiry_text=INQUIRY_TEXT)
        self._count = 0
        self._result = _SUCCEEDED
        self.clock: tuple[int, ...] | None = None
        self.received: list[bytes] = []
        self.becomes_a_disk = False

    clock: tuple[int, ...] | None
    """Year, month, day, hour, minute and second to which the clock was set, if it was."""
    received: list[bytes]
    """Every command block that came."""
    becomes_a_disk: bool
    """Whether it was told to, and can."""

    def reset(self) -> None:
        """Take commands again."""
        self.becomes_a_disk = False
        self._disk.reset()

    def room_for(self, block: bytes, length: int) -> bool:
        """Whether a command takes bytes: setting the clock does."""
        return block[:2] == _WRITE and block[5] == _CLOCK and length == _TIME.size

    def run(self, block: bytes, length: int, data: bytes = b"") -> Reply:
        """Carry out a command block; see ``bulk_only_target.Target``."""
        self.received.append(block)
        if block[:2] not in (_READ, _WRITE) or len(block) != 16:
            return self._disk.run(block, length)
        self._count += 1
        if is_due(self._faults.hang_every, self._count):
            return Reply(hangs=True)
        if block[:2] == _WRITE:
            return self._write(block[5], data)
        answer = self._read(block[5])
        if answer is None:
            return self._disk.fail(INVALID_COMMAND)
        return self._spoilt(answer)

    def _write(self, number: int, data: bytes) -> Reply:
        self._result = _FAILED if self._faults.stuck_status else _SUCCEEDED
        if number == _CLOCK and data:
            self.clock = _TIME.unpack(data)
        elif number == _STORAGE_MODE:
            if self._faults.no_card:
                self._result = _FAILED
            self.becomes_a_disk = self._result == _SUCCEEDED
        elif number != _INITIALISE:
            return self._disk.fail(INVALID_COMMAND)
        return Reply()

    def _read(self, number: int) -> bytes | None:
        result = self._result
        if number != _RESULT:
            self._result = _FAILED if self._faults.stuck_status else _SUCCEEDED
        answers = {
            _ID_CODE: self._record.id_code.encode("ascii")[:6].ljust(6, b"\0"),
            _RECORD: self._record.encode(),
            _RESOLUTION: struct.pack("<ii", 1920, 1080),
            _BATTERY: struct.pack("<i", self._faults.battery_percent),
            _CARD: struct.pack("<i", not self._faults.no_card),
            _RESULT: struct.pack("<i", result),
        }
        return answers.get(number)

    def _spoilt(self, answer: bytes) -> Reply:
        if is_due(self._faults.stall_every, self._count):
            return self._disk.fail(_ABORTED)
        if is_due(self._faults.short_every, self._count):
            return Reply(answer[: len(answer) // 2])
        return Reply(answer[:-1] if is_due(self._faults.wrong_length_every, self._count) else answer)
