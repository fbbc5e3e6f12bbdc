"""The family as the registry sees it: what it matches and how it opens."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import Self

from device_drivers.families.jieli.driver import JieliRecorder
from device_drivers.families.jieli.protocol import CHINA_STANDARD_TIME
from device_drivers.profile import Profile, load_profile
from device_drivers.transports.disk import Disk
from device_drivers.transports.plugged_in import PluggedIn
from device_drivers.transports.usb import open_usb_device


@dataclass(frozen=True, slots=True)
class JieliFamily:
    """Recorders with JieLi chips.

    Attributes:
        profile: Which devices these are.
        zone: Where their wall clocks live.
    """

    profile: Profile = field(default_factory=lambda: load_profile(__package__))
    zone: tzinfo = CHINA_STANDARD_TIME

    def with_profile(self, profile: Profile) -> Self:
        """Give the family with another profile; see ``registry.Family``."""
        return replace(self, profile=profile)

    def open_usb(self, plugged: PluggedIn) -> JieliRecorder:
        """Open a device whose INQUIRY has matched; see ``registry.Family``."""
        return JieliRecorder(plugged, open_usb_device(plugged.device, plugged.description, plugged.interface), zone=self.zone)

    def open_disk(self, disk: Disk) -> None:
        """A disk without USB says nothing of a JieLi chip."""


FAMILY = JieliFamily()
