import socket
import threading

from hypothesis import given
from hypothesis import strategies as st

from device_drivers.dock import hotplug
from device_drivers.dock.hotplug import Hotplug, is_usb_change

ADDED = b"add@/devices/pci0/usb1/1-2\0ACTION=add\0SUBSYSTEM=usb\0DEVTYPE=usb_device\0"


def test_a_usb_device_that_comes_or_leaves_is_a_change():
    assert is_usb_change(ADDED)
    assert is_usb_change(ADDED.replace(b"add", b"remove"))


def test_interfaces_other_devices_and_other_news_are_none():
    assert not is_usb_change(ADDED.replace(b"usb_device", b"usb_interface"))
    assert not is_usb_change(ADDED.replace(b"add", b"bind"))
    assert not is_usb_change(b"add@/devices/block/sda\0SUBSYSTEM=block\0DEVTYPE=disk\0")


@given(st.binary(max_size=200))
def test_any_message_is_judged(message):
    assert is_usb_change(message) in (True, False)


class KernelSocket:
    """Gives what a test puts in, as the kernel or somebody else would have sent it."""

    def __init__(self, *messages):
        self.messages = list(messages)

    def recvfrom(self, _size):
        if not self.messages:
            raise TimeoutError
        return self.messages.pop(0)

    def close(self):
        pass


def changes(monkeypatch, *messages):
    seen = threading.Semaphore(0)
    kernel = KernelSocket(*messages)
    monkeypatch.setattr(hotplug, "_open_socket", lambda: kernel)
    with Hotplug(seen.release) as listening:
        assert listening.is_listening
        while kernel.messages:
            threading.Event().wait(0.01)
    return seen._value


def test_the_station_looks_when_the_kernel_says_so(monkeypatch):
    assert changes(monkeypatch, (ADDED, (0, 1)), (b"change@/x\0", (0, 1))) == 1


def test_a_message_that_is_not_from_the_kernel_is_passed_over(monkeypatch):
    assert changes(monkeypatch, (ADDED, (4711, 0))) == 0


def test_where_the_kernel_cannot_be_heard_nothing_is_promised(monkeypatch):
    def refuse(*_arguments):
        raise PermissionError

    monkeypatch.setattr(socket, "socket", refuse)

    with Hotplug(lambda: None) as silent:
        assert not silent.is_listening
