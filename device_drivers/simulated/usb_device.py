"""Virtual USB devices: what a server plugs in, their descriptors, and the standard requests to endpoint 0.

Source: USB 2.0, chapter 9. The vendor and product id are those that pid.codes sets aside for testing.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from device_drivers.simulated.bulk_only_target import HaltedError

HIGH_SPEED = 3
BULK, INTERRUPT = 2, 3
IN = 0x80
PACKET_BYTES = 512
"""Size of a bulk packet at high speed."""
_SETUP = struct.Struct("<BBHHH")
_DEVICE, _CONFIGURATION, _STRING = 1, 2, 3
_MANUFACTURER, _PRODUCT, _SERIAL, _INTERFACE = 1, 2, 3, 4


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """What the descriptors say.

    Attributes:
        vendor_id: Vendor.
        product_id: Product.
        serial: The descriptor's serial number; the same for whole batches in the field, so it is no identity.
        extra_interfaces: Further interface descriptors as they are, for devices that are more than a recorder.
        manufacturer: Name of the maker.
        product: Name of the product.
        interface_name: Name of the first interface, where it has one.
    """

    vendor_id: int = 0x1209
    product_id: int = 0x0001
    serial: str = "000000000001"
    extra_interfaces: tuple[bytes, ...] = ()
    manufacturer: str = "bodycam-evidence"
    product: str = "virtual recorder"
    interface_name: str = ""


@dataclass(frozen=True, slots=True)
class EndpointFacts:
    """One endpoint of the first interface.

    Attributes:
        address: Its number, with :data:`IN` for one that carries bytes to the host.
        transfer_type: :data:`BULK` or :data:`INTERRUPT`.
        packet_bytes: Size of its packets.
    """

    address: int
    transfer_type: int = BULK
    packet_bytes: int = PACKET_BYTES


@dataclass(frozen=True, slots=True)
class InterfaceFacts:
    """The first interface: class, subclass and protocol, and its endpoints."""

    triple: tuple[int, int, int]
    endpoints: tuple[EndpointFacts, ...]


class VirtualDevice(Protocol):
    """What a ``UsbipServer`` plugs in. One thread uses it at a time."""

    @property
    def facts(self) -> DeviceFacts:
        """What its descriptors say."""

    @property
    def interface_classes(self) -> tuple[tuple[int, int, int], ...]:
        """Class, subclass and protocol of each interface."""

    @property
    def configuration(self) -> int:
        """The configuration in use, 0 for none."""

    @property
    def successor(self) -> VirtualDevice | None:
        """The device as which it wants to come back now, or ``None``; asked after every transfer. A pull undoes the change."""

    def reset(self) -> None:
        """Forget everything a host has set, as a bus reset does; also called when a host begins to use it."""

    def control(self, setup: bytes, data: bytes) -> bytes:
        """Answer a request on endpoint 0.

        Raises:
            HaltedError: The request is not known.
        """

    def take(self, endpoint: int, data: bytes) -> None:
        """Take an OUT transfer on an endpoint, by its address.

        Raises:
            HaltedError: The endpoint is halted.
        """

    def give(self, endpoint: int, length: int) -> memoryview | None:
        """Give an IN transfer of up to ``length`` bytes on an endpoint, by its address with :data:`IN`.

        Returns:
            The bytes; none of them is a zero-length packet. ``None`` while there is nothing to give: the transfer waits, and is asked for again after
            every other transfer and a few times a second.

        Raises:
            HaltedError: The endpoint is halted.
        """


class StandardRequests:
    """What every device answers on endpoint 0, from its facts."""

    def __init__(self, facts: DeviceFacts, interface: InterfaceFacts, clear_halt: Callable[[int], None]) -> None:
        """Describe a device; ``clear_halt`` lifts the halt of an endpoint, by its address."""
        self._facts, self._interface, self._clear_halt = facts, interface, clear_halt
        self.configuration = 0

    @property
    def interface_classes(self) -> tuple[tuple[int, int, int], ...]:
        """Class, subclass and protocol of each interface."""
        return (self._interface.triple, *((each[5], each[6], each[7]) for each in self._facts.extra_interfaces))

    def answer(self, setup: bytes) -> bytes | None:
        """Answer a standard request, cut to the length it asks for; ``None`` where it is none.

        Raises:
            HaltedError: A standard request that this device does not know.
        """
        request_type, request, value, index, length = _SETUP.unpack(setup)
        if request_type & 0x60:
            return None
        match request_type, request:
            case 0x80, 6:
                answer = self._descriptor(value >> 8, value & 0xFF)
            case 0x80, 8:
                answer = bytes([self.configuration])
            case 0x81, 10:
                answer = b"\0"
            case ((0x80 | 0x81 | 0x82), 0):
                answer = bytes(2)
            case 0x00, 9 if value in (0, 1):
                self.configuration, answer = value, b""
            case 0x01, 11 if value == 0:
                answer = b""
            case 0x02, 1 if value == 0:
                self._clear_halt(index & 0xFF)
                answer = b""
            case _:
                raise HaltedError
        return answer[:length]

    def _descriptor(self, kind: int, index: int) -> bytes:
        facts = self._facts
        if kind == _DEVICE:
            ids = (facts.vendor_id, facts.product_id, 0x0100)
            return struct.pack("<BBHBBBBHHHBBBB", 18, _DEVICE, 0x0200, 0, 0, 0, 64, *ids, _MANUFACTURER, _PRODUCT, _SERIAL, 1)
        if kind == _CONFIGURATION and index == 0:
            return self._configuration()
        texts = {_MANUFACTURER: facts.manufacturer, _PRODUCT: facts.product, _SERIAL: facts.serial, _INTERFACE: facts.interface_name}
        if kind == _STRING and (index == 0 or index in texts):
            body = struct.pack("<H", 0x0409) if index == 0 else texts[index].encode("utf-16-le")
            return bytes([2 + len(body), _STRING]) + body
        raise HaltedError

    def _configuration(self) -> bytes:
        own, extra = self._interface, self._facts.extra_interfaces
        name = _INTERFACE if self._facts.interface_name else 0
        body = struct.pack("<BBBBBBBBB", 9, 4, 0, 0, len(own.endpoints), *own.triple, name)
        for each in own.endpoints:
            interval = 10 if each.transfer_type == INTERRUPT else 0
            body += struct.pack("<BBBBHB", 7, 5, each.address, each.transfer_type, each.packet_bytes, interval)
        body += b"".join(extra)
        return struct.pack("<BBHBBBBB", 9, _CONFIGURATION, 9 + len(body), 1 + len(extra), 1, 0, 0x80, 250) + body


def bulk_in_endpoints(device: VirtualDevice) -> frozenset[int]:
    """List the addresses of a device's bulk IN endpoints, from its configuration descriptor."""
    raw = device.control(_SETUP.pack(0x80, 6, _CONFIGURATION << 8, 0, 0xFFFF), b"")
    found, position = set(), 0
    while position < len(raw) and raw[position]:
        piece = raw[position : position + raw[position]]
        if piece[1] == 5 and piece[3] & 3 == BULK and piece[2] & IN:
            found.add(piece[2])
        position += len(piece)
    return frozenset(found)
