"""A pyusb backend over USB/IP: drivers speak to a device of another process or machine as to one on the bus.

The server may be a virtual recorder of this project, a stranger's device code or a real ``usbipd``.
"""

from __future__ import annotations

import array
import errno
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import usb.backend
import usb.core

from device_drivers.transports import usbip_descriptors as descriptors
from device_drivers.transports.usbip_link import Buffer, Link, ListedDevice, list_devices, raise_status

_SETUP = struct.Struct("<BBHHH")
_STANDARD_IN, _STANDARD_OUT, _TO_INTERFACE, _TO_ENDPOINT = 0x80, 0x00, 0x01, 0x02
_CLEAR_FEATURE, _GET_DESCRIPTOR, _GET_CONFIGURATION, _SET_CONFIGURATION, _SET_INTERFACE = 1, 6, 8, 9, 11
_ENDPOINT_HALT = 0
_DEVICE, _CONFIGURATION = 1, 2
_TIMEOUT_MS = 3_000
_MAX_CONFIGURATIONS = 8
_MAX_CONFIGURATION_BYTES = 65_535


@dataclass(frozen=True, slots=True)
class _Device:
    """A listed device and its descriptors."""

    listed: ListedDevice
    descriptor: bytes
    configurations: tuple[bytes, ...]


@dataclass(slots=True)
class _Handle:
    """An open device; a reset gives it another link."""

    device: _Device
    link: Link
    claimed: set[int] = field(default_factory=set)


def usbip_backend(host: str, port: int) -> UsbipBackend:
    """Make a pyusb backend for the devices of one USB/IP server; nothing is connected yet."""
    return UsbipBackend(host, port)


