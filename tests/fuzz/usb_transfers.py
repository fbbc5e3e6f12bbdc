"""What comes over USB and USB/IP: descriptors, link answers, SCSI answers behind Bulk-Only Transport, PTP containers."""

import socket
import struct
import threading
from unittest.mock import patch

import usb.core

from device_drivers.errors import EndpointStalledError, MalformedReplyError, RecorderError, TransportTimeoutError
from device_drivers.transports import usbip_descriptors, usbip_link
from device_drivers.transports.bulk_only_scsi import ScsiDisk, ScsiUnit
from device_drivers.transports.bulk_only_transport import BulkOnlyTransport
from device_drivers.transports.ptp import link as ptp_link
from device_drivers.transports.ptp import session as ptp_session
from device_drivers.transports.ptp.containers import parse_header, parse_response
from device_drivers.transports.ptp.link import Patience
from device_drivers.transports.ptp.operations import list_handles, list_storages, read_part
from device_drivers.transports.usb import UsbBus, UsbDescription, UsbEndpoint, UsbInterface
from device_drivers.transports.usbip import UsbipBackend, _Device
from tests.fuzz.target import Target, joined, records

_LISTED = usbip_link.ListedDevice("127.0.0.1", 1, "1-1", 1, 2, 3)
_PACKET = 512
_PATIENT = Patience(answer_s=0.01, long_answer_s=0.01, control_s=0.01, recovery_s=0.0, silence_s=0.0)


class _Bus(UsbipBackend):
    """A server whose one device has these descriptors; checked as a real one's are."""

    def __init__(self, pieces: list[bytes]) -> None:
        super().__init__("127.0.0.1", 1)
        self._pieces = pieces

    def enumerate_devices(self):
        device = self._pieces[0] if self._pieces else b""
        usbip_descriptors.device_descriptor(device)
        for each in self._pieces[1:]:
            usbip_descriptors.configuration_descriptor(each)
        yield _Device(_LISTED, device, tuple(self._pieces[1:]))


def _descriptors(data: bytes) -> object:
    return [description for _, description in UsbBus(_Bus(records(data))).devices()]


class _Server:
    """Stands in for a connection: what the server says is fixed, what it is told goes nowhere."""

    def __init__(self, data: bytes) -> None:
        self._near, self._far = socket.socketpair()
        self._far.sendall(data)
        self._far.shutdown(socket.SHUT_WR)

    def __enter__(self) -> socket.socket:
        return self._near

    def __exit__(self, *_: object) -> None:
        self._near.close()
        self._far.close()


def _usbip_list(data: bytes) -> object:
    with _Server(data) as link:
        usbip_link.OPERATION.unpack(usbip_link._receive(link, usbip_link.OPERATION.size))
        (count,) = struct.unpack(">I", usbip_link._receive(link, 4))
        return [usbip_link._receive_listed(link, "127.0.0.1", 1) for _ in range(min(count, usbip_link._MAX_LISTED))]


def _usbip_transfers(data: bytes) -> object:
    """Two transfers in and one out, of which the server answers what it likes."""
    with _Server(data) as connection:
        link = usbip_link.Link.__new__(usbip_link.Link)
        link._lock, link._sequence, link._is_dead = threading.Lock(), iter(range(1, 100)), False
        link._socket, link._device_id = connection, 0x10002
        taken = [link.transfer(endpoint, bytearray(64), 5) for endpoint in (0x81, 0x02, 0x81)]
        return taken, link.transfer(0, bytearray(18), 5, setup=b"\x80\x06\0\1\0\0\x12\0")


class _Pipe:
    """A device that answers each bulk transfer with the next record, cut to what was asked; an empty one stalls, and then it is silent.

    Where an answer has 0 for the number of the command that it belongs to, the right one is put in, so that most inputs get beyond that check.
    """

    def __init__(self, data: bytes, usb_class: tuple[int, int, int]) -> None:
        self.replies = records(data)
        self.tag = 0
        self.interface = UsbInterface(0, *usb_class, (UsbEndpoint(0x81, 2, _PACKET), UsbEndpoint(0x02, 2, _PACKET), UsbEndpoint(0x83, 3, 28)))
        self.description = UsbDescription(0x1209, 1, 0, 1, 2, "1-1", 3, (self.interface,))

    def bulk_out(self, endpoint, data, *, timeout_s, during) -> None:
        if len(data) >= 12:
            self.tag = struct.unpack_from("<I", data, 4 if data[:4] == b"USBC" else 8)[0]

    def bulk_in(self, endpoint, buffer, *, timeout_s, during) -> int:
        piece = self.bulk_in_piece(endpoint, len(buffer), timeout_s=timeout_s, during=during)
        if piece[:8] == b"USBS\0\0\0\0":
            piece = memoryview(b"USBS" + struct.pack("<I", self.tag) + piece[8:])
        buffer[: len(piece)] = piece
        return len(piece)

    def bulk_in_piece(self, endpoint, length, *, timeout_s, during) -> memoryview:
        if not self.replies:
            raise TransportTimeoutError(during, timeout_s)
        piece = self.replies.pop(0)
        if not piece:
            raise EndpointStalledError(during, endpoint.address)
        if self.interface.usb_class == 6 and piece[8:12] == bytes(4):
            piece = piece[:8] + struct.pack("<I", self.tag) + piece[12:]
        return memoryview(piece[:length])

    def control(self, request_type, request, *, value=0, length=0, data=b"", timeout_s, during) -> bytes:
        return self.replies.pop(0)[:length] if length and self.replies else b""

    def clear_halt(self, endpoint) -> None:
        """Nothing is halted for long."""

    def reset(self) -> None:
        """What it says next is in the input."""


