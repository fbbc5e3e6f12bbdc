"""The family as the registry sees it: what it matches and how it opens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Self

from device_drivers.families.mtp.driver import MtpRecorder, UsbFacts
from device_drivers.profile import Profile, load_profile
from device_drivers.transports.disk import Disk
from device_drivers.transports.plugged_in import PluggedIn
from device_drivers.transports.ptp import Patience, open_session
from device_drivers.transports.usb import open_usb_device

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
"""Fixed since 1991, so no table of zones has to be at hand."""


def _system_clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class MtpFamily:
    """MTP and PTP.

    Attributes:
        profile: Which devices speak so.
        zone: Whose wall time a recorder's clock shows that tells no offset.
        now: The dock's clock, aware UTC, beside which a recorder's is read.
        patience: How long a recorder may take.
    """

    profile: Profile = field(default_factory=lambda: load_profile(__package__))
    zone: tzinfo = CHINA
    now: Callable[[], datetime] = _system_clock
    patience: Patience = field(default_factory=Patience)

    def with_profile(self, profile: Profile) -> Self:
        """Give the family with another profile; see ``registry.Family``."""
        return replace(self, profile=profile)

    def open_usb(self, plugged: PluggedIn) -> MtpRecorder:
        """Open a matching USB device; see ``registry.Family``."""
        description = plugged.description
        device = open_usb_device(plugged.device, description, plugged.interface)
        try:
            facts = UsbFacts(description.vendor_id, description.product_id, device.read_serial(), (description.bus, description.address))
            session = open_session(device, patience=self.patience)
        except BaseException:
            device.close()
            raise
        return MtpRecorder(session, zone=self.zone, now=self.now, usb=facts, on_close=device.close)

    def open_disk(self, disk: Disk) -> None:
        """Answer that this family has no disks; see ``registry.Family``."""


FAMILY = MtpFamily()
