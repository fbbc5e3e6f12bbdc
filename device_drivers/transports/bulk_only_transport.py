"""USB Bulk-Only Transport: one command at a time, its data, its status, and the way back when something goes wrong.

Source: USB Mass Storage Class, Bulk-Only Transport, revision 1.0; section numbers below are its.
"""

from __future__ import annotations

import itertools
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from device_drivers.errors import (
    EndpointStalledError,
    MalformedReplyError,
    RecorderError,
    RecorderUnpluggedError,
    TransferError,
    UnsupportedRecorderError,
)
from device_drivers.transports.usb import UsbDevice

COMMAND_BYTES, STATUS_BYTES = 31, 13
_COMMAND = struct.Struct("<4sIIBBB16s")
_STATUS = struct.Struct("<4sIIB")
_COMMAND_SIGNATURE, _STATUS_SIGNATURE = b"USBC", b"USBS"
_DATA_IN = 0x80
_PASSED, _FAILED, _PHASE_ERROR = 0, 1, 2
_CLASS_OUT, _CLASS_IN = 0x21, 0xA1
_RESET, _GET_MAX_LUN = 0xFF, 0xFE
_CONTROL_TIMEOUT_S = 5.0
_MAX_UNITS = 16


@dataclass(frozen=True, slots=True)
class CommandStatus:
    """How a command ended: whether it passed, and how many of the bytes asked for did not come."""

    passed: bool
    residue: int


class PhaseError(RecorderError):
    """Host and device lost step (section 5.3.3.1); a reset recovery is needed."""

    def __init__(self) -> None:
        super().__init__("the device reports a phase error")


def encode_command(tag: int, length: int, *, unit: int, block: bytes, is_in: bool = True) -> bytes:
    """Make a command block wrapper that reads, or else sends, ``length`` bytes (section 5.1)."""
    return _COMMAND.pack(_COMMAND_SIGNATURE, tag, length, _DATA_IN if is_in else 0, unit, len(block), block)


def decode_status(raw: bytes, tag: int, *, requested: int) -> CommandStatus:
    """Read a command status wrapper (section 5.2), accepting only a valid and meaningful one (section 6.3).

    Raises:
        PhaseError: The device says so.
        MalformedReplyError: It is none, or belongs to another command.
    """
    if len(raw) != STATUS_BYTES:
        raise MalformedReplyError("command status", f"{len(raw)} bytes instead of {STATUS_BYTES}")
    signature, answered, residue, status = _STATUS.unpack(raw)
    if signature != _STATUS_SIGNATURE:
        raise MalformedReplyError("command status", "wrong signature")
    if answered != tag:
        raise MalformedReplyError("command status", f"tag {answered:#x} instead of {tag:#x}")
    if status == _PHASE_ERROR:
        raise PhaseError
    if status not in (_PASSED, _FAILED) or residue > requested:
        raise MalformedReplyError("command status", f"status {status}, residue {residue} of {requested}")
    return CommandStatus(passed=status == _PASSED, residue=residue)


