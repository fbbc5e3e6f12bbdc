"""USB devices through pyusb: what is plugged in, opening it, and transfers whose errors are ours.

Where pyusb finds a real bus it goes through the libusb of the ``libusb-package`` wheel; any other pyusb backend, such as
``transports.usbip``, may be given instead, and nothing else changes.
"""

from __future__ import annotations

import array
import errno
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import libusb_package
import usb.core
import usb.util

from device_drivers.errors import (
    AccessDeniedError,
    EndpointStalledError,
    RecorderBusyError,
    RecorderUnpluggedError,
    TransferError,
    TransportTimeoutError,
)
from device_drivers.transports.mounted_disks import mounted_disk_of

Backend = Any
"""A ``usb.backend.IBackend``; pyusb carries no types."""

HUB_CLASS = 0x09
SUPER_SPEED = 4
"""``libusb_speed``: 1 low, 2 full, 3 high, 4 super (libusb 1.0, ``libusb.h``)."""
IN = 0x80
_BULK = 2
_LOOK_AGAIN_S = 0.1
_UNPLUGGED = {errno.ENODEV, errno.ESHUTDOWN, errno.ECONNRESET, errno.EPROTO}


@dataclass(frozen=True, slots=True)
class UsbEndpoint:
    """One endpoint of an interface (USB 2.0, table 9-13)."""

    address: int
    transfer_type: int
    packet_bytes: int

    @property
    def is_in(self) -> bool:
        """Whether it carries bytes to the host."""
        return bool(self.address & IN)


@dataclass(frozen=True, slots=True)
class UsbInterface:
    """One interface in its first alternate setting (USB 2.0, table 9-12)."""

    number: int
    usb_class: int
    usb_subclass: int
    usb_protocol: int
    endpoints: tuple[UsbEndpoint, ...] = ()

    def bulk(self, *, is_in: bool) -> UsbEndpoint | None:
        """Give the first bulk endpoint of a direction, where there is one."""
        return next((end for end in self.endpoints if end.transfer_type == _BULK and end.is_in == is_in), None)


@dataclass(frozen=True, slots=True)
class UsbDescription:
    """What a device's descriptors say, without opening it.

    Attributes:
        port: Where it is plugged in, stable while the cabling is: ``bus-port.port``, or the bus and address where ports are unknown.
        speed: ``libusb_speed``, 0 when unknown.
        interfaces: The first alternate setting of every interface of the first configuration.
    """

    vendor_id: int
    product_id: int
    device_class: int
    bus: int
    address: int
    port: str
    speed: int
    interfaces: tuple[UsbInterface, ...]

    @property
    def title(self) -> str:
        """Vendor and product id as people write them, and the port."""
        return f"USB device {self.vendor_id:04x}:{self.product_id:04x} on port {self.port}"


