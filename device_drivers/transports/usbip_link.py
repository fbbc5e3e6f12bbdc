"""One device imported over USB/IP: its transfers, one at a time, with time-outs. A closed socket is a pulled cable.

Source: the Linux kernel's ``Documentation/usb/usbip_protocol.rst``, protocol version 1.1.1.
"""

from __future__ import annotations

import errno
import itertools
import os
import select
import socket
import struct
import threading
import time
from dataclasses import dataclass
from typing import NoReturn, Protocol

import usb.core

VERSION = 0x0111
_REQUEST_IMPORT, _REPLY_IMPORT = 0x8003, 0x0003
_REQUEST_LIST, _REPLY_LIST = 0x8005, 0x0005
OPERATION = struct.Struct(">HHI")
DEVICE = struct.Struct(">256s32sIIIHHHBBBBBB")
_SUBMIT, _UNLINK, _RET_SUBMIT, _RET_UNLINK = 1, 2, 3, 4
_COMMAND = struct.Struct(">IIIIIIiiii8s")
_REPLY = struct.Struct(">IIIIIiiiii8x")
_CONNECT_TIMEOUT_S = 5.0
_GRACE_S = 5.0
"""How long the rest of a reply, or the answer to an UNLINK, may take before the link counts as dead."""
_BUSY = 2
_MAX_LISTED = 256
_BUSY_ATTEMPTS, _BUSY_PAUSE_S = 20, 0.1
_LARGEST_ERROR = 4_095
"""The kernel's ``MAX_ERRNO``."""
_NO_SETUP = bytes(8)
_LIBUSB = {errno.EPIPE: -9, errno.ENODEV: -4, errno.ETIMEDOUT: -7, errno.EOVERFLOW: -8, errno.EBUSY: -6}


class Buffer(Protocol):
    """What offers its memory: ``array.array``, ``bytearray``, ``bytes``."""

    def __buffer__(self, flags: int, /) -> memoryview: ...


@dataclass(frozen=True, slots=True)
class ListedDevice:
    """A device that a server offers."""

    host: str
    port: int
    busid: str
    bus: int
    address: int
    speed: int


class _TimedOutError(Exception):
    """Nothing of a reply came in time."""


def list_devices(host: str, port: int) -> list[ListedDevice]:
    """Ask a server what it offers; nothing where there is no server.

    Raises:
        usb.core.USBError: The server speaks another protocol or falls silent.
    """
    try:
        with _connect(host, port) as link:
            link.sendall(OPERATION.pack(VERSION, _REQUEST_LIST, 0))
            _, code, status = OPERATION.unpack(_receive(link, OPERATION.size))
            if code != _REPLY_LIST or status:
                raise usb.core.USBError("the USB/IP server refuses to list its devices", -1, errno.EIO)
            (count,) = struct.unpack(">I", _receive(link, 4))
            return [_receive_listed(link, host, port) for _ in range(min(count, _MAX_LISTED))]
    except ConnectionRefusedError:
        return []
    except OSError as error:
        if isinstance(error, usb.core.USBError):
            raise
        raise usb.core.USBError(str(error), -1, errno.EIO) from error


def raise_status(code: int) -> NoReturn:
    """Raise what pyusb expects for a positive error number; what is none is an error of input and output."""
    if not 0 < code <= _LARGEST_ERROR:
        code = errno.EIO
    message = os.strerror(code)
    if code == errno.ETIMEDOUT:
        raise usb.core.USBTimeoutError(message, _LIBUSB[code], code)
    if code == errno.ESHUTDOWN:
        code = errno.ENODEV
    raise usb.core.USBError(message, _LIBUSB.get(code, -1), code)


