import errno
import struct

import pytest
import usb.core
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.errors import (
    AccessDeniedError,
    EndpointStalledError,
    RecorderBusyError,
    RecorderUnpluggedError,
    TransferError,
    TransportTimeoutError,
)
from device_drivers.transports import usbip_descriptors
from device_drivers.transports.mounted_disks import mounted_disk_of
from device_drivers.transports.usb import UsbDescription, UsbEndpoint, UsbInterface, _translated

DESCRIPTION = UsbDescription(0x1209, 1, 0, 1, 2, "1-1", 3, ())


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (errno.ENODEV, RecorderUnpluggedError),
        (errno.ESHUTDOWN, RecorderUnpluggedError),
        (errno.EPIPE, EndpointStalledError),
        (errno.EACCES, AccessDeniedError),
        (errno.EBUSY, RecorderBusyError),
        (errno.EIO, TransferError),
        (None, TransferError),
    ],
)
def test_no_error_of_pyusb_leaves_the_transport(number, error):
    with pytest.raises(error), _translated("reading", DESCRIPTION):
        raise usb.core.USBError("failed", -1, number)


def test_a_time_out_says_how_long_was_waited():
    with pytest.raises(TransportTimeoutError, match=r"2\.5 s"), _translated("reading", DESCRIPTION, timeout_s=2.5):
        raise usb.core.USBTimeoutError("timed out", -7, errno.ETIMEDOUT)


def test_an_interface_gives_its_first_bulk_endpoints():
    interrupt, bulk_in, bulk_out = UsbEndpoint(0x83, 3, 8), UsbEndpoint(0x81, 2, 512), UsbEndpoint(0x02, 2, 512)
    interface = UsbInterface(0, 8, 6, 0x50, (interrupt, bulk_in, bulk_out))

    assert interface.bulk(is_in=True) == bulk_in
    assert interface.bulk(is_in=False) == bulk_out


@pytest.fixture
def machine(tmp_path):
    """A machine whose device on port 1-2 is the disk sdb with a partition sdb1."""
    block = tmp_path / "devices" / "1-2:1.0" / "host4" / "target4:0:0" / "4:0:0:0" / "block" / "sdb"
    (block / "sdb1").mkdir(parents=True)
    (block / "sdb1" / "partition").write_text("1")
    (tmp_path / "mounts").write_text("/dev/sda1 / ext4 rw 0 0\nproc /proc proc rw 0 0\n")
    return tmp_path


@pytest.mark.parametrize(("line", "found"), [("/dev/sdb1 /mnt vfat rw 0 0\n", "/dev/sdb1"), ("/dev/sdb /mnt vfat rw 0 0\n", "/dev/sdb"), ("", None)])
def test_a_disk_this_machine_has_mounted_is_noticed(machine, line, found):
    with (machine / "mounts").open("a") as mounts:
        mounts.write(line)

    assert mounted_disk_of("1-2", 0, devices=machine / "devices", tables=(machine / "mounts", machine / "swaps")) == found


CONFIGURATION = (
    struct.pack("<BBHBBBBB", 9, 2, 0, 2, 1, 0, 0x80, 50)
    + bytes([9, 4, 0, 0, 2, 8, 6, 0x50, 0, 7, 5, 0x81, 2, 0, 2, 0, 6, 0x30, 0, 0, 0, 0, 7, 5, 0x02, 2, 0, 2, 0])
    + bytes([9, 4, 1, 0, 0, 3, 1, 1, 0, 9, 0x21, 0, 0, 0, 0, 0, 0, 0, 9, 4, 1, 1, 0, 3, 1, 2, 0])
)


def test_descriptors_are_found_by_interface_setting_and_endpoint():
    assert usbip_descriptors.interface_descriptor(CONFIGURATION, 0, 0).bInterfaceProtocol == 0x50
    assert usbip_descriptors.interface_descriptor(CONFIGURATION, 1, 1).bInterfaceProtocol == 2
    assert usbip_descriptors.interface_descriptor(CONFIGURATION, 1, 0).extra_descriptors[1] == 0x21
    first = usbip_descriptors.endpoint_descriptor(CONFIGURATION, 0, 0, 0)
    assert (first.bEndpointAddress, first.wMaxPacketSize, len(first.extra_descriptors)) == (0x81, 512, 6)


@pytest.mark.parametrize("place", [(2, 0), (0, 1)])
def test_what_is_not_there_is_an_index_error(place):
    with pytest.raises(IndexError):
        usbip_descriptors.interface_descriptor(CONFIGURATION, *place)


@given(st.binary(max_size=300))
def test_any_bytes_of_a_configuration_end(raw):
    assert all(piece[1] == 4 for piece in usbip_descriptors.interfaces(raw))
