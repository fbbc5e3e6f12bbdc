"""The family as the registry sees it: what it matches and how it opens."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Self

from device_drivers.families.mass_storage.driver import MassStorageRecorder
from device_drivers.families.mass_storage.protocol import UsbFacts
from device_drivers.profile import Profile, load_profile
from device_drivers.transports.card import Card, CardAccess, open_card
from device_drivers.transports.disk import Disk
from device_drivers.transports.filesystem_child import FileSystem
from device_drivers.transports.plugged_in import PluggedIn
from device_drivers.transports.usb import open_usb_device


@dataclass(frozen=True, slots=True)
class MassStorageFamily:
    """Plain mass storage."""

    profile: Profile = field(default_factory=lambda: load_profile(__package__))

    def with_profile(self, profile: Profile) -> Self:
        """Give the family with another profile; see ``registry.Family``."""
        return replace(self, profile=profile)

    def open_usb(self, plugged: PluggedIn) -> MassStorageRecorder:
        """Open a matching USB device; see ``registry.Family``."""
        description = plugged.description
        device = open_usb_device(plugged.device, description, plugged.interface)
        try:
            facts = UsbFacts(description.vendor_id, description.product_id, device.read_serial(), (description.bus, description.address))
            card = open_card(device, access=CardAccess.of(plugged))
        except BaseException:
            device.close()
            raise
        return MassStorageRecorder(card, usb=facts)

    def open_disk(self, disk: Disk) -> MassStorageRecorder:
        """Take over an image or a block device; see ``registry.Family``."""
        return MassStorageRecorder(Card([FileSystem(disk)]))


FAMILY = MassStorageFamily()