class UsbipBackend(usb.backend.IBackend):  # type: ignore[misc]  # pyusb carries no types
    """What pyusb asks of a backend; every method is named and documented there."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._open: dict[ListedDevice, _Device] = {}

    def enumerate_devices(self) -> Iterator[_Device]:
        """Offer each device that can be imported or is open here, as a bus does; one that another program holds is left out."""
        for listed in list_devices(self._host, self._port):
            try:
                yield self._open.get(listed) or _fetch(listed)
            except (usb.core.USBError, ValueError):
                continue

    def get_parent(self, dev: _Device) -> None:
        """Answer that hubs are not seen over USB/IP."""

    def get_device_descriptor(self, dev: _Device) -> SimpleNamespace:
        """Give the device descriptor; ports are unknown over USB/IP."""
        descriptor = descriptors.device_descriptor(dev.descriptor)
        descriptor.bus, descriptor.address, descriptor.speed = dev.listed.bus, dev.listed.address, dev.listed.speed
        descriptor.port_number = descriptor.port_numbers = None
        return descriptor

    def get_configuration_descriptor(self, dev: _Device, config: int) -> SimpleNamespace:
        """Give a configuration's head."""
        return descriptors.configuration_descriptor(dev.configurations[config])

    def get_interface_descriptor(self, dev: _Device, intf: int, alt: int, config: int) -> SimpleNamespace:
        """Give one alternate setting of an interface."""
        return descriptors.interface_descriptor(dev.configurations[config], intf, alt)

    def get_endpoint_descriptor(self, dev: _Device, ep: int, intf: int, alt: int, config: int) -> SimpleNamespace:
        """Give one endpoint."""
        return descriptors.endpoint_descriptor(dev.configurations[config], intf, alt, ep)

    def open_device(self, dev: _Device) -> _Handle:
        """Import the device; nobody else can while it is open."""
        handle = _Handle(dev, Link(dev.listed))
        self._open[dev.listed] = dev
        return handle

    def close_device(self, dev_handle: _Handle) -> None:
        """Give the device back."""
        self._open.pop(dev_handle.device.listed, None)
        dev_handle.link.close()

    def set_configuration(self, dev_handle: _Handle, config_value: int) -> None:
        """Choose a configuration."""
        _control(dev_handle.link, _STANDARD_OUT, _SET_CONFIGURATION, value=config_value)

    def get_configuration(self, dev_handle: _Handle) -> int:
        """Ask for the configuration in use, 0 for none."""
        answer = bytearray(1)
        _control(dev_handle.link, _STANDARD_IN, _GET_CONFIGURATION, buffer=answer)
        return answer[0]

    def set_interface_altsetting(self, dev_handle: _Handle, intf: int, altsetting: int) -> None:
        """Choose an alternate setting of a claimed interface."""
        _control(dev_handle.link, _TO_INTERFACE, _SET_INTERFACE, value=altsetting, index=intf)

    def claim_interface(self, dev_handle: _Handle, intf: int) -> None:
        """Claim an interface; over USB/IP the import itself keeps others out."""
        numbers = {piece[2] for raw in dev_handle.device.configurations for piece in descriptors.interfaces(raw)}
        if intf not in numbers:
            raise usb.core.USBError("Entity not found", -5, errno.ENOENT)
        dev_handle.claimed.add(intf)

    def release_interface(self, dev_handle: _Handle, intf: int) -> None:
        """Release a claimed interface."""
        if intf not in dev_handle.claimed:
            raise usb.core.USBError("Entity not found", -5, errno.ENOENT)
        dev_handle.claimed.remove(intf)

    def bulk_write(self, dev_handle: _Handle, ep: int, intf: int, data: Buffer, timeout: int) -> int:
        """Send a bulk transfer on a claimed interface."""
        return _transfer(dev_handle, ep, intf, data, timeout)

    def bulk_read(self, dev_handle: _Handle, ep: int, intf: int, buff: Buffer, timeout: int) -> int:
        """Receive a bulk transfer on a claimed interface."""
        return _transfer(dev_handle, ep, intf, buff, timeout)

    intr_write, intr_read = bulk_write, bulk_read

    def ctrl_transfer(self, dev_handle: _Handle, bmRequestType: int, bRequest: int, wValue: int, wIndex: int, data: Any, timeout: int) -> int:  # noqa: N803 - pyusb's signature
        """Make a control transfer."""
        buffer = data if isinstance(data, array.array) else array.array("B", data)
        setup = _SETUP.pack(bmRequestType, bRequest, wValue, wIndex, len(buffer))
        return dev_handle.link.transfer(0, buffer, timeout, setup=setup)

    def clear_halt(self, dev_handle: _Handle, ep: int) -> None:
        """Lift an endpoint's halt."""
        _control(dev_handle.link, _TO_ENDPOINT, _CLEAR_FEATURE, value=_ENDPOINT_HALT, index=ep)

    def reset_device(self, dev_handle: _Handle) -> None:
        """Reset the device: USB/IP has no request for it, but a server resets a device whose import ends."""
        dev_handle.link.close()
        dev_handle.claimed.clear()
        dev_handle.link = Link(dev_handle.device.listed)

    def is_kernel_driver_active(self, dev_handle: _Handle, intf: int) -> bool:  # noqa: ARG002 - pyusb's signature
        """Answer that no kernel of this machine holds the device."""
        return False

    def detach_kernel_driver(self, dev_handle: _Handle, intf: int) -> None:
        """Do nothing: there is no kernel driver."""

    def attach_kernel_driver(self, dev_handle: _Handle, intf: int) -> None:
        """Do nothing: there is no kernel driver."""


def _fetch(listed: ListedDevice) -> _Device:
    link = Link(listed)
    try:
        descriptor = _get_descriptor(link, _DEVICE, 0, descriptors.DEVICE_BYTES)
        count = min(descriptors.device_descriptor(descriptor).bNumConfigurations, _MAX_CONFIGURATIONS)
        return _Device(listed, descriptor, tuple(_get_configuration(link, index) for index in range(count)))
    finally:
        link.close()


def _get_configuration(link: Link, index: int) -> bytes:
    head = descriptors.configuration_descriptor(_get_descriptor(link, _CONFIGURATION, index, descriptors.CONFIGURATION_BYTES))
    return _get_descriptor(link, _CONFIGURATION, index, min(head.wTotalLength, _MAX_CONFIGURATION_BYTES))


def _get_descriptor(link: Link, kind: int, index: int, length: int) -> bytes:
    buffer = bytearray(length)
    count = _control(link, _STANDARD_IN, _GET_DESCRIPTOR, value=kind << 8 | index, buffer=buffer)
    return bytes(buffer[:count])


def _control(link: Link, request_type: int, request: int, *, value: int = 0, index: int = 0, buffer: Buffer = b"") -> int:
    setup = _SETUP.pack(request_type, request, value, index, len(memoryview(buffer)))
    return link.transfer(0, buffer, _TIMEOUT_MS, setup=setup)


def _transfer(handle: _Handle, endpoint: int, interface: int, buffer: Buffer, timeout_ms: int) -> int:
    if interface not in handle.claimed:
        raise_status(errno.EINVAL)
    return handle.link.transfer(endpoint, buffer, timeout_ms)
