"""A virtual USB device with one mass-storage interface: its descriptors and the requests to endpoint 0.

Source: USB 2.0, chapter 9. The vendor and product id are those that pid.codes sets aside for testing.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from device_drivers.simulated.bulk_only_target import BulkOnlyTarget, HaltedError, Target

BULK_IN, BULK_OUT = 0x81, 0x02
HIGH_SPEED = 3
_PACKET_BYTES = 512
_SETUP = struct.Struct("<BBHHH")
_DEVICE, _CONFIGURATION, _STRING = 1, 2, 3
_MANUFACTURER, _PRODUCT, _SERIAL = 1, 2, 3


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """What the descriptors say.

    Attributes:
        vendor_id: Vendor.
        product_id: Product.
        serial: The descriptor's serial number; the same for whole batches in the field, so it is no identity.
        extra_interfaces: Further interface descriptors as they are, for devices that are more than a disk.
    """

    vendor_id: int = 0x1209
    product_id: int = 0x0001
    serial: str = "000000000001"
    extra_interfaces: tuple[bytes, ...] = ()


class MassStorageDevice:
    """The device: control requests, and two bulk endpoints that a Bulk-Only target serves."""

    def __init__(self, target: Target, facts: DeviceFacts | None = None) -> None:
        self._bulk = BulkOnlyTarget(target)
        self.facts = facts or DeviceFacts()
        self._configuration = 0

    @property
    def interface_classes(self) -> tuple[tuple[int, int, int], ...]:
        """Class, subclass and protocol of each interface."""
        return ((0x08, 0x06, 0x50), *((each[5], each[6], each[7]) for each in self.facts.extra_interfaces))

    @property
    def configuration(self) -> int:
        """The configuration in use, 0 for none."""
        return self._configuration

    def reset(self) -> None:
        """Forget everything a host has set, as a bus reset does."""
        self._bulk.reset()
        self._bulk.clear_halt(is_in=True)
        self._bulk.clear_halt(is_in=False)
        self._configuration = 1

    def control(self, setup: bytes, data: bytes) -> bytes:
        """Answer a request on endpoint 0.

        Raises:
            HaltedError: The request is not known.
        """
        del data  # no request here takes any
        request_type, request, value, index, length = _SETUP.unpack(setup)
        match request_type, request:
            case 0x80, 6:
                answer = self._descriptor(value >> 8, value & 0xFF)
            case 0x80, 8:
                answer = bytes([self._configuration])
            case ((0x80 | 0x81 | 0x82), 0):
                answer = bytes(2)
            case 0x00, 9 if value in (0, 1):
                self._configuration, answer = value, b""
            case 0x01, 11 if value == 0:
                answer = b""
            case 0x02, 1 if value == 0:
                self._bulk.clear_halt(is_in=bool(index & 0x80))
                answer = b""
            case 0x21, 0xFF:
                self._bulk.reset()
                answer = b""
            case 0xA1, 0xFE:
                answer = b"\0"
            case _:
                raise HaltedError
        return answer[:length]

    def take(self, data: bytes) -> None:
        """Take a bulk OUT transfer; see ``BulkOnlyTarget``."""
        self._bulk.take(data)

    def give(self, length: int) -> memoryview | None:
        """Give a bulk IN transfer; see ``BulkOnlyTarget``."""
        return self._bulk.give(length)

    def _descriptor(self, kind: int, index: int) -> bytes:
        facts = self.facts
        if kind == _DEVICE:
            ids = (facts.vendor_id, facts.product_id, 0x0100)
            return struct.pack("<BBHBBBBHHHBBBB", 18, _DEVICE, 0x0200, 0, 0, 0, 64, *ids, _MANUFACTURER, _PRODUCT, _SERIAL, 1)
        if kind == _CONFIGURATION and index == 0:
            body = struct.pack("<BBBBBBBBB", 9, 4, 0, 0, 2, 0x08, 0x06, 0x50, 0)
            body += b"".join(struct.pack("<BBBBHB", 7, 5, address, 2, _PACKET_BYTES, 0) for address in (BULK_IN, BULK_OUT))
            body += b"".join(facts.extra_interfaces)
            count = 1 + len(facts.extra_interfaces)
            return struct.pack("<BBHBBBBB", 9, _CONFIGURATION, 9 + len(body), count, 1, 0, 0x80, 250) + body
        texts = {_MANUFACTURER: "bodycam-evidence", _PRODUCT: "virtual recorder", _SERIAL: facts.serial}
        if kind == _STRING and (index == 0 or index in texts):
            body = struct.pack("<H", 0x0409) if index == 0 else texts[index].encode("utf-16-le")
            return bytes([2 + len(body), _STRING]) + body
        raise HaltedError