class Link:
    """One import; ``close`` gives the device back."""

    def __init__(self, device: ListedDevice) -> None:
        """Import a device, waiting a little for whoever is just letting go of it.

        Raises:
            usb.core.USBError: It is gone (ENODEV), or held by another (EBUSY).
        """
        self._lock = threading.Lock()
        self._sequence = itertools.count(1)
        self._is_dead = False
        for attempt in range(_BUSY_ATTEMPTS):
            self._socket, status = _import(device)
            if status == 0:
                break
            self._socket.close()
            if status != _BUSY:
                raise_status(errno.ENODEV)
            if attempt == _BUSY_ATTEMPTS - 1:
                raise_status(errno.EBUSY)
            time.sleep(_BUSY_PAUSE_S)
        self._device_id = device.bus << 16 | device.address

    def transfer(self, endpoint: int, buffer: Buffer, timeout_ms: int, *, setup: bytes = _NO_SETUP) -> int:
        """Make one transfer into or from a buffer; answer how many bytes moved.

        Raises:
            usb.core.USBError: As libusb raises it: ENODEV for a closed link, EPIPE for a halt, a time-out error.
        """
        with memoryview(buffer) as whole, whole.cast("B") as view, self._lock:
            if self._is_dead:
                raise_status(errno.ENODEV)
            try:
                status, count = self._transfer(endpoint, view, timeout_ms, setup)
            except OSError as error:
                self._is_dead = True
                raise usb.core.USBError(os.strerror(errno.ENODEV), _LIBUSB[errno.ENODEV], errno.ENODEV) from error
        if status:
            raise_status(-status)
        return count

    def close(self) -> None:
        """Close the link; calling again does nothing."""
        self._is_dead = True
        self._socket.close()

    def _transfer(self, endpoint: int, view: memoryview, timeout_ms: int, setup: bytes) -> tuple[int, int]:
        is_in = bool((endpoint or setup[0]) & 0x80)
        number = self._post(_SUBMIT, is_in=is_in, endpoint=endpoint & 15, flags=0, length=len(view), setup=setup)
        if not is_in and len(view):
            self._socket.sendall(view)
        deadline = time.monotonic() + timeout_ms / 1000 if timeout_ms else None
        try:
            return self._await_reply(number, view, deadline, is_in=is_in)
        except _TimedOutError:
            return self._unlink(number, view, is_in=is_in)

    def _unlink(self, number: int, view: memoryview, *, is_in: bool) -> tuple[int, int]:
        """Take a transfer back; it may have ended in the same moment, then that counts."""
        unlink = self._post(_UNLINK, is_in=is_in, endpoint=0, flags=number, length=0, setup=_NO_SETUP)
        ended: tuple[int, int] | None = None
        deadline = time.monotonic() + _GRACE_S
        while True:
            try:
                command, sequence, status, actual = self._receive_header(deadline)
            except _TimedOutError as error:
                raise TimeoutError("the USB/IP server does not answer") from error
            if command == _RET_SUBMIT:
                count = self._receive_data(view if sequence == number else memoryview(bytearray()), actual, is_in=is_in)
                ended = (status, count) if sequence == number else ended
            elif sequence == unlink:
                return ended or (-errno.ETIMEDOUT, 0)

    def _await_reply(self, number: int, view: memoryview, deadline: float | None, *, is_in: bool) -> tuple[int, int]:
        while True:
            command, sequence, status, actual = self._receive_header(deadline)
            if command != _RET_SUBMIT:
                continue
            if sequence == number:
                return status, self._receive_data(view, actual, is_in=is_in)
            raise ConnectionError("a reply to nothing that was asked")

    def _post(self, command: int, *, is_in: bool, endpoint: int, flags: int, length: int, setup: bytes) -> int:
        number = next(self._sequence)
        self._socket.settimeout(_GRACE_S)
        self._socket.sendall(_COMMAND.pack(command, number, self._device_id, is_in, endpoint, flags, length, 0, 0, 0, setup))
        return number

    def _receive_header(self, deadline: float | None) -> tuple[int, int, int, int]:
        left_s = None if deadline is None else deadline - time.monotonic()
        if left_s is not None and left_s < -_GRACE_S:
            raise _TimedOutError  # it talks all the time, and never to the point
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        if not poll.poll(None if left_s is None else max(0.0, left_s) * 1000):
            raise _TimedOutError
        command, number, _, _, _, status, actual, *_ = _REPLY.unpack(_receive(self._socket, _REPLY.size))
        return command, number, status, actual

    def _receive_data(self, view: memoryview, actual: int, *, is_in: bool) -> int:
        if not is_in or actual <= 0:
            return max(0, min(actual, len(view)))
        if actual > len(view):
            raise ConnectionError("more bytes than were asked for")
        _receive_into(self._socket, view[:actual])
        return actual


def _connect(host: str, port: int) -> socket.socket:
    link = socket.create_connection((host, port), timeout=_CONNECT_TIMEOUT_S)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else every command waits 40 ms
    return link


def _import(device: ListedDevice) -> tuple[socket.socket, int]:
    """Ask for a device; answer the link and the server's status, 0 when it is ours."""
    try:
        link = _connect(device.host, device.port)
    except OSError as error:
        raise usb.core.USBError(os.strerror(errno.ENODEV), _LIBUSB[errno.ENODEV], errno.ENODEV) from error
    try:
        link.sendall(OPERATION.pack(VERSION, _REQUEST_IMPORT, 0) + device.busid.encode().ljust(32, b"\0"))
        _, code, status = OPERATION.unpack(_receive(link, OPERATION.size))
        if code == _REPLY_IMPORT and not status:
            _receive(link, DEVICE.size)
    except OSError as error:
        link.close()
        raise usb.core.USBError(os.strerror(errno.ENODEV), _LIBUSB[errno.ENODEV], errno.ENODEV) from error
    return link, status if code == _REPLY_IMPORT else -1


def _receive_listed(link: socket.socket, host: str, port: int) -> ListedDevice:
    fields = DEVICE.unpack(_receive(link, DEVICE.size))
    _receive(link, 4 * fields[13])  # interface classes; the descriptors say more
    return ListedDevice(host, port, fields[1].split(b"\0")[0].decode("ascii", "replace"), fields[2], fields[3], fields[4])


def _receive(link: socket.socket, length: int) -> bytes:
    buffer = bytearray(length)
    _receive_into(link, memoryview(buffer))
    return bytes(buffer)


def _receive_into(link: socket.socket, view: memoryview) -> None:
    while view:
        count = link.recv_into(view)
        if not count:
            raise ConnectionError("the USB/IP link was closed")
        view = view[count:]
