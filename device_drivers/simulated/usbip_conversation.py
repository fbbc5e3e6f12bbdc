"""One import of a virtual device over USB/IP: its transfers, endpoint by endpoint, until a link ends.

Source: the Linux kernel's ``Documentation/usb/usbip_protocol.rst``.
"""

from __future__ import annotations

import errno
import select
import socket
import struct
from collections import deque

from device_drivers.simulated.bulk_only_target import HaltedError
from device_drivers.simulated.cable import Cable
from device_drivers.simulated.usb_device import IN, VirtualDevice, bulk_in_endpoints

_COMMAND = struct.Struct(">IIIIIIiiii8s")
_REPLY = struct.Struct(">IIIIIiiiii8x")
_SUBMIT, _UNLINK, _RET_SUBMIT, _RET_UNLINK = 1, 2, 3, 4
_MAX_TRANSFER_BYTES = 32 * 1024**2
_STATUS_BYTES = 13
"""Transfers of this length are command statuses of a disk; they are not counted."""
_ASK_AGAIN_MS = 100
"""How often a device with a waiting IN transfer is asked again, should it have something to say by itself."""


class Conversation:
    """One import. Transfers of one endpoint are answered in order; an IN transfer waits until there is something to give or it is taken back."""

    def __init__(self, cable: Cable, device: VirtualDevice, link: socket.socket) -> None:
        self._cable, self._device, self._link = cable, device, link
        self._counted = bulk_in_endpoints(device)
        self._waiting: dict[int, deque[tuple[int, int]]] = {}
        self._arrival = select.poll()
        self._arrival.register(link, select.POLLIN)

    def run(self) -> None:
        """Serve until the link ends.

        Raises:
            OSError: It ended, by the host, a pull, or because the device comes back as another one.
        """
        while True:
            self._await_command()
            command, number, _, direction, endpoint, flags, length, _, _, _, setup = _COMMAND.unpack(receive(self._link, _COMMAND.size))
            if command == _UNLINK:
                status = -errno.ECONNRESET if self._take_back(flags) else 0
                self._link.sendall(_REPLY.pack(_RET_UNLINK, number, 0, 0, 0, status, 0, 0, 0, 0))
            elif command == _SUBMIT and 0 <= length <= _MAX_TRANSFER_BYTES:
                data = b"" if direction else receive(self._link, length)
                self._submit(number, endpoint, length, data, setup, is_in=bool(direction))
                self._give()
            else:
                raise ConnectionError("a command that is none")
            self._leave_if_it_changes()

    def _await_command(self) -> None:
        while self._waiting and not self._arrival.poll(_ASK_AGAIN_MS):
            self._give()
            self._leave_if_it_changes()

    def _leave_if_it_changes(self) -> None:
        successor = self._device.successor
        if successor is not None:
            self._cable.change_into(successor)
            raise ConnectionError("the device comes back as another one")

    def _submit(self, number: int, endpoint: int, length: int, data: bytes, setup: bytes, *, is_in: bool) -> None:
        try:
            if endpoint == 0:
                self._answer(number, memoryview(self._device.control(setup, data)), 0 if is_in else len(data))
            elif is_in:
                self._waiting.setdefault(endpoint | IN, deque()).append((number, length))
            else:
                self._device.take(endpoint, data)
                self._answer(number, memoryview(b""), len(data))
        except HaltedError:
            self._answer(number, memoryview(b""), 0, status=-errno.EPIPE)

    def _give(self) -> None:
        """Answer what can be answered, on every endpoint."""
        for endpoint, queue in list(self._waiting.items()):
            while queue:
                number, length = queue[0]
                try:
                    data = self._device.give(endpoint, length)
                except HaltedError:
                    queue.popleft()
                    self._answer(number, memoryview(b""), 0, status=-errno.EPIPE)
                    continue
                if data is None:
                    break
                queue.popleft()
                self._answer(number, data, 0, counts=endpoint in self._counted and length != _STATUS_BYTES)
            if not queue:
                del self._waiting[endpoint]

    def _take_back(self, number: int) -> bool:
        for endpoint, queue in self._waiting.items():
            kept = deque(each for each in queue if each[0] != number)
            if len(kept) < len(queue):
                self._waiting[endpoint] = kept
                return True
        return False

    def _answer(self, number: int, data: memoryview, taken: int, *, status: int = 0, counts: bool = False) -> None:
        header = _REPLY.pack(_RET_SUBMIT, number, 0, 0, 0, status, len(data) or taken, 0, 0, 0)
        pulled_after = self._cable.account(len(data)) if counts else None
        if pulled_after is not None:
            self._link.sendall(header + bytes(data[:pulled_after]))
            self._cable.pull()
            raise ConnectionError("the cable was pulled")
        self._link.sendall(header)
        if data:
            self._link.sendall(data)


def receive(link: socket.socket, length: int) -> bytes:
    """Receive exactly so many bytes.

    Raises:
        OSError: The link ended before.
    """
    buffer = bytearray(length)
    view = memoryview(buffer)
    while view:
        count = link.recv_into(view)
        if not count:
            raise ConnectionError("the other side left")
        view = view[count:]
    return bytes(buffer)
