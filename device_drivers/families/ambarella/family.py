"""The family as the registry sees it: what it matches and how it opens."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import Self

from device_drivers.families.ambarella.dialects import QUIRKS
from device_drivers.families.ambarella.driver import AmbarellaRecorder
from device_drivers.families.ambarella.protocol import CHINA_STANDARD_TIME, USUAL_PASSWORDS
from device_drivers.profile import Profile, load_profile
from device_drivers.transports.disk import Disk
from device_drivers.transports.plugged_in import PluggedIn
from device_drivers.transports.usb import open_usb_device


@dataclass(frozen=True, slots=True)
class AmbarellaFamily:
    """Recorders with Ambarella chips.

    Attributes:
        profile: Which devices these are.
        zone: Where their wall clocks live.
        passwords: Passwords that may be theirs, the likeliest first; never printed.
    """

    profile: Profile = field(default_factory=lambda: load_profile(__package__, quirks=QUIRKS))
    zone: tzinfo = CHINA_STANDARD_TIME
    passwords: tuple[str, ...] = field(default=USUAL_PASSWORDS, repr=False)

    def with_profile(self, profile: Profile) -> Self:
        """Give the family with another profile; see ``registry.Family``."""
        return replace(self, profile=profile)

    def with_passwords(self, passwords: tuple[str, ...]) -> Self:
        """Give the family with passwords of a site before the usual ones."""
        return replace(self, passwords=passwords + self.passwords)

    def open_usb(self, plugged: PluggedIn) -> AmbarellaRecorder:
        """Open a matching device; see ``registry.Family``."""
        device = open_usb_device(plugged.device, plugged.description, plugged.interface)
        return AmbarellaRecorder(plugged, device, passwords=self.passwords, zone=self.zone)

    def open_disk(self, disk: Disk) -> None:
        """A disk without USB says nothing of an Ambarella chip."""


FAMILY = AmbarellaFamily()