def _scsi_disk(data: bytes) -> object:
    transport = BulkOnlyTransport(_Pipe(data, (8, 6, 0x50)))
    transport.count_units()
    unit = ScsiUnit(transport, 0)
    unit.inquire()
    unit.wait_until_ready(within_s=0)
    unit.is_write_protected()
    disk = ScsiDisk(unit)
    return disk.size_bytes, disk.read_at(700, memoryview(bytearray(2_048)))


def _ptp_container(data: bytes) -> object:
    header = parse_header(data)
    return parse_response(data, header.transaction)


def _ptp_session(data: bytes) -> object:
    with patch.object(ptp_session, "_BUSY_PAUSE_S", 0), patch.object(ptp_link, "_LOOK_AGAIN_S", 0):
        session = ptp_session.open_session(_Pipe(data, (6, 1, 1)), patience=_PATIENT)
        storages = list_storages(session)
        return storages, list_handles(session, 0xFFFF_FFFF, 0), read_part(session, 1, 0, memoryview(bytearray(1_024)))


def _status(code: int = 0, residue: int = 0) -> bytes:
    return struct.pack("<4sIIB", b"USBS", 0, residue, code)


def _configuration(*pieces: bytes) -> bytes:
    body = b"".join(pieces)
    return struct.pack("<BBHBBBBB", 9, 2, 9 + len(body), 1, 1, 0, 0x80, 250) + body


_DEVICE = struct.pack("<BBHBBBBHHHBBBB", 18, 1, 0x200, 0, 0, 0, 64, 0x0603, 0x8611, 1, 0, 0, 0, 1)
_INTERFACE = struct.pack("<BBBBBBBBB", 9, 4, 0, 0, 2, 8, 6, 0x50, 0)
_ENDPOINTS = struct.pack("<BBBBHB", 7, 5, 0x81, 2, 512, 0) + struct.pack("<BBBBHB", 7, 5, 0x02, 2, 512, 0) + b"\x05\x24\0\0\0"
_INQUIRY = struct.pack("<BBBBBBBB8s16s4s", 0, 0x80, 4, 2, 31, 0, 0, 0, b"NOVATEK ", b"RECORDER        ", b"1.00")
_DISK = joined(
    b"\0", _INQUIRY, _status(), _status(), b"\x2f\0\0\0".ljust(192, b"\0"), _status(), struct.pack(">II", 99, 512), _status(),
    bytes(512), _status(), bytes(2_048), _status(), bytes(512), _status()
)  # fmt: skip
_SUBMITTED = struct.Struct(">IIIIIiiiii8x")
_TRANSFERS = b"".join(
    _SUBMITTED.pack(3, number, 0, 0, 0, 0, actual, 0, 0, 0) + bytes(sent)
    for number, actual, sent in ((1, 3, 3), (2, 64, 0), (3, 64, 64), (4, 18, 18))
)
_LISTING = usbip_link.OPERATION.pack(usbip_link.VERSION, 5, 0) + struct.pack(">I", 1)
_LISTING += usbip_link.DEVICE.pack(b"/sys/devices/1-1", b"1-1", 1, 2, 3, 0x603, 0x8611, 1, 0, 0, 0, 1, 1, 1) + b"\x08\x06\x50\0"


def _container(kind: int, code: int, transaction: int, payload: bytes = b"") -> bytes:
    return struct.pack("<IHHI", 12 + len(payload), kind, code, transaction) + payload


_OK, _INFO = 0x2001, struct.pack("<HIHBH", 100, 6, 100, 0, 0) + struct.pack("<I3H", 3, 0x1001, 0x1009, 0x101B) + bytes(16) + bytes(3) + b"\x02S\0\0\0"

_SESSION = joined(
    *(_container(2, 0x1001, 0, _INFO), _container(3, _OK, 0)),
    _container(3, _OK, 0),
    *(_container(2, 0x1001, 0, _INFO), _container(3, _OK, 0)),
    *(_container(2, 0x1004, 0, struct.pack("<II", 1, 0x10001)), _container(3, _OK, 0)),
    *(_container(2, 0x1007, 0, struct.pack("<III", 2, 1, 2)), _container(3, _OK, 0)),
    *(_container(2, 0x101B, 0, bytes(1_012)), _container(3, _OK, 0)),
)

TARGETS = (
    Target("usb-descriptors", _descriptors, (ValueError,), (joined(_DEVICE, _configuration(_INTERFACE, _ENDPOINTS)),)),
    Target("usbip-list", _usbip_list, (ConnectionError, OSError), (_LISTING,)),
    Target("usbip-transfers", _usbip_transfers, (usb.core.USBError,), (_TRANSFERS,)),
    Target("scsi-disk", _scsi_disk, (RecorderError,), (_DISK,)),
    Target("ptp-session", _ptp_session, (RecorderError,), (_SESSION,)),
    Target("ptp-container", _ptp_container, (MalformedReplyError,), (_container(3, _OK, 1), _container(3, 0x2019, 7, bytes(8)))),
)
