"""A USB/IP server for virtual devices, whose cables can be pulled at any byte and plugged in again.

Source: the Linux kernel's ``Documentation/usb/usbip_protocol.rst``.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from device_drivers.simulated.cable import Cable
from device_drivers.simulated.faults import NO_FAULTS, Faults
from device_drivers.simulated.usb_device import HIGH_SPEED, VirtualDevice
from device_drivers.simulated.usbip_conversation import Conversation, receive

_VERSION = 0x0111
_OPERATION = struct.Struct(">HHI")
_DEVICE = struct.Struct(">256s32sIIIHHHBBBBBB")
_REQUEST_LIST, _REPLY_LIST, _REQUEST_IMPORT, _REPLY_IMPORT = 0x8005, 0x0005, 0x8003, 0x0003
_NO_DEVICE, _DEVICE_BUSY = 4, 2
_BUS, _FIRST_ADDRESS = 1, 2


class UsbipServer:
    """Serves devices on a TCP port, each to one importer at a time; ``with`` starts and stops it.

    The first device is on port ``1-1``, the next on ``1-2`` and so on, each at its own cable.
    """

    def __init__(
        self,
        devices: VirtualDevice | Sequence[VirtualDevice | Cable],
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        faults: Faults = NO_FAULTS,
        bytes_per_s: int | None = None,
    ) -> None:
        """Listen.

        Args:
            devices: What is plugged in: one device or several, or cables of their own where their faults differ.
            host: Address to listen on.
            port: Port, 0 for any free one.
            faults: When a cable is pulled, for each that is not given.
            bytes_per_s: Fastest that each device's bulk bytes go out; ``None`` is as fast as can be.

        Raises:
            OSError: The address cannot be listened on.
        """
        several = devices if isinstance(devices, Sequence) else [devices]
        self.cables = tuple(each if isinstance(each, Cable) else Cable(each, faults=faults, bytes_per_s=bytes_per_s) for each in several)
        self._listener = socket.create_server((host, port))
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._links: set[socket.socket] = set()
        self._stopped = False

    cables: tuple[Cable, ...]
    """The cables, in the order of their ports."""

    @property
    def address(self) -> tuple[str, int]:
        """Host and port it listens on."""
        host, port = self._listener.getsockname()[:2]
        return str(host), int(port)

    def unplug(self, *, slot: int = 0, for_s: float | None = None) -> None:
        """Pull one cable; it is plugged in again after a while, or by :meth:`plug_in`."""
        self.cables[slot].unplug(for_s=for_s)

    def plug_in(self, *, slot: int = 0) -> None:
        """Plug one cable in."""
        self.cables[slot].plug_in()

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._lock:  # whoever was let in by now is known; nobody is from now on
            self._stopped = True
            links = list(self._links)
        _shut(self._listener)
        for link in links:
            _shut(link)
        while self._threads:
            self._threads.pop(0).join()
        self._listener.close()

    def _start(self, function: Callable[..., None], *arguments: object) -> None:
        self._threads = [each for each in self._threads if each.is_alive()]
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:  # closed while waiting
                return
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if not self._let_in(link):
                link.close()
                return
            self._start(self._serve, link)

    def _let_in(self, link: socket.socket) -> bool:
        with self._lock:
            if not self._stopped:
                self._links.add(link)
            return not self._stopped

    def _serve(self, link: socket.socket) -> None:
        try:
            self._serve_operations(link)
        except (OSError, struct.error):  # the other side left, or speaks something else
            return
        finally:
            with self._lock:
                self._links.discard(link)
            for cable in self.cables:
                cable.release(link)
            link.close()

    def _serve_operations(self, link: socket.socket) -> None:
        _, code, _ = _OPERATION.unpack(receive(link, _OPERATION.size))
        if code == _REQUEST_LIST:
            records = [_record(number, cable.device, with_interfaces=True) for number, cable in enumerate(self.cables, 1) if cable.is_plugged_in]
            link.sendall(_OPERATION.pack(_VERSION, _REPLY_LIST, 0) + struct.pack(">I", len(records)) + b"".join(records))
        elif code == _REQUEST_IMPORT:
            self._serve_import(link, receive(link, 32).rstrip(b"\0"))

    def _serve_import(self, link: socket.socket, wanted: bytes) -> None:
        number, cable = next(((number, each) for number, each in enumerate(self.cables, 1) if _bus_id(number) == wanted), (0, None))
        status = 0
        if cable is None or not cable.is_plugged_in:
            status = _NO_DEVICE
        elif not cable.claim(link):
            status = _DEVICE_BUSY
        answer = _OPERATION.pack(_VERSION, _REPLY_IMPORT, status)
        if status or cable is None:
            link.sendall(answer)
            return
        device = cable.device
        link.sendall(answer + _record(number, device, with_interfaces=False))
        device.reset()
        Conversation(cable, device, link).run()


def _bus_id(number: int) -> bytes:
    return f"{_BUS}-{number}".encode()


def _record(number: int, device: VirtualDevice, *, with_interfaces: bool) -> bytes:
    facts, classes, bus_id = device.facts, device.interface_classes, _bus_id(number)
    record = _DEVICE.pack(
        b"/virtual/usb1/" + bus_id, bus_id, _BUS, _FIRST_ADDRESS + number - 1, HIGH_SPEED, facts.vendor_id, facts.product_id, 0x0100, 0, 0, 0,
        device.configuration, 1, len(classes),
    )  # fmt: skip
    return record + (b"".join(bytes([*each, 0]) for each in classes) if with_interfaces else b"")


def _shut(link: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it may have ended by itself
        link.shutdown(socket.SHUT_RDWR)