class UsbDevice:
    """An open device with one claimed interface; ``close`` gives both back."""

    def __init__(self, device: Any, description: UsbDescription, interface: UsbInterface) -> None:
        self.description = description
        self.interface = interface
        self._device = device
        self._buffers: dict[int, array.array[int]] = {}

    def read_serial(self) -> str | None:
        """Read the serial number of the device descriptor; whole batches share one, so it is never an identity."""
        try:
            with _translated("reading the USB serial number", self.description):
                serial: str | None = self._device.serial_number
        except (EndpointStalledError, TransferError, TransportTimeoutError):
            return None
        except (ValueError, UnicodeDecodeError):  # pyusb: no language ids, or not UTF-16
            return None
        return serial or None

    def bulk_in(self, endpoint: UsbEndpoint, buffer: memoryview, *, timeout_s: float, during: str) -> int:
        """Read one bulk transfer into a buffer; a short packet ends it.

        Raises:
            RecorderUnpluggedError: The device left.
            EndpointStalledError: The endpoint halted.
            TransportTimeoutError: Nothing came in time.
            TransferError: The transfer failed otherwise.
        """
        piece = self.bulk_in_piece(endpoint, len(buffer), timeout_s=timeout_s, during=during)
        buffer[: len(piece)] = piece
        return len(piece)

    def bulk_in_piece(self, endpoint: UsbEndpoint, length: int, *, timeout_s: float, during: str) -> memoryview:
        """Read one bulk transfer of at most ``length`` bytes where pyusb puts it; good until the next transfer. Raises like :meth:`bulk_in`."""
        staging = self._buffers.get(length)
        if staging is None:
            staging = self._buffers[length] = array.array("B", bytes(length))
        with _translated(during, self.description, endpoint=endpoint.address, timeout_s=timeout_s):
            count = int(self._device.read(endpoint.address, staging, _milliseconds(timeout_s)))
        return memoryview(staging)[:count]

    def bulk_out(self, endpoint: UsbEndpoint, data: bytes, *, timeout_s: float, during: str) -> None:
        """Send one bulk transfer; raises like :meth:`bulk_in`."""
        with _translated(during, self.description, endpoint=endpoint.address, timeout_s=timeout_s):
            count = int(self._device.write(endpoint.address, data, _milliseconds(timeout_s)))
        if count != len(data):
            raise TransferError(during, f"{count} of {len(data)} bytes were taken")

    def control(self, request_type: int, request: int, *, value: int = 0, length: int = 0, data: bytes = b"", timeout_s: float, during: str) -> bytes:
        """Make a control transfer to the claimed interface: ``length`` bytes in, or ``data`` out; raises like :meth:`bulk_in`."""
        is_in = bool(request_type & IN)
        with _translated(during, self.description, endpoint=0, timeout_s=timeout_s):
            answer = self._device.ctrl_transfer(
                request_type, request, value, self.interface.number, length if is_in else data, _milliseconds(timeout_s)
            )
        return bytes(answer) if is_in else b""

    def clear_halt(self, endpoint: UsbEndpoint) -> None:
        """Lift an endpoint's halt and set its data toggle back; raises like :meth:`bulk_in`."""
        with _translated("clearing a halt", self.description, endpoint=endpoint.address):
            self._device.clear_halt(endpoint.address)

    def reset(self) -> None:
        """Reset the device on its port and claim the interface again; raises like :meth:`bulk_in`."""
        with _translated("resetting the device", self.description):
            self._device.reset()
            usb.util.claim_interface(self._device, self.interface.number)

    def close(self) -> None:
        """Release the interface and close; needed even after a pull, or the next open finds the device busy."""
        usb.util.dispose_resources(self._device)
        self._buffers.clear()

    def hand_to_kernel(self) -> None:
        """Release the interface, close, and let the kernel's own driver have it; raises like :meth:`bulk_in`."""
        number = self.interface.number
        with _translated("handing the device to the kernel", self.description):
            usb.util.release_interface(self._device, number)
            with suppress(NotImplementedError):  # a backend without a kernel
                self._device.attach_kernel_driver(number)
        self.close()


@dataclass(frozen=True, slots=True)
class UsbBus:
    """A place to look for devices.

    Attributes:
        backend: A pyusb backend; ``None`` is the real bus through libusb.
    """

    backend: Backend | None = None

    def devices(self) -> Iterator[tuple[Any, UsbDescription]]:
        """List what is plugged in, hubs left out, as pairs of pyusb device and description.

        A device that leaves while it is looked at, or whose descriptors cannot be read, is left out.

        Raises:
            TransferError: The bus could not be looked at.
        """
        try:
            devices = list(usb.core.find(find_all=True, backend=self.backend or libusb_package.get_libusb1_backend()))
        except (usb.core.USBError, usb.core.NoBackendError) as error:
            raise TransferError("looking at what is plugged in", str(error)) from error
        for device in devices:
            if device.bDeviceClass == HUB_CLASS:
                continue
            try:
                yield device, _describe(device)
            except (usb.core.USBError, IndexError):  # pyusb counts beyond descriptors that announce more than there is
                continue

    def await_device(self, port: str, accepts: Callable[[UsbDescription], bool], *, within_s: float, during: str) -> tuple[Any, UsbDescription]:
        """Wait for a device to come back on its port, for instance as a disk; before, close the one that left.

        Args:
            port: ``UsbDescription.port`` of the device that left.
            accepts: Whether a device on that port is the one awaited.
            within_s: Longest wait, in seconds.
            during: What is being done, for errors.

        Raises:
            RecorderUnpluggedError: It did not come in time.
        """
        deadline = time.monotonic() + within_s
        while True:
            try:
                found = next((pair for pair in self.devices() if pair[1].port == port and accepts(pair[1])), None)
            except TransferError:  # a bus that is busy with the change itself
                found = None
            if found is not None:
                return found
            if time.monotonic() >= deadline:
                raise RecorderUnpluggedError(during)
            time.sleep(_LOOK_AGAIN_S)


