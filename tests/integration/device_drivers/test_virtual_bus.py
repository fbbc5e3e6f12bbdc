"""A virtual bus with several ports, over the wire."""

import contextlib
import errno
import socket
import struct
import time

import pytest

from device_drivers.errors import RecorderUnpluggedError
from device_drivers.families.mass_storage import FAMILY
from device_drivers.registry import find_usb_recorders
from device_drivers.simulated.bulk_only_target import HaltedError
from device_drivers.simulated.cable import Cable
from device_drivers.simulated.faults import Faults
from device_drivers.simulated.recorders import RecorderPlan, build_recorder
from device_drivers.simulated.usb_device import INTERRUPT, DeviceFacts, EndpointFacts, InterfaceFacts, StandardRequests, bulk_in_endpoints
from device_drivers.simulated.usbip_server import UsbipServer
from device_drivers.transports.usb import UsbBus
from device_drivers.transports.usbip import usbip_backend
from tests.integration.device_drivers.media import card
from tests.integration.device_drivers.peers import read_whole

BULK_IN, BULK_OUT, EVENTS = 0x81, 0x02, 0x83
COMMAND, REPLY = struct.Struct(">IIIIIiiiii8s"), struct.Struct(">IIIIIiiiii8x")


class Parrot:
    """Gives back on one endpoint what it takes on another; says something by itself on a third when a test tells it to."""

    interface = InterfaceFacts((0xFF, 0, 0), (EndpointFacts(BULK_IN), EndpointFacts(BULK_OUT), EndpointFacts(EVENTS, INTERRUPT, 64)))
    facts = DeviceFacts()
    successor = None

    def __init__(self):
        self.said, self.events, self.resets = [], [], 0
        self.requests = StandardRequests(self.facts, self.interface, lambda _: None)

    @property
    def interface_classes(self):
        return self.requests.interface_classes

    @property
    def configuration(self):
        return self.requests.configuration

    def reset(self):
        self.resets += 1
        self.said.clear()

    def control(self, setup, data):
        answer = self.requests.answer(setup)
        if answer is None:
            raise HaltedError
        return answer

    def take(self, endpoint, data):
        self.said.append(data)

    def give(self, endpoint, length):
        queue = self.said if endpoint == BULK_IN else self.events
        return memoryview(queue.pop(0)[:length]) if queue else None


class Host:
    """Imports one device and speaks raw USB/IP; replies may come in any order."""

    def __init__(self, address, bus_id=b"1-1"):
        self.link = socket.create_connection(address, timeout=5)
        self.link.sendall(struct.pack(">HHI", 0x0111, 0x8003, 0) + bus_id.ljust(32, b"\0"))
        self.status = struct.unpack(">HHI", self.receive(8))[2]
        if not self.status:
            self.receive(312)
        self.number = 0

    def receive(self, length):
        data = b""
        while len(data) < length:
            piece = self.link.recv(length - len(data))
            if not piece:
                raise ConnectionError
            data += piece
        return data

    def submit(self, endpoint, *, length=0, data=b""):
        self.number += 1
        is_in = bool(endpoint & 0x80)
        header = struct.pack(">IIIIIIiiii8s", 1, self.number, 0x10002, is_in, endpoint & 15, 0, length if is_in else len(data), 0, 0, 0, bytes(8))
        self.link.sendall(header + data)
        return self.number

    def unlink(self, number):
        self.number += 1
        self.link.sendall(struct.pack(">IIIIIIiiii8s", 2, self.number, 0x10002, 0, 0, number, 0, 0, 0, 0, bytes(8)))
        return self.number

    def reply(self):
        """The number of the transfer, its status, and how many bytes came or went."""
        _, number, _, _, _, status, actual, *_ = struct.unpack(">IIIIIiiiii8x", self.receive(48))
        return number, status, actual

    def close(self):
        self.link.close()


@contextlib.contextmanager
def hosted(devices, **options):
    with UsbipServer(devices, **options) as server, contextlib.closing(Host(server.address)) as host:
        yield server, host


def test_an_unanswered_transfer_on_one_endpoint_does_not_hold_up_another():
    with hosted(Parrot()) as (_, host):
        waiting = host.submit(EVENTS, length=24)
        for _ in range(3):
            sent = host.submit(BULK_OUT, data=b"hello")
            asked = host.submit(BULK_IN, length=512)
            replies = [host.reply(), host.reply()]
            assert replies == [(sent, 0, 5), (asked, 0, 5)]
            assert host.receive(5) == b"hello"
        taken_back = host.unlink(waiting)

        assert host.reply() == (taken_back, -errno.ECONNRESET, 0)


def test_a_device_that_speaks_by_itself_is_heard():
    device = Parrot()
    with hosted(device) as (_, host):
        waiting = host.submit(EVENTS, length=24)
        time.sleep(0.05)
        device.events.append(b"event")

        assert host.reply() == (waiting, 0, 5)
        assert host.receive(5) == b"event"


