"""A scripted still-image interface: what it answers to each command is written down transfer by transfer."""

import struct
from collections import deque

from device_drivers.errors import TransportTimeoutError
from device_drivers.transports.usb import UsbDescription, UsbEndpoint, UsbInterface

PACKET = 512
INTERFACE = UsbInterface(0, 6, 1, 1, (UsbEndpoint(0x81, 2, PACKET), UsbEndpoint(0x02, 2, PACKET), UsbEndpoint(0x83, 3, 28)))
DEVICE_INFO = struct.pack("<HIHBH", 100, 6, 100, 0, 0) + struct.pack("<I3H", 3, 0x1001, 0x1009, 0x101B) + bytes(16) + bytes(3) + b"\x02S\0\0\0"
OK, STATUS_OK = 0x2001, struct.pack("<HH", 4, 0x2001)


def data(operation, transaction, payload, *, length=None):
    """A data container as one transfer."""
    return struct.pack("<IHHI", 12 + len(payload) if length is None else length, 2, operation, transaction) + payload


def response(transaction, code=OK, *parameters):
    """A response container."""
    return struct.pack(f"<IHHI{len(parameters)}I", 12 + 4 * len(parameters), 3, code, transaction, *parameters)


class ScriptedDevice:
    """What ``UsbDevice`` is to ``PtpLink``; transfers not taken are kept, and an empty script is silence."""

    def __init__(self, *replies):
        self.description = UsbDescription(0x1209, 1, 0, 1, 2, "1-1", 3, (INTERFACE,))
        self.interface = INTERFACE
        self.replies = deque(replies)
        self.pipe = deque()
        self.commands = []
        self.controls = []
        self.statuses = deque()
        self.refused = set()
        self.resets = 0
        self.cleared = []

    def bulk_out(self, endpoint, data, *, timeout_s, during):
        assert endpoint.address == 0x02
        self.commands.append(bytes(data))
        if self.replies:
            self.pipe.extend(self.replies.popleft())

    def bulk_in_piece(self, endpoint, length, *, timeout_s, during):
        assert endpoint.address == 0x81
        assert length % PACKET == 0
        if not self.pipe:
            raise TransportTimeoutError(during, timeout_s)
        transfer = self.pipe.popleft()
        if isinstance(transfer, Exception):
            raise transfer
        if len(transfer) > length:
            self.pipe.appendleft(transfer[length:])
        return memoryview(transfer[:length])

    def control(self, request_type, request, *, value=0, length=0, data=b"", timeout_s, during):
        self.controls.append((request_type, request, bytes(data)))
        if request in self.refused:
            raise TransportTimeoutError(during, timeout_s)
        if request == 0x64:
            self.pipe.clear()
        return (self.statuses.popleft() if self.statuses else STATUS_OK) if request == 0x67 else b""

    def clear_halt(self, endpoint):
        self.cleared.append(endpoint.address)

    def reset(self):
        self.resets += 1
        self.pipe.clear()


def opening():
    """What a well-behaved device answers while a session is opened."""
    return [
        [data(0x1001, 0, DEVICE_INFO), response(0)],
        [response(0)],
        [data(0x1001, 1, DEVICE_INFO), response(1)],
    ]
