"""A virtual USB device with one mass-storage interface."""

from __future__ import annotations

import struct
from collections.abc import Callable

from device_drivers.simulated.bulk_only_target import BulkOnlyTarget, HaltedError, Target
from device_drivers.simulated.usb_device import IN, DeviceFacts, EndpointFacts, InterfaceFacts, StandardRequests, VirtualDevice

BULK_IN, BULK_OUT = 0x81, 0x02
_INTERFACE = InterfaceFacts((0x08, 0x06, 0x50), (EndpointFacts(BULK_IN), EndpointFacts(BULK_OUT)))
_RESET, _GET_MAX_LUN = (0x21, 0xFF), (0xA1, 0xFE)


class MassStorageDevice:
    """Control requests, and two bulk endpoints that a Bulk-Only target serves; keeps the promise of ``VirtualDevice``."""

    def __init__(self, target: Target, facts: DeviceFacts | None = None, *, changes_into: Callable[[], VirtualDevice | None] = lambda: None) -> None:
        """Make a device; ``changes_into`` says as what it comes back, once everything owed to the host was given."""
        self._bulk = BulkOnlyTarget(target)
        self._changes_into = changes_into
        self.facts = facts or DeviceFacts()
        self._requests = StandardRequests(self.facts, _INTERFACE, lambda endpoint: self._bulk.clear_halt(is_in=bool(endpoint & IN)))

    @property
    def interface_classes(self) -> tuple[tuple[int, int, int], ...]:
        """Class, subclass and protocol of each interface."""
        return self._requests.interface_classes

    @property
    def configuration(self) -> int:
        """The configuration in use, 0 for none."""
        return self._requests.configuration

    @property
    def successor(self) -> VirtualDevice | None:
        """The device as which it wants to come back now, or ``None``."""
        return self._changes_into() if self._bulk.is_idle else None

    def reset(self) -> None:
        """Forget everything a host has set, as a bus reset does."""
        self._bulk.reset()
        self._bulk.clear_halt(is_in=True)
        self._bulk.clear_halt(is_in=False)
        self._requests.configuration = 1

    def control(self, setup: bytes, data: bytes) -> bytes:
        """Answer a request on endpoint 0; see ``VirtualDevice``."""
        del data  # no request here takes any
        request_type, request, _, _, length = struct.unpack("<BBHHH", setup)
        if (request_type, request) == _RESET:
            self._bulk.reset()
            return b""
        if (request_type, request) == _GET_MAX_LUN:
            return b"\0"[:length]
        answer = self._requests.answer(setup)
        if answer is None:
            raise HaltedError
        return answer

    def take(self, endpoint: int, data: bytes) -> None:
        """Take a bulk OUT transfer; see ``BulkOnlyTarget``."""
        if endpoint != BULK_OUT:
            raise HaltedError
        self._bulk.take(data)

    def give(self, endpoint: int, length: int) -> memoryview | None:
        """Give a bulk IN transfer; see ``BulkOnlyTarget``."""
        if endpoint != BULK_IN:
            raise HaltedError
        return self._bulk.give(length)
