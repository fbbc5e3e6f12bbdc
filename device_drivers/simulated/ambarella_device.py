"""A virtual recorder with an Ambarella chip, before it becomes a disk: a vendor's interface with one pair of bulk endpoints.

Source: a vendor's public library and tools. The words of its replies beyond ``Ver;OK`` and the device id are this project's own, as is all that
families/ambarella/README.md calls a guess.
"""

from __future__ import annotations

import re
import struct
from collections import deque
from typing import Protocol

from device_drivers.simulated.bulk_only_target import HaltedError
from device_drivers.simulated.faults import NO_FAULTS, Faults, is_due
from device_drivers.simulated.usb_device import IN, DeviceFacts, EndpointFacts, InterfaceFacts, StandardRequests, VirtualDevice

VENDOR_ID, COMMAND_PRODUCT, STORAGE_PRODUCT = 0x4255, 0x0001, 0x1000
_BULK_IN, _BULK_OUT = 0x81, 0x01
_INTERFACE = InterfaceFacts((0xFF, 0x00, 0x00), (EndpointFacts(_BULK_IN), EndpointFacts(_BULK_OUT)))
_MESSAGE = re.compile(rb"@(Ver|Gdv|Sdt|Stm|ATH);(\d+);([^;#]*);#")
_FRAME = struct.Struct("<4sII4s")
_FRAME_HEAD, _FRAME_TAIL = bytes.fromhex("453a0267"), bytes.fromhex("bac5fd98")
_SET_CLOCK, _ENTER_STORAGE_MODE = 0x0F00_00D4, 0x0F00_00F7


class Conversation(Protocol):
    """What a dialect makes of a message."""

    clock: str | None
    becomes_a_disk: bool

    def answer(self, message: bytes) -> bytes | None:
        """Give the reply to an OUT transfer, or ``None`` where there is none."""


class AsciiConversation:
    """``@Name;length;value;#``."""

    def __init__(self, device_id: str, *, password: str = "000000", faults: Faults = NO_FAULTS) -> None:  # noqa: S107 - a virtual recorder's
        self._device_id, self._faults = device_id, faults
        self._password = (faults.password or password).ljust(8, "0").encode("ascii")
        self._count = 0
        self._is_logged_in = False
        self.clock: str | None = None
        self.becomes_a_disk = False

    clock: str | None
    becomes_a_disk: bool

    def answer(self, message: bytes) -> bytes | None:
        """Give the reply to an OUT transfer, or ``None`` where there is none."""
        found = _MESSAGE.fullmatch(message)
        if found is None:
            return None
        name, value = found[1], found[3]
        self._count += 1
        self._is_logged_in = self._is_logged_in or name == b"Ver"
        if not self._is_logged_in or (name in (b"Gdv", b"ATH") and value != self._password):
            return b"@%s;NG;#" % name
        if name == b"Gdv":
            return self._give_id()
        if name in (b"Sdt", b"Stm"):
            self.clock = value.decode() if name == b"Sdt" else f"{self.clock or ''} {value.decode()}"
        elif name == b"ATH" and not self._faults.stuck_status:
            self.becomes_a_disk = True
        return b"@%s;OK;#" % name

    def _give_id(self) -> bytes:
        length = len(self._device_id) + is_due(self._faults.wrong_length_every, self._count)
        return f"@Gdv;{length};{self._device_id}#".encode("ascii")


class BinaryConversation:
    """Frames of 16 bytes, then a length and so many bytes."""

    def __init__(self, *, password: str = "888888", faults: Faults = NO_FAULTS) -> None:  # noqa: S107 - a virtual recorder's
        self._faults = faults
        self._password = (faults.password or password).encode("ascii")
        self._command: int | None = None
        self.clock: str | None = None
        self.becomes_a_disk = False

    clock: str | None
    becomes_a_disk: bool

    def answer(self, message: bytes) -> bytes | None:
        """Give the reply to an OUT transfer, or ``None`` where there is none."""
        command, self._command = self._command, None
        if command is None:
            head, number, length, tail = _FRAME.unpack(message) if len(message) == _FRAME.size else (b"", 0, 0, b"")
            if (head, tail) == (_FRAME_HEAD, _FRAME_TAIL) and length:
                self._command = number
            return None
        count, content = int.from_bytes(message[:4], "little"), message[4:]
        if count != len(content):
            return None
        if command == _SET_CLOCK:
            self.clock = content.decode("ascii", "replace")
        elif command == _ENTER_STORAGE_MODE and content == self._password and not self._faults.stuck_status:
            self.becomes_a_disk = True
        return _FRAME.pack(_FRAME_HEAD, command, 0, _FRAME_TAIL)


class AmbarellaDevice:
    """Control requests, and two bulk endpoints with a conversation behind them; keeps the promise of ``VirtualDevice``."""

    def __init__(self, conversation: Conversation, disk: VirtualDevice, *, faults: Faults = NO_FAULTS) -> None:
        self._conversation, self._disk, self._faults = conversation, disk, faults
        self._replies: deque[memoryview] = deque()
        self._count = 0
        self._in_is_halted = False
        self.facts = DeviceFacts(VENDOR_ID, COMMAND_PRODUCT, product="Amba Simple Class")
        self._requests = StandardRequests(self.facts, _INTERFACE, self._clear_halt)

    @property
    def interface_classes(self) -> tuple[tuple[int, int, int], ...]:
        """Class, subclass and protocol of each interface."""
        return self._requests.interface_classes

    @property
    def configuration(self) -> int:
        """The configuration in use, 0 for none."""
        return self._requests.configuration

    @property
    def successor(self) -> VirtualDevice | None:
        """The disk, once it was told to become it."""
        return self._disk if self._conversation.becomes_a_disk else None

    def reset(self) -> None:
        """Forget everything a host has set, as a bus reset does."""
        self._replies.clear()
        self._in_is_halted = False
        self._conversation.becomes_a_disk = False
        self._requests.configuration = 1

    def control(self, setup: bytes, data: bytes) -> bytes:
        """Answer a request on endpoint 0; see ``VirtualDevice``."""
        del data  # no request here takes any
        answer = self._requests.answer(setup)
        if answer is None:
            raise HaltedError
        return answer

    def take(self, endpoint: int, data: bytes) -> None:
        """Take a message; see ``VirtualDevice``."""
        if endpoint != _BULK_OUT:
            raise HaltedError
        reply = self._conversation.answer(data)
        if reply is None:
            return
        self._count += 1
        if is_due(self._faults.stall_every, self._count):
            self._in_is_halted = True
        elif not is_due(self._faults.hang_every, self._count):
            self._replies.append(memoryview(reply[: len(reply) // 2] if is_due(self._faults.short_every, self._count) else reply))

    def give(self, endpoint: int, length: int) -> memoryview | None:
        """Give a reply; see ``VirtualDevice``."""
        if endpoint != _BULK_IN or self._in_is_halted:
            raise HaltedError
        return self._replies.popleft()[:length] if self._replies else None

    def _clear_halt(self, endpoint: int) -> None:
        if endpoint & IN:
            self._in_is_halted = False
