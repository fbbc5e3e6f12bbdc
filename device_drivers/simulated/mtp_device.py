"""A virtual USB device with one still-image interface that speaks MTP; keeps the promise of ``VirtualDevice``.

Source: USB Still Image Capture Device Definition 1.0, sections 4 and 5.
"""

from __future__ import annotations

import struct
from dataclasses import replace
from datetime import UTC, datetime

from device_drivers.simulated.bulk_only_target import HaltedError
from device_drivers.simulated.faults import NO_FAULTS, Faults
from device_drivers.simulated.footage import CardFile, Folder
from device_drivers.simulated.mtp_objects import ObjectStore
from device_drivers.simulated.mtp_pipe import ContainerPipe
from device_drivers.simulated.mtp_properties import WallClock
from device_drivers.simulated.mtp_responder import Responder
from device_drivers.simulated.usb_device import INTERRUPT, DeviceFacts, EndpointFacts, InterfaceFacts, StandardRequests, VirtualDevice

BULK_IN, BULK_OUT, EVENTS_IN = 0x81, 0x02, 0x83
_INTERFACE = InterfaceFacts((0x06, 0x01, 0x01), (EndpointFacts(BULK_IN), EndpointFacts(BULK_OUT), EndpointFacts(EVENTS_IN, INTERRUPT, 28)))
_FACTS = DeviceFacts(product="virtual MTP recorder", interface_name="MTP")
"""Some initiators take a device for one that speaks MTP by its interface's name."""
_CANCELLATION = 0x4001
_EPOCH = datetime(2024, 1, 1, tzinfo=UTC)


class MtpDevice:
    """Control requests, and the endpoints that a responder serves; nothing ever happens on the one for events."""

    def __init__(self, card: Folder, *, serial: str, faults: Faults = NO_FAULTS, facts: DeviceFacts = _FACTS) -> None:
        """Make a device; what is deleted on it stays in ``card``, of which it keeps a copy."""
        self.facts = facts
        self._store = ObjectStore(card, faults)
        responder = Responder(self._store, serial=serial, clock=WallClock(faults.clock), faults=faults)
        self._pipe = ContainerPipe(responder, self._store, faults=faults, bulk_in=BULK_IN)
        self._requests = StandardRequests(facts, _INTERFACE, self._pipe.clear_halt)

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
        """It never comes back as another device."""
        return None

    def reset(self) -> None:
        """Forget everything a host has set, as a bus reset does; objects get other handles."""
        self._pipe.reset()
        self._requests.configuration = 1

    def control(self, setup: bytes, data: bytes) -> bytes:
        """Answer a request on endpoint 0; see ``VirtualDevice``."""
        request_type, request, _, _, length = struct.unpack("<BBHHH", setup)
        match request_type, request:
            case (0x21, 0x64) if len(data) == 6 and struct.unpack_from("<H", data)[0] == _CANCELLATION:
                self._pipe.cancel()
                return b""
            case (0x21, 0x66):  # Device Reset Request
                self._pipe.reset()
                return b""
            case (0xA1, 0x67):  # Get Device Status
                return self._pipe.status()[:length]
        answer = self._requests.answer(setup)
        if answer is None:
            raise HaltedError
        return answer

    def take(self, endpoint: int, data: bytes) -> None:
        """Take a bulk OUT transfer; see ``ContainerPipe``."""
        if endpoint != BULK_OUT:
            raise HaltedError
        self._pipe.take(data)

    def give(self, endpoint: int, length: int) -> memoryview | None:
        """Give a bulk IN transfer; see ``ContainerPipe``."""
        if endpoint == EVENTS_IN:
            return None
        if endpoint != BULK_IN:
            raise HaltedError
        return self._pipe.give(length)

    def close(self) -> None:
        """Close the host's files."""
        self._store.close()


def build_mtp_device(card: Folder, *, serial: str, officer: str | None, faults: Faults) -> MtpDevice:
    """Build a recorder that speaks MTP; DeviceInfo tells its serial, and where it has an officer an identity file tells that too."""
    return MtpDevice(card if officer is None else _with_officer(card, serial, officer), serial=serial, faults=faults)


def _with_officer(card: Folder, serial: str, officer: str) -> Folder:
    content = f"serial={serial}\r\nofficer={officer}\r\n".encode()
    if any(file.name.lower() == "recorder.txt" for file in card.files):
        return card
    return replace(card, files=[CardFile("RECORDER.TXT", len(content), _EPOCH, content), *card.files])
