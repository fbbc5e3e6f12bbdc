"""USB/IP peers for tests: our virtual recorder, and a stranger's mass-storage device over the same image."""

import contextlib
import os
import socket

from usbip import SPEED_HIGH, USBIP
from usbip.classes.device.msc import MSC
from usbip.device import USBDevice

from device_drivers.errors import RecorderError
from device_drivers.families.mass_storage import FAMILY
from device_drivers.registry import find_usb_recorders
from device_drivers.simulated.fat32 import Fat32Volume
from device_drivers.simulated.faults import NO_FAULTS
from device_drivers.simulated.mass_storage_device import MassStorageDevice
from device_drivers.simulated.overlay import Overlay
from device_drivers.simulated.recorders import RecorderPlan, build_recorder
from device_drivers.simulated.scsi_target import ScsiTarget
from device_drivers.simulated.usbip_server import UsbipServer
from device_drivers.transports.usb import UsbBus
from device_drivers.transports.usbip import usbip_backend


@contextlib.contextmanager
def virtual_recorder(card, *, faults=NO_FAULTS, unreadable=(), facts=None):
    """Plug in our virtual recorder; gives its server."""
    volume = Fat32Volume(card, volume_id=0x0BADCAFE, faults=faults)
    stretches = [(volume.offset_of(path) + offset, length) for path, offset, length in unreadable]
    device = MassStorageDevice(ScsiTarget(Overlay(volume), faults=faults, unreadable=stretches), facts)
    with UsbipServer(device, faults=faults) as server:
        yield server
    volume.close()


@contextlib.contextmanager
def simulated(card, family, *, serial="BWC7001", faults=NO_FAULTS, **plan):
    """Plug in a whole virtual recorder of a family; gives its server and the recorder as it was built."""
    built = build_recorder(card, RecorderPlan(family, serial, faults=faults, **plan))
    with UsbipServer(built.device, faults=faults) as server:
        yield server, built
    built.close()


class ImageStore:
    """An image as the ``usbip`` package's mass-storage class wants it."""

    block_size = 512

    def __init__(self, path):
        self._descriptor = os.open(path, os.O_RDONLY)
        self.num_blocks = os.fstat(self._descriptor).st_size // self.block_size

    def read(self, lba, count):
        return os.pread(self._descriptor, count * self.block_size, lba * self.block_size)

    def close(self):
        os.close(self._descriptor)


@contextlib.contextmanager
def foreign_disks(*paths):
    """Plug in a stranger's device with one logical unit for each image; gives host and port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    stores = [ImageStore(path) for path in paths]
    device = USBDevice(0x1209, 0x0001, product="foreign", serial="same for all")
    device.set_speed(SPEED_HIGH)
    device.add(MSC(stores, read_only=True))
    with device.plug(via=USBIP("127.0.0.1", port)):
        yield "127.0.0.1", port
    for store in stores:
        store.close()


def found_at(address, *, families=(FAMILY,)):
    """What the registry finds at a USB/IP server."""
    return find_usb_recorders(UsbBus(usbip_backend(*address)), families=families)


def open_at(address, *, families=(FAMILY,)):
    """Open the one recorder at a USB/IP server."""
    (found,) = found_at(address, families=families)
    return found.open()


def list_as_far_as_possible(recorder, *, after_first=lambda: None):
    """List a recorder's files; gives them and the error that ended the listing, if one did."""
    files = []
    try:
        for file in recorder.list_files():
            files.append(file)
            if len(files) == 1:
                after_first()
    except RecorderError as error:
        return files, error
    return files, None


def read_whole(recorder, file, *, step=1024**2):
    """Read a file as a dock does."""
    content = bytearray()
    buffer = memoryview(bytearray(step))
    with recorder.open_file(file) as reader:
        while count := reader.readinto(buffer):
            content += buffer[:count]
    return bytes(content)