def open_usb_device(device: Any, description: UsbDescription, interface: UsbInterface) -> UsbDevice:
    """Open a device and claim an interface, taking it from the kernel's driver where one holds it.

    Raises:
        RecorderBusyError: Another program holds it, or the machine has mounted its disk.
        AccessDeniedError: This program may not open it.
        RecorderUnpluggedError: It left.
        TransferError: It could not be opened otherwise.
    """
    mounted = mounted_disk_of(description.port, interface.number)
    if mounted is not None:
        raise RecorderBusyError(description.title, f"its disk is in use as {mounted}")
    try:
        with _translated("opening the device", description):
            if _kernel_holds(device, interface.number):
                device.detach_kernel_driver(interface.number)
            _configure(device)
            usb.util.claim_interface(device, interface.number)
    except BaseException:
        usb.util.dispose_resources(device)
        raise
    return UsbDevice(device, description, interface)


def _kernel_holds(device: Any, number: int) -> bool:
    try:
        return bool(device.is_kernel_driver_active(number))
    except NotImplementedError:  # a backend without a kernel
        return False


def _configure(device: Any) -> None:
    """Set the first configuration unless one is set; setting one again would reset what the device is doing."""
    try:
        device.get_active_configuration()
    except usb.core.USBError as error:
        if error.errno is not None:
            raise
        device.set_configuration()  # pyusb says "not set" without a number


def _describe(device: Any) -> UsbDescription:
    ports = device.port_numbers
    port = f"{device.bus}-{'.'.join(map(str, ports))}" if ports else f"{device.bus}@{device.address}"
    configuration = device[0]
    firsts = (each for each in configuration if each.bAlternateSetting == 0)
    return UsbDescription(
        vendor_id=device.idVendor,
        product_id=device.idProduct,
        device_class=device.bDeviceClass,
        bus=device.bus or 0,
        address=device.address or 0,
        port=port,
        speed=device.speed or 0,
        interfaces=tuple(_describe_interface(each) for each in firsts),
    )


def _describe_interface(interface: Any) -> UsbInterface:
    return UsbInterface(
        number=interface.bInterfaceNumber,
        usb_class=interface.bInterfaceClass,
        usb_subclass=interface.bInterfaceSubClass,
        usb_protocol=interface.bInterfaceProtocol,
        endpoints=tuple(UsbEndpoint(end.bEndpointAddress, end.bmAttributes & 3, end.wMaxPacketSize) for end in interface),
    )


def _milliseconds(timeout_s: float) -> int:
    return max(1, round(timeout_s * 1000))


@contextmanager
def _translated(during: str, description: UsbDescription, *, endpoint: int = 0, timeout_s: float = 1.0) -> Iterator[None]:
    try:
        yield
    except usb.core.USBTimeoutError as error:
        raise TransportTimeoutError(during, timeout_s) from error
    except usb.core.USBError as error:
        if error.errno in _UNPLUGGED:
            raise RecorderUnpluggedError(during) from error
        if error.errno == errno.EPIPE:
            raise EndpointStalledError(during, endpoint) from error
        if error.errno == errno.EACCES:
            raise AccessDeniedError(description.title) from error
        if error.errno == errno.EBUSY:
            raise RecorderBusyError(description.title, str(error)) from error
        raise TransferError(during, str(error)) from error
