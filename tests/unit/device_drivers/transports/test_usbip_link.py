import array
import errno
import socket
import struct
import threading
import time

import pytest
import usb.core

from device_drivers.transports.usbip_link import DEVICE, Link, ListedDevice, list_devices

REPLY = struct.Struct(">IIIIIiiiii8x")


@pytest.fixture
def peer():
    """A server that grants one import and then does what the test says with the link."""
    threads = []

    def serve(behave, status=0):
        listener = socket.create_server(("127.0.0.1", 0))

        def run():
            with listener, listener.accept()[0] as link:
                link.recv(40, socket.MSG_WAITALL)
                link.sendall(struct.pack(">HHI", 0x0111, 3, status) + (bytes(DEVICE.size) if not status else b""))
                behave(link)

        thread = threading.Thread(target=run)
        thread.start()
        threads.append(thread)
        return ListedDevice("127.0.0.1", listener.getsockname()[1], "1-1", 1, 2, 3)

    yield serve
    for thread in threads:
        thread.join()


def command(link):
    header = link.recv(48, socket.MSG_WAITALL)
    return struct.unpack(">IIIIIIiiii8s", header) if len(header) == 48 else None


def answer(link, kind, number, status=0, actual=0, data=b""):
    link.sendall(REPLY.pack(kind, number, 0, 0, 0, status, actual, 0, 0, 0) + data)


def test_an_in_transfer_fills_the_buffer(peer):
    def behave(link):
        answer(link, 3, command(link)[1], actual=3, data=b"abc")

    link = Link(peer(behave))
    buffer = array.array("B", bytes(8))

    assert link.transfer(0x81, buffer, 1000) == 3
    assert bytes(buffer) == b"abc" + bytes(5)
    link.close()


@pytest.mark.parametrize(("status", "number"), [(-32, errno.EPIPE), (-108, errno.ENODEV), (-75, errno.EOVERFLOW), (-71, errno.EPROTO)])
def test_a_status_becomes_the_error_libusb_would_raise(peer, status, number):
    link = Link(peer(lambda link: answer(link, 3, command(link)[1], status=status)))

    with pytest.raises(usb.core.USBError) as caught:
        link.transfer(0x81, bytearray(8), 1000)

    assert caught.value.errno == number
    link.close()


def test_a_transfer_that_times_out_is_taken_back_and_the_link_lives_on(peer):
    def behave(link):
        waiting = command(link)
        unlink = command(link)
        assert (unlink[0], unlink[5]) == (2, waiting[1])
        answer(link, 4, unlink[1], status=-errno.ECONNRESET)
        answer(link, 3, command(link)[1], actual=1, data=b"x")

    link = Link(peer(behave))
    before = time.monotonic()
    with pytest.raises(usb.core.USBTimeoutError):
        link.transfer(0x81, bytearray(8), 200)

    assert 0.15 < time.monotonic() - before < 2
    assert link.transfer(0x81, bytearray(8), 1000) == 1
    link.close()


def test_a_transfer_that_ends_while_it_is_taken_back_counts(peer):
    def behave(link):
        waiting = command(link)
        unlink = command(link)
        answer(link, 3, waiting[1], actual=2, data=b"ok")
        answer(link, 4, unlink[1])

    link = Link(peer(behave))
    buffer = bytearray(8)

    assert link.transfer(0x81, buffer, 100) == 2
    assert buffer[:2] == b"ok"
    link.close()


def test_a_cable_pulled_in_the_middle_of_the_data_is_no_such_device(peer):
    link = Link(peer(lambda link: answer(link, 3, command(link)[1], actual=100, data=b"x" * 50)))

    with pytest.raises(usb.core.USBError) as caught:
        link.transfer(0x81, bytearray(100), 1000)

    assert caught.value.errno == errno.ENODEV
    with pytest.raises(usb.core.USBError):
        link.transfer(0x81, bytearray(100), 1000)
    link.close()


def test_more_bytes_than_asked_for_end_the_link(peer):
    link = Link(peer(lambda link: answer(link, 3, command(link)[1], actual=100, data=b"x" * 100)))

    with pytest.raises(usb.core.USBError) as caught:
        link.transfer(0x81, bytearray(10), 1000)

    assert caught.value.errno == errno.ENODEV
    link.close()


def test_a_device_that_is_gone_cannot_be_imported(peer):
    with pytest.raises(usb.core.USBError) as caught:
        Link(peer(lambda _: None, status=4))

    assert caught.value.errno == errno.ENODEV


def test_a_server_that_speaks_something_else_is_an_error():
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run():
            with listener.accept()[0] as link:
                link.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=run)
        thread.start()
        with pytest.raises(usb.core.USBError):
            list_devices(*listener.getsockname())
        thread.join()
