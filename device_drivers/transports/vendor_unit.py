"""SCSI commands that a maker has added to a logical unit, limited to a list of whole command blocks.

Sibling codes of such commands write flash memory or sensor registers. So a unit is made with the commands that may be sent, each down to its last
byte, and nothing else can leave through it.
"""

from __future__ import annotations

import struct
from collections.abc import Collection
from dataclasses import dataclass

from device_drivers.errors import CommandFailedError, UnsupportedCommandError
from device_drivers.transports.bulk_only_scsi import ScsiUnit
from device_drivers.transports.bulk_only_transport import BulkOnlyTransport

_BLOCK = struct.Struct(">BBIH8x")
_READ_TIMEOUT_S, _WRITE_TIMEOUT_S = 2.0, 10.0
"""The vendor's own time-outs for its commands (recorder protocols, family B)."""


@dataclass(frozen=True, slots=True)
class VendorCommand:
    """One command block of 16 bytes.

    Attributes:
        name: What it does, for errors.
        code: Byte 0.
        group: Byte 1.
        number: Bytes 2 to 5, big-endian.
        length: Bytes 6 and 7, big-endian: how many bytes of data go with it.
        is_in: Whether they come from the device.
    """

    name: str
    code: int
    group: int
    number: int
    length: int
    is_in: bool

    @property
    def block(self) -> bytes:
        """The command block."""
        return _BLOCK.pack(self.code, self.group, self.number, self.length)


class VendorUnit:
    """One logical unit, and the vendor's commands that may be sent to it."""

    def __init__(self, transport: BulkOnlyTransport, unit: ScsiUnit, *, allowed: Collection[VendorCommand]) -> None:
        self._transport, self._unit = transport, unit
        self._allowed = frozenset(allowed)

    def read(self, command: VendorCommand) -> bytes:
        """Run a command that gives bytes; answer those that came, which may be fewer than its length.

        Raises:
            UnsupportedCommandError: It is not on the list; nothing was sent.
            CommandFailedError: The unit could not.
            RecorderError: The way to it failed.
        """
        self._check(command, is_in=True)
        buffer = bytearray(command.length)
        passed, count = self._transport.run(command.block, memoryview(buffer), unit=self._unit.number, timeout_s=_READ_TIMEOUT_S, during=command.name)
        if not passed:
            raise self._unit.explain_failure(command.name, during=command.name)
        return bytes(buffer[:count])

    def write(self, command: VendorCommand, data: bytes = b"") -> None:
        """Run a command that takes bytes, or none; raises like :meth:`read`."""
        self._check(command, is_in=False)
        if len(data) != command.length:
            raise UnsupportedCommandError(f"take {len(data)} bytes with the command for {command.name}")
        passed, count = self._transport.send(command.block, data, unit=self._unit.number, timeout_s=_WRITE_TIMEOUT_S, during=command.name)
        if not passed:
            raise self._unit.explain_failure(command.name, during=command.name)
        if count != len(data):
            raise CommandFailedError(f"{command.name}, of which {count} of {len(data)} bytes were used,", sense_key=0, sense_code=0)

    def _check(self, command: VendorCommand, *, is_in: bool) -> None:
        if command not in self._allowed or command.is_in != is_in:
            raise UnsupportedCommandError(f"carry out the command {command.block.hex()}, which is never sent")