def test_transfers_of_one_endpoint_are_answered_in_order():
    with hosted(Parrot()) as (_, host):
        first, second = host.submit(BULK_IN, length=9), host.submit(BULK_IN, length=9)
        host.submit(BULK_OUT, data=b"one")
        host.reply()
        assert host.reply() == (first, 0, 3)
        assert host.receive(3) == b"one"
        host.submit(BULK_OUT, data=b"two")
        host.reply()

        assert host.reply() == (second, 0, 3)


def test_an_empty_answer_is_a_zero_length_packet():
    with hosted(Parrot()) as (_, host):
        host.submit(BULK_OUT, data=b"")
        host.reply()
        asked = host.submit(BULK_IN, length=512)

        assert host.reply() == (asked, 0, 0)


def test_only_bulk_bytes_count_towards_a_pull_and_statuses_do_not():
    device = Parrot()
    device.events.append(b"e" * 20)
    with hosted(device, faults=Faults(unplug_after_bytes=(15,))) as (_, host):
        host.submit(EVENTS, length=24)
        assert host.reply()[2] == 20
        host.receive(20)
        for length, comes in ((13, 13), (20, 10), (20, 5)):
            host.submit(BULK_OUT, data=b"d" * length)
            host.reply()
            host.submit(BULK_IN, length=13 if length == 13 else 10)
            host.reply()
            assert host.receive(comes) == b"d" * comes
        with pytest.raises(ConnectionError):
            host.receive(1)


def test_the_bulk_endpoints_are_found_in_the_descriptors():
    assert bulk_in_endpoints(Parrot()) == {BULK_IN}


def test_a_port_that_is_not_there_or_in_use_is_refused():
    with hosted([Parrot(), Parrot()]) as (server, _):
        for bus_id, status in ((b"1-1", 2), (b"1-2", 0), (b"1-3", 4), (b"", 4)):
            with contextlib.closing(Host(server.address, bus_id)) as other:
                assert other.status == status


def recorders(count, **faults):
    return [
        build_recorder(card({f"{number}.MP4": bytes([number]) * 200_000}), RecorderPlan("mass-storage", f"BWC{number}")) for number in range(count)
    ]


def find(bus):
    return find_usb_recorders(bus, families=[FAMILY])


def test_several_recorders_are_read_at_once_and_a_pull_concerns_one():
    built = recorders(3)
    with UsbipServer([each.device for each in built]) as server, contextlib.ExitStack() as stack:
        bus = UsbBus(usbip_backend(*server.address))
        opened = [stack.enter_context(each.open()) for each in find(bus)]
        files = [next(recorder.list_files()) for recorder in opened]
        server.unplug(slot=1)

        assert [recorder.identity().serial for recorder in opened] == ["BWC0", "BWC1", "BWC2"]
        assert read_whole(opened[0], files[0]) == bytes([0]) * 200_000
        with pytest.raises(RecorderUnpluggedError):
            read_whole(opened[1], files[1])
        assert read_whole(opened[2], files[2]) == bytes([2]) * 200_000


def test_recorders_in_use_are_shown_at_once():
    built = recorders(4)
    with UsbipServer([each.device for each in built]) as server, contextlib.ExitStack() as stack:
        bus = UsbBus(usbip_backend(*server.address))
        before = find(bus)
        for each in before[:3]:
            stack.enter_context(each.open())
        began = time.monotonic()
        after = find(bus)
        took_s = time.monotonic() - began

    assert [each.description.port for each in after] == [each.description.port for each in before]
    assert took_s < 1.5


def test_each_cable_has_its_own_faults():
    pulled, steady = recorders(2)
    cables = [Cable(pulled.device, faults=Faults(unplug_after_bytes=(1,))), Cable(steady.device)]
    with UsbipServer(cables) as server:
        bus = UsbBus(usbip_backend(*server.address))
        first, second = find(bus)
        with pytest.raises(RecorderUnpluggedError):
            first.open()
        with second.open() as recorder:
            assert recorder.identity().serial == "BWC1"
        assert len(find(bus)) == 1


def test_a_device_comes_back_as_another_until_it_is_pulled():
    first, second = Parrot(), Parrot()
    second.facts = DeviceFacts(product_id=2)
    with hosted(first, faults=Faults(reenumerate_after_s=0.0)) as (server, host):
        first.successor = second
        host.submit(BULK_OUT, data=b"go")
        assert host.reply()[2] == 2
        with pytest.raises(ConnectionError):
            host.receive(1)
        assert server.cables[0].device is second
        server.unplug()
        assert not server.cables[0].is_plugged_in
        server.plug_in()

        assert server.cables[0].device is first
