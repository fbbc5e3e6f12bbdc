"""MTP peers for tests: our virtual recorder, and a stranger's MTP device over the same files."""

import contextlib
import socket
from dataclasses import replace
from datetime import datetime

from usbip import SPEED_HIGH, USBIP
from usbip.classes.device.mtp import MTP
from usbip.device import USBDevice

from device_drivers.families.mtp import FAMILY
from device_drivers.registry import find_usb_recorders
from device_drivers.simulated.faults import NO_FAULTS
from device_drivers.simulated.mtp_device import MtpDevice
from device_drivers.simulated.usbip_server import UsbipServer
from device_drivers.transports.ptp import Patience
from device_drivers.transports.usb import UsbBus
from device_drivers.transports.usbip import usbip_backend

PATIENT = Patience(silence_s=0.02)
HASTY = Patience(answer_s=0.3, long_answer_s=0.3, control_s=1.0, recovery_s=2.0, silence_s=0.02)
"""For devices that are known to fall silent."""
WRITTEN_AT = datetime(2026, 11, 24, 9, 30, 15)  # noqa: DTZ001 - wall time of this machine, as the stranger spells it


@contextlib.contextmanager
def virtual_mtp(card, *, faults=NO_FAULTS, serial="BWC00017"):
    """Plug in our virtual recorder; gives its server."""
    device = MtpDevice(card, serial=serial, faults=faults)
    with UsbipServer(device, faults=faults) as server:
        yield server
    device.close()


def found_mtp(address, *, patience=PATIENT):
    """What the registry finds at a USB/IP server."""
    return find_usb_recorders(UsbBus(usbip_backend(*address)), families=[replace(FAMILY, patience=patience)])


def open_mtp(address, *, patience=PATIENT):
    """Open the one recorder at a USB/IP server."""
    (found,) = found_mtp(address, patience=patience)
    return found.open()


class DictStore:
    """Files by path, as the ``usbip`` package's MTP class wants them."""

    description = "Foreign storage"

    def __init__(self, files, *, read_only=False):
        self.files = dict(files)
        self.read_only = read_only

    def listdir(self, path):
        start = f"{path}/" if path else ""
        return {each[len(start) :].split("/")[0] for each in self.files if each.startswith(start)}

    def stat(self, path):
        is_folder = path not in self.files
        return is_folder, 0 if is_folder else len(self.files[path]), WRITTEN_AT.timestamp()

    def read(self, path, offset=0, size=None):
        return self.files[path][offset:] if size is None else self.files[path][offset : offset + size]

    def remove(self, path):
        del self.files[path]

    def disk_usage(self):
        return 1_000_000_000, 600_000_000


@contextlib.contextmanager
def foreign_mtp(store):
    """Plug in a stranger's device; gives host and port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    device = USBDevice(0x1209, 0x0001, product="foreign", serial="same for all")
    device.set_speed(SPEED_HIGH)
    device.add(MTP(store, serial="FOREIGN0017"))
    with device.plug(via=USBIP("127.0.0.1", port)):
        yield "127.0.0.1", port