class BulkOnlyTransport:
    """One claimed mass-storage interface."""

    def __init__(self, device: UsbDevice) -> None:
        """Take the interface's first pair of bulk endpoints.

        Raises:
            UnsupportedRecorderError: It has none.
        """
        incoming, outgoing = device.interface.bulk(is_in=True), device.interface.bulk(is_in=False)
        if incoming is None or outgoing is None:
            raise UnsupportedRecorderError(device.description.title, "its mass-storage interface has no pair of bulk endpoints")
        self._device, self._in, self._out = device, incoming, outgoing
        self._tags = itertools.count(1)
        self._lock = threading.RLock()

    @property
    def speed(self) -> int:
        """``libusb_speed`` of the connection."""
        return self._device.description.speed

    @property
    def title(self) -> str:
        """What a person calls the device."""
        return self._device.description.title

    def count_units(self) -> int:
        """Ask how many logical units there are (section 3.2); one, when the device does not say."""
        try:
            answer = self._device.control(_CLASS_IN, _GET_MAX_LUN, length=1, timeout_s=_CONTROL_TIMEOUT_S, during="counting disks")
        except RecorderUnpluggedError:
            raise
        except RecorderError:  # devices with one unit may stall here
            return 1
        return answer[0] + 1 if answer and answer[0] < _MAX_UNITS else 1

    def run(self, block: bytes, buffer: memoryview, *, unit: int, timeout_s: float, during: str) -> tuple[bool, int]:
        """Run a command that reads into a buffer.

        Returns:
            Whether the command passed, and how many bytes of the buffer are good. After a failed one ask for its sense.

        Raises:
            RecorderUnpluggedError: The device left.
            RecorderError: It lost step; it has been put back into a known state, and the command may be tried again.
        """
        with self._recovering(during):
            return self._run(block, buffer, unit=unit, timeout_s=timeout_s, during=during)

    def send(self, block: bytes, data: bytes, *, unit: int, timeout_s: float, during: str) -> tuple[bool, int]:
        """Run a command that takes bytes from the host; raises like :meth:`run`.

        Returns:
            Whether the command passed, and how many of the bytes it used. After a failed one ask for its sense.
        """
        with self._recovering(during):
            tag = next(self._tags) & 0xFFFF_FFFF
            command = encode_command(tag, len(data), unit=unit, block=block, is_in=False)
            self._device.bulk_out(self._out, command, timeout_s=timeout_s, during=during)
            if data:
                try:
                    self._device.bulk_out(self._out, data, timeout_s=timeout_s, during=during)
                except EndpointStalledError:  # the device wants no more of it (section 6.7.3); its status follows
                    self._device.clear_halt(self._out)
            status = decode_status(self._read_status(timeout_s, during), tag, requested=len(data))
            return status.passed, len(data) - status.residue

    @contextmanager
    def _recovering(self, during: str) -> Iterator[None]:
        """Let one command run at a time, and put the device back into a known state when it loses step."""
        with self._lock:
            try:
                yield
            except RecorderUnpluggedError:
                raise
            except RecorderError:
                self._recover(during)
                raise

    def _run(self, block: bytes, buffer: memoryview, *, unit: int, timeout_s: float, during: str) -> tuple[bool, int]:
        tag = next(self._tags) & 0xFFFF_FFFF
        command = encode_command(tag, len(buffer), unit=unit, block=block)
        self._device.bulk_out(self._out, command, timeout_s=timeout_s, during=during)
        count = 0
        if buffer:
            try:
                count = self._device.bulk_in(self._in, buffer, timeout_s=timeout_s, during=during)
            except EndpointStalledError:  # the device ends the data early (section 6.7.2); its status follows
                self._device.clear_halt(self._in)
        status = decode_status(self._read_status(timeout_s, during), tag, requested=len(buffer))
        return status.passed, min(count, len(buffer) - status.residue)

    def _read_status(self, timeout_s: float, during: str) -> bytes:
        """Read the status; a halt is cleared and it is read once more (section 6.7.2, figure 2), an empty packet is passed over."""
        raw = bytearray(STATUS_BYTES)
        for is_last in (False, True):
            try:
                count = self._device.bulk_in(self._in, memoryview(raw), timeout_s=timeout_s, during=during)
            except EndpointStalledError:
                if is_last:
                    raise
                self._device.clear_halt(self._in)
                continue
            if count:
                return bytes(raw[:count])
        raise TransferError(during, "the command status is missing")

    def _recover(self, during: str) -> None:
        """Reset recovery (section 5.3.4); where even that is refused, reset the port."""
        try:
            self._device.control(_CLASS_OUT, _RESET, timeout_s=_CONTROL_TIMEOUT_S, during=f"recovering from {during}")
            self._device.clear_halt(self._in)
            self._device.clear_halt(self._out)
        except RecorderUnpluggedError:
            raise
        except RecorderError:
            self._device.reset()
