"""A USB/IP server for one virtual device, whose cable can be pulled at any byte and plugged in again.

Source: the Linux kernel's ``Documentation/usb/usbip_protocol.rst``.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import struct
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from device_drivers.simulated.bulk_only_target import HaltedError
from device_drivers.simulated.faults import NO_FAULTS, Faults
from device_drivers.simulated.usb_device import HIGH_SPEED, MassStorageDevice

_VERSION = 0x0111
_OPERATION = struct.Struct(">HHI")
_DEVICE = struct.Struct(">256s32sIIIHHHBBBBBB")
_REQUEST_LIST, _REPLY_LIST, _REQUEST_IMPORT, _REPLY_IMPORT = 0x8005, 0x0005, 0x8003, 0x0003
_NO_DEVICE, _DEVICE_BUSY = 4, 2
_COMMAND = struct.Struct(">IIIIIIiiii8s")
_REPLY = struct.Struct(">IIIIIiiiii8x")
_SUBMIT, _UNLINK, _RET_SUBMIT, _RET_UNLINK = 1, 2, 3, 4
_MAX_TRANSFER_BYTES = 32 * 1024**2
_BUS_ID, _BUS, _ADDRESS = b"1-1", 1, 2
_STATUS_BYTES = 13
"""Transfers of this length are command statuses; only the rest counts as the disk's bytes."""
_READ_AHEAD_S = 0.05
"""A card reads on into its buffer while the host is busy: so much of a pause between two commands costs no speed."""


