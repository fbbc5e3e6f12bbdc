"""SCSI disks behind Bulk-Only Transport, read only: the only commands that can be sent are those of ``READING_COMMANDS``.

Sources: SPC-4 (INQUIRY, TEST UNIT READY, REQUEST SENSE, sense keys) and SBC-3 (READ CAPACITY, READ).
"""

from __future__ import annotations

import struct
import time
from dataclasses import dataclass

from device_drivers.errors import (
    CommandFailedError,
    MalformedReplyError,
    RecorderError,
    RecorderReadError,
    RecorderUnpluggedError,
    TransportTimeoutError,
)
from device_drivers.transports.bulk_only_transport import BulkOnlyTransport
from device_drivers.transports.usb import SUPER_SPEED, UsbDevice

TEST_UNIT_READY, REQUEST_SENSE, INQUIRY, MODE_SENSE_6 = 0x00, 0x03, 0x12, 0x1A
READ_CAPACITY_10, READ_10, READ_16, SERVICE_ACTION_IN_16 = 0x25, 0x28, 0x88, 0x9E
READING_COMMANDS = frozenset({TEST_UNIT_READY, REQUEST_SENSE, INQUIRY, MODE_SENSE_6, READ_CAPACITY_10, READ_10, READ_16, SERVICE_ACTION_IN_16})
_READ_CAPACITY_16 = 0x10  # service action
NOT_READY, UNIT_ATTENTION = 0x2, 0x6
_MEDIUM_MAY_HAVE_CHANGED, _NO_MEDIUM = 0x28, 0x3A
_DIRECT_ACCESS, _REDUCED_BLOCK = 0x00, 0x0E
_ALL_PAGES, _MODE_BYTES, _WRITE_PROTECTED = 0x3F, 192, 0x80
"""What Linux and Windows ask disks of; other lengths have confused them."""
_BLOCK_SIZES = (512, 1024, 2048, 4096)
_TIMEOUT_S = 10.0
_READY_WITHIN_S = 15.0
_ATTEMPTS = 3
_HIGH_SPEED_BYTES, _SUPER_SPEED_BYTES = 240 * 512, 1024**2
"""Longest transfer by speed, as Linux's usb-storage limits it (240 sectors, 2,048 from USB 3); longer ones have hung devices."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """Who a logical unit says it is (SPC-4, section 6.4.2)."""

    device_type: int
    is_connected: bool
    vendor: str
    product: str
    revision: str


def parse_inquiry(data: bytes) -> Inquiry:
    """Read standard INQUIRY data.

    Raises:
        MalformedReplyError: It is shorter than its fixed part.
    """
    if len(data) < 36:
        raise MalformedReplyError("INQUIRY data", f"{len(data)} bytes are fewer than 36")
    texts = (data[start:end].decode("ascii", "replace").strip(" \0") for start, end in ((8, 16), (16, 32), (32, 36)))
    return Inquiry(data[0] & 0x1F, data[0] >> 5 == 0, *texts)


def parse_sense(data: bytes) -> tuple[int, int]:
    """Read fixed or descriptor sense data (SPC-4, section 4.5); answer the key and ``code << 8 | qualifier``."""
    if len(data) >= 4 and data[0] & 0x7F in (0x72, 0x73):
        return data[1] & 0x0F, data[2] << 8 | data[3]
    if len(data) >= 14:
        return data[2] & 0x0F, data[12] << 8 | data[13]
    return (data[2] & 0x0F if len(data) >= 3 else 0), 0


class ScsiUnit:
    """One logical unit, and the commands that only read."""

    def __init__(self, transport: BulkOnlyTransport, unit: int) -> None:
        self._transport, self.number = transport, unit
        self.title = f"{transport.title}, unit {unit}"
        self.max_transfer_bytes = _SUPER_SPEED_BYTES if transport.speed >= SUPER_SPEED else _HIGH_SPEED_BYTES

    def inquire(self) -> Inquiry:
        """Ask who the unit is."""
        return parse_inquiry(self._ask(struct.pack(">BBBHB", INQUIRY, 0, 0, 36, 0), 36, "asking who the disk is"))

    def wait_until_ready(self, *, within_s: float = _READY_WITHIN_S) -> bool:
        """Wait for the medium; ``False`` when there is none or it does not become ready in time."""
        deadline = time.monotonic() + within_s
        while True:
            try:
                self._ask(bytes([TEST_UNIT_READY]) + bytes(5), 0, "waiting for the disk")
            except CommandFailedError as error:
                if error.sense_code >> 8 == _NO_MEDIUM or error.sense_key not in (NOT_READY, UNIT_ATTENTION):
                    return False
            else:
                return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.1)

    def read_capacity(self) -> tuple[int, int]:
        """Ask for the number of blocks and the size of one.

        Raises:
            MalformedReplyError: The answer makes no sense.
        """
        last, block_bytes = struct.unpack(">II", self._ask(bytes([READ_CAPACITY_10]) + bytes(9), 8, "measuring the disk"))
        if last == 0xFFFF_FFFF:
            command = struct.pack(">BBQIBB", SERVICE_ACTION_IN_16, _READ_CAPACITY_16, 0, 32, 0, 0)
            last, block_bytes = struct.unpack(">QI", self._ask(command, 32, "measuring the disk")[:12])
        if block_bytes not in _BLOCK_SIZES or last >= 2**48:
            raise MalformedReplyError("READ CAPACITY data", f"{last + 1} blocks of {block_bytes} bytes")
        return last + 1, block_bytes

    def is_write_protected(self) -> bool | None:
        """Ask whether the medium takes no writes (SPC-4, section 7.5.4, and SBC-3, section 6.5.1); ``None`` where the unit does not say.

        Raises:
            RecorderUnpluggedError: It left.
        """
        buffer = bytearray(_MODE_BYTES)
        try:
            count = self._run(bytes([MODE_SENSE_6, 0, _ALL_PAGES, 0, _MODE_BYTES, 0]), memoryview(buffer), "asking whether the disk can be written")
        except RecorderUnpluggedError:
            raise
        except RecorderError:  # nothing that is read depends on it
            return None
        return bool(buffer[2] & _WRITE_PROTECTED) if count >= 4 else None

    def explain_failure(self, command: str, *, during: str) -> CommandFailedError:
        """Ask for the sense of the command that has just failed.

        Raises:
            RecorderError: The way to it failed.
        """
        sense = bytearray(18)
        request = struct.pack(">BBBBBB", REQUEST_SENSE, 0, 0, 0, len(sense), 0)
        _, count = self._transport.run(request, memoryview(sense), unit=self.number, timeout_s=_TIMEOUT_S, during=during)
        key, code = parse_sense(bytes(sense[:count]))
        return CommandFailedError(command, sense_key=key, sense_code=code)

    def read_blocks(self, first: int, buffer: memoryview, block_bytes: int) -> int:
        """Read whole blocks; answer how many bytes came, which may be fewer than asked.

        Raises:
            CommandFailedError: The unit could not.
            RecorderError: The way to it failed.
        """
        count = len(buffer) // block_bytes
        command = struct.pack(">BBIBHB", READ_10, 0, first, 0, count, 0) if first < 2**32 else struct.pack(">BBQIBB", READ_16, 0, first, count, 0, 0)
        return self._run(command, buffer, "reading")

    def _ask(self, command: bytes, length: int, during: str) -> bytes:
        """Run a short command, again after a unit attention; a reply shorter than asked is malformed."""
        buffer = bytearray(length)
        for attempt in range(_ATTEMPTS):
            try:
                count = self._run(command, memoryview(buffer), during)
                break
            except CommandFailedError as error:
                if error.sense_key != UNIT_ATTENTION or attempt == _ATTEMPTS - 1:
                    raise
        if count < length:
            raise MalformedReplyError("reply", f"{count} of {length} bytes while {during}")
        return bytes(buffer)

    def _run(self, command: bytes, buffer: memoryview, during: str) -> int:
        if command[0] not in READING_COMMANDS:
            raise CommandFailedError(f"command {command[0]:#04x}, which is not sent,", sense_key=0, sense_code=0)
        passed, count = self._transport.run(command, buffer, unit=self.number, timeout_s=_TIMEOUT_S, during=during)
        if passed:
            return count
        raise self.explain_failure(f"command {command[0]:#04x}", during=during)


class ScsiDisk:
    """A logical unit as a row of bytes; keeps the promise of ``transports.disk.Disk``. Closing leaves the device open."""

    def __init__(self, unit: ScsiUnit) -> None:
        """Measure it.

        Raises:
            RecorderError: It cannot be measured.
        """
        self._unit = unit
        blocks, self._block_bytes = unit.read_capacity()
        self._size_bytes = blocks * self._block_bytes

    @property
    def title(self) -> str:
        """What a person calls the disk."""
        return self._unit.title

    @property
    def unit(self) -> int:
        """Number of its logical unit."""
        return self._unit.number

    @property
    def size_bytes(self) -> int:
        """Size by READ CAPACITY."""
        return self._size_bytes

    def is_write_protected(self) -> bool | None:
        """Whether its medium takes no writes; see :meth:`ScsiUnit.is_write_protected`."""
        return self._unit.is_write_protected()

    def read_at(self, offset: int, buffer: memoryview) -> int:
        """Fill a buffer from an offset; see ``transports.disk.Disk``. Whole blocks go straight into the buffer."""
        wanted = max(0, min(len(buffer), self._size_bytes - offset))
        filled = 0
        while filled < wanted:
            block, skipped = divmod(offset + filled, self._block_bytes)
            left = wanted - filled
            if skipped or left < self._block_bytes:
                staging = memoryview(bytearray(self._block_bytes))
                self._read(block, staging)
                piece = staging[skipped : skipped + left]
                buffer[filled : filled + len(piece)] = piece
                filled += len(piece)
            else:
                length = min(left - left % self._block_bytes, self._unit.max_transfer_bytes)
                self._read(block, buffer[filled : filled + length])
                filled += length
        return filled

    def close(self) -> None:
        """Nothing to let go of: the device belongs to whoever opened it."""

    def _read(self, block: int, buffer: memoryview) -> None:
        """Read blocks until the buffer is full: again after a unit attention, a lost step or a short answer, a few times without progress."""
        failures = 0
        while buffer:
            count = 0
            try:
                count = self._unit.read_blocks(block, buffer, self._block_bytes)
                reason = "the disk gave fewer bytes than asked"
            except CommandFailedError as error:
                self._check_medium(error)
                reason = str(error)
            except (RecorderUnpluggedError, TransportTimeoutError):
                raise
            except RecorderError as error:
                reason = str(error)
            whole = count // self._block_bytes
            failures = 0 if whole else failures + 1
            if failures >= _ATTEMPTS:
                raise RecorderReadError(self.title, block * self._block_bytes, reason)
            block += whole
            buffer = buffer[whole * self._block_bytes :]

    def _check_medium(self, error: CommandFailedError) -> None:
        code = error.sense_code >> 8
        is_gone = error.sense_key == NOT_READY and code == _NO_MEDIUM
        is_another = error.sense_key == UNIT_ATTENTION and code == _MEDIUM_MAY_HAVE_CHANGED
        if is_gone or is_another:
            raise RecorderUnpluggedError("reading; its card was taken out") from error


def inquire(device: UsbDevice) -> Inquiry:
    """Ask the first logical unit of a device who it is.

    Raises:
        RecorderError: It could not be asked.
    """
    return ScsiUnit(BulkOnlyTransport(device), 0).inquire()


def open_scsi_disks(device: UsbDevice) -> list[ScsiDisk]:
    """Open every disk of a device that has a medium, in the order of its logical units.

    Raises:
        RecorderError: The device could not be asked.
    """
    transport = BulkOnlyTransport(device)
    disks = []
    for number in range(transport.count_units()):
        unit = ScsiUnit(transport, number)
        inquiry = unit.inquire()
        if inquiry.is_connected and inquiry.device_type in (_DIRECT_ACCESS, _REDUCED_BLOCK) and unit.wait_until_ready():
            disks.append(ScsiDisk(unit))
    return disks
