"""The card of a recorder that has to be told to become a disk: it leaves the bus and comes back on the same port."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack, suppress

from device_drivers.errors import RecorderError, RecorderRefusedError, RecorderUnpluggedError, TransferError
from device_drivers.transports.bulk_only_scsi import open_scsi_disks
from device_drivers.transports.card import Card, CardAccess, open_card
from device_drivers.transports.plugged_in import PluggedIn
from device_drivers.transports.usb import UsbDescription, UsbDevice, UsbInterface, open_usb_device

BACK_WITHIN_S = 10.0
_DISK = (0x08, 0x06, 0x50)
_LOOK_AGAIN_S = 0.2
_CHANGING = "it changed into a disk"


class StorageMode:
    """A recorder's way from commands to its card. Once it is a disk, it stays one until it is unplugged."""

    def __init__(self, plugged: PluggedIn, device: UsbDevice, *, switch: Callable[[], None]) -> None:
        """Take an open device.

        Args:
            plugged: Where it is plugged in.
            device: The device, closed with this.
            switch: Tells it to become a disk.
        """
        self._plugged, self._device, self._switch = plugged, device, switch
        self._card: Card | None = None
        self._is_lost = False
        self.usb_address = (device.description.bus, device.description.address)

    usb_address: tuple[int, int]
    """Bus and address where it is now."""

    @property
    def card(self) -> Card | None:
        """The card, once it is a disk."""
        return self._card

    @property
    def can_remove_files(self) -> bool:
        """Whether files can be removed from its card, or could once it is a disk."""
        return self._plugged.remover is not None if self._card is None else self._card.can_remove_files

    def take_as_disk(self) -> Card:
        """Read the card of a device that is a disk already.

        Raises:
            NoReadableVolumeError: Nothing on it can be read.
            RecorderError: The way to it failed.
        """
        self._card = open_card(self._device, access=CardAccess.of(self._plugged))
        return self._card

    def enter(self) -> Card:
        """Let it become a disk, unless it is one, and open its card.

        Raises:
            RecorderRefusedError: It does not become one.
            RecorderUnpluggedError: It left and did not come back.
            NoReadableVolumeError: Nothing on its card can be read.
            RecorderError: The way to it failed.
        """
        if self._card is None:
            if self._is_lost:
                raise RecorderUnpluggedError(_CHANGING)
            self._switch()
            self._is_lost = True
            self._device.close()
            self._card, description = _reopen(self._plugged)
            self._is_lost = False
            self.usb_address = (description.bus, description.address)
        return self._card

    def close(self) -> None:
        """Close the card and the device; calling again does nothing."""
        if self._card is not None:
            self._card.close()
        elif not self._is_lost:
            self._device.close()


def _reopen(plugged: PluggedIn) -> tuple[Card, UsbDescription]:
    """Find the device again on its port, as a disk with a medium; what is there before it is ready is looked at again."""
    deadline = time.monotonic() + BACK_WITHIN_S
    failure: RecorderError = RecorderRefusedError("the change into a disk", "it is on the bus, and no medium in it becomes ready")
    while (left := deadline - time.monotonic()) > 0:
        found, description = plugged.bus.await_device(plugged.description.port, _is_disk, within_s=left, during=_CHANGING)
        try:
            device = open_usb_device(found, description, _disk_interface(description))
        except RecorderError as error:  # still the old one on its way out, or not yet given its rights
            failure = error
        else:
            card = _open_when_ready(device, plugged)
            if card is not None:
                return card, description
        time.sleep(_LOOK_AGAIN_S)
    raise failure


def _open_when_ready(device: UsbDevice, plugged: PluggedIn) -> Card | None:
    """Open the card of a device, or close the device where no medium is ready in it or it is still on its way out."""
    with ExitStack() as closing:
        closing.callback(device.close)
        is_ready = False
        with suppress(RecorderUnpluggedError, TransferError):
            is_ready = bool(open_scsi_disks(device))
        if is_ready:
            card = open_card(device, access=CardAccess.of(plugged))
            closing.pop_all()
            return card
    return None


def _is_disk(description: UsbDescription) -> bool:
    return any((each.usb_class, each.usb_subclass, each.usb_protocol) == _DISK for each in description.interfaces)


def _disk_interface(description: UsbDescription) -> UsbInterface:
    return next(each for each in description.interfaces if (each.usb_class, each.usb_subclass, each.usb_protocol) == _DISK)