class UsbipServer:
    """Serves one device on a TCP port, to one importer at a time; ``with`` starts and stops it."""

    def __init__(
        self, device: MassStorageDevice, host: str = "127.0.0.1", port: int = 0, *, faults: Faults = NO_FAULTS, bytes_per_s: int | None = None
    ) -> None:
        """Listen.

        Args:
            device: What is plugged in.
            host: Address to listen on.
            port: Port, 0 for any free one.
            faults: When the cable is pulled.
            bytes_per_s: Fastest that the disk's bytes go out; ``None`` is as fast as can be.

        Raises:
            OSError: The address cannot be listened on.
        """
        self._device, self._faults, self._bytes_per_s = device, faults, bytes_per_s
        self._listener = socket.create_server((host, port))
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._links: set[socket.socket] = set()
        self._importer: socket.socket | None = None
        self._away_until: float | None = None
        self._stopped = False
        self._given_bytes = 0
        self._due_at = 0.0
        self._pulls = list(faults.unplug_after_bytes)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port it listens on."""
        host, port = self._listener.getsockname()[:2]
        return str(host), int(port)

    @property
    def is_plugged_in(self) -> bool:
        """Whether the cable is in."""
        return self._away_until is None or time.monotonic() >= self._away_until

    def unplug(self, *, for_s: float | None = None) -> None:
        """Pull the cable; it is plugged in again after a while, or by :meth:`plug_in`."""
        self._away_until = float("inf") if for_s is None else time.monotonic() + for_s
        with self._lock:
            importer, self._importer = self._importer, None
        if importer is not None:
            _shut(importer)

    def plug_in(self) -> None:
        """Plug the cable in."""
        self._away_until = None

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stopped = True
        _shut(self._listener)
        with self._lock:
            links = list(self._links)
        for link in links:
            _shut(link)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _start(self, function: Callable[..., None], *arguments: object) -> None:
        self._threads = [each for each in self._threads if each.is_alive()]
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopped:
            try:
                link, _ = self._listener.accept()
            except OSError:  # closed while waiting
                return
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._links.add(link)
            self._start(self._serve, link)

    def _serve(self, link: socket.socket) -> None:
        try:
            self._serve_operations(link)
        except (OSError, struct.error):  # the other side left, or speaks something else
            return
        finally:
            with self._lock:
                self._links.discard(link)
                if self._importer is link:
                    self._importer = None
            link.close()

    def _serve_operations(self, link: socket.socket) -> None:
        _, code, _ = _OPERATION.unpack(_receive(link, _OPERATION.size))
        if code == _REQUEST_LIST:
            count = int(self.is_plugged_in)
            link.sendall(_OPERATION.pack(_VERSION, _REPLY_LIST, 0) + struct.pack(">I", count) + self._record(with_interfaces=True) * count)
        elif code == _REQUEST_IMPORT:
            wanted = _receive(link, 32).rstrip(b"\0")
            status = self._import(link, wanted)
            link.sendall(_OPERATION.pack(_VERSION, _REPLY_IMPORT, status) + (b"" if status else self._record(with_interfaces=False)))
            if status == 0:
                self._device.reset()
                _Conversation(self, self._device, link).run()

    def _import(self, link: socket.socket, wanted: bytes) -> int:
        with self._lock:
            if not self.is_plugged_in or wanted != _BUS_ID:
                return _NO_DEVICE
            if self._importer is not None:
                return _DEVICE_BUSY
            self._importer = link
            return 0

    def _record(self, *, with_interfaces: bool) -> bytes:
        facts, classes = self._device.facts, self._device.interface_classes
        record = _DEVICE.pack(
            b"/virtual/usb1/1-1", _BUS_ID, _BUS, _ADDRESS, HIGH_SPEED, facts.vendor_id, facts.product_id, 0x0100, 0, 0, 0,
            self._device.configuration, 1, len(classes),
        )  # fmt: skip
        return record + (b"".join(bytes([*each, 0]) for each in classes) if with_interfaces else b"")

    def account(self, count: int) -> int | None:
        """Count bytes of the disk about to go out, no faster than allowed; answer after how many of them the cable is pulled, if it is."""
        if self._bytes_per_s:
            self._due_at = max(self._due_at, time.monotonic() - _READ_AHEAD_S) + count / self._bytes_per_s
            time.sleep(max(0.0, self._due_at - time.monotonic()))
        before, self._given_bytes = self._given_bytes, self._given_bytes + count
        if self._pulls and self._given_bytes >= self._pulls[0]:
            return max(0, self._pulls.pop(0) - before)
        return None

    def pull(self) -> None:
        """Pull the cable as the fault script says."""
        self.unplug(for_s=self._faults.replug_after_s)


class _Conversation:
    """One import: transfers are answered in order; an IN transfer with nothing to give waits until it is taken back."""

    def __init__(self, server: UsbipServer, device: MassStorageDevice, link: socket.socket) -> None:
        self._server, self._device, self._link = server, device, link
        self._waiting: dict[int, int] = {}

    def run(self) -> None:
        """Serve until the link ends."""
        while True:
            command, number, _, direction, endpoint, flags, length, _, _, _, setup = _COMMAND.unpack(_receive(self._link, _COMMAND.size))
            if command == _UNLINK:
                status = -errno.ECONNRESET if self._waiting.pop(flags, None) is not None else 0
                self._link.sendall(_REPLY.pack(_RET_UNLINK, number, 0, 0, 0, status, 0, 0, 0, 0))
            elif command == _SUBMIT and 0 <= length <= _MAX_TRANSFER_BYTES:
                data = b"" if direction else _receive(self._link, length)
                self._submit(number, endpoint, length, data, setup, is_in=bool(direction))
            else:
                raise ConnectionError("a command that is none")

    def _submit(self, number: int, endpoint: int, length: int, data: bytes, setup: bytes, *, is_in: bool) -> None:
        try:
            if endpoint == 0:
                self._answer(number, memoryview(self._device.control(setup, data)), 0 if is_in else len(data))
            elif is_in:
                self._waiting[number] = length
                self._give()
            else:
                self._device.take(data)
                self._answer(number, memoryview(b""), len(data))
                self._give()
        except HaltedError:
            self._waiting.pop(number, None)
            self._answer(number, memoryview(b""), 0, status=-errno.EPIPE)

    def _give(self) -> None:
        while self._waiting:
            number, length = next(iter(self._waiting.items()))
            data = self._device.give(length)
            if data is None:
                return
            del self._waiting[number]
            self._answer(number, data, 0, counts=length != _STATUS_BYTES)

    def _answer(self, number: int, data: memoryview, taken: int, *, status: int = 0, counts: bool = False) -> None:
        header = _REPLY.pack(_RET_SUBMIT, number, 0, 0, 0, status, len(data) or taken, 0, 0, 0)
        pulled_after = self._server.account(len(data)) if counts else None
        if pulled_after is not None:
            self._link.sendall(header + bytes(data[:pulled_after]))
            self._server.pull()
            raise ConnectionError("the cable was pulled")
        self._link.sendall(header)
        if data:
            self._link.sendall(data)


def _receive(link: socket.socket, length: int) -> bytes:
    buffer = bytearray(length)
    view = memoryview(buffer)
    while view:
        count = link.recv_into(view)
        if not count:
            raise ConnectionError("the other side left")
        view = view[count:]
    return bytes(buffer)


def _shut(link: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it may have ended by itself
        link.shutdown(socket.SHUT_RDWR)
