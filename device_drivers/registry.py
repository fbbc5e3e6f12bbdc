"""Find the driver family for what was plugged in. Families arrive by entry point, so none is imported by name.

Nothing is sent to a device before its descriptors matched a profile, and nothing but INQUIRY before that matched where a profile asks for one. What
no profile knows, and what shows more than a recorder shows, is refused and reported; a dock's own keyboard or badge reader is enrolled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Protocol, Self

from device_drivers.errors import BrokenFamilyError, UnsupportedRecorderError
from device_drivers.profile import DeviceMatch, Profile
from device_drivers.recorder import Recorder
from device_drivers.transports.bulk_only_scsi import Inquiry, inquire
from device_drivers.transports.disk import Disk, ImageDisk
from device_drivers.transports.plugged_in import DiskFileRemover, PluggedIn
from device_drivers.transports.usb import UsbBus, UsbDescription, UsbInterface, open_usb_device

ENTRY_POINT_GROUP = "bodycam.drivers"
_STILL_IMAGE, _STORAGE = 0x06, 0x08
_HARMLESS_BESIDES = frozenset({_STILL_IMAGE, _STORAGE})
"""Classes that a recorder may show beside what is spoken to. Keyboards (03), networks (02, 0a, e0), serial lines and debuggers (ff) may not."""
_ENROLLED = re.compile(r"([0-9a-f]{4}):([0-9a-f]{4})(?:@(\S+))?")


class Family(Protocol):
    """One way of speaking that several makers share; what an entry point of ``bodycam.drivers`` names."""

    @property
    def profile(self) -> Profile:
        """Which devices speak so; its family's name stands in ``RecorderIdentity.family``."""

    def with_profile(self, profile: Profile) -> Self:
        """Give the same family with another profile, for instance one that a site has extended."""

    def open_usb(self, plugged: PluggedIn) -> Recorder:
        """Open a matching device.

        Raises:
            UnsupportedRecorderError: It is not what it seemed.
            RecorderError: The way to it failed.
        """

    def open_disk(self, disk: Disk) -> Recorder | None:
        """Take over a disk that came without USB, or answer ``None`` where this family has no disks."""


@dataclass(frozen=True, slots=True)
class EnrolledDevice:
    """A device of the dock itself, such as its keyboard: never opened, never reported.

    Attributes:
        vendor_id: Its vendor.
        product_id: Its product.
        port: The one port where it may be; ``None`` for any.
    """

    vendor_id: int
    product_id: int
    port: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``vvvv:pppp`` or ``vvvv:pppp@port``, in hexadecimal.

        Raises:
            ValueError: It is neither.
        """
        found = _ENROLLED.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is not vvvv:pppp or vvvv:pppp@port")
        return cls(int(found[1], 16), int(found[2], 16), found[3])

    def is_meant(self, description: UsbDescription) -> bool:
        """Whether this is the device."""
        same_kind = (self.vendor_id, self.product_id) == (description.vendor_id, description.product_id)
        return same_kind and self.port in (None, description.port)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A family that a device may belong to, by its descriptors."""

    family: Family
    match: DeviceMatch
    interface: UsbInterface


@dataclass(frozen=True, slots=True)
class FoundRecorder:
    """Something plugged in, not yet opened.

    Attributes:
        plugged: The device; its description's ``port`` tells the slot.
        candidates: Families that match, the narrowest first.
        refusal: Why it will not be opened, or ``None``; ``open`` raises it.
    """

    plugged: PluggedIn
    candidates: tuple[Candidate, ...]
    refusal: str | None

    @property
    def description(self) -> UsbDescription:
        """What its descriptors say."""
        return self.plugged.description

    def open(self) -> Recorder:
        """Open it.

        Raises:
            UnsupportedRecorderError: It was refused, or no profile fits what it says.
            RecorderError: The way to it failed.
        """
        if self.refusal is not None:
            raise UnsupportedRecorderError(self.description.title, self.refusal)
        chosen = self._choose()
        return chosen.family.open_usb(replace(self.plugged, interface=chosen.interface, quirks=chosen.match.quirks))

    def _choose(self) -> Candidate:
        """Take the narrowest candidate, asking INQUIRY first where one of them depends on it."""
        asking = next((each for each in self.candidates if each.match.inquiry is not None), None)
        if asking is None:
            return self.candidates[0]
        said = _inquire(replace(self.plugged, interface=asking.interface))
        fitting = next((each for each in self.candidates if each.match.fits_inquiry(said)), None)
        if fitting is None:
            raise UnsupportedRecorderError(self.description.title, f"no profile knows {said.vendor} {said.product}")
        return fitting


def installed_families(site_profiles: Sequence[Profile] = (), *, on_broken: Callable[[BrokenFamilyError], None] | None = None) -> tuple[Family, ...]:
    """Load every family that an installed package offers, by name.

    Args:
        site_profiles: Profiles that a site keeps beside the shipped ones.
        on_broken: Told of each family that cannot be loaded, which is then left out; ``None`` raises instead.

    Raises:
        BrokenFamilyError: A family cannot be loaded.
    """
    families = []
    for point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: point.name):
        try:
            families.append(_load(point, site_profiles))
        except BrokenFamilyError as error:
            if on_broken is None:
                raise
            on_broken(error)
    return tuple(families)


def _load(point: EntryPoint, site_profiles: Sequence[Profile]) -> Family:
    try:
        family: Family = point.load()
        return family.with_profile(family.profile.extended(site_profiles))
    except Exception as error:
        raise BrokenFamilyError(point.name, f"{type(error).__name__}: {error}") from error


def find_usb_recorders(
    bus: UsbBus | None = None,
    *,
    families: Sequence[Family] | None = None,
    enrolled: Collection[EnrolledDevice] = (),
    remover: DiskFileRemover | None = None,
) -> list[FoundRecorder]:
    """Look at everything that is plugged in.

    Args:
        bus: Where to look; ``None`` is this machine's own USB.
        families: Families to look for; ``None`` is every installed one.
        enrolled: The dock's own devices, which are passed over.
        remover: What removes files from disks, where anything may.

    Returns:
        One entry for each device that is not enrolled; what no family knows is among them, refused.

    Raises:
        RecorderError: The bus could not be looked at.
    """
    offered = installed_families() if families is None else families
    where = bus or UsbBus()
    found = []
    for device, description in where.devices():
        if any(each.is_meant(description) for each in enrolled):
            continue
        candidates = _find_candidates(offered, description)
        interface = candidates[0].interface if candidates else UsbInterface(0, 0, 0, 0)
        plugged = PluggedIn(where, device, description, interface, remover=remover)
        found.append(FoundRecorder(plugged, candidates, _refusal(description, candidates)))
    return found


def open_image(path: Path, *, families: Sequence[Family] | None = None) -> Recorder:
    """Open an image file or a block device, read only, as the recorder whose medium it is.

    Raises:
        UnsupportedRecorderError: It is no image or device, or no family reads disks.
        NoReadableVolumeError: It holds no FAT or exFAT volume.
        RecorderError: It could not be read.
    """
    disk = ImageDisk(path)
    try:
        for family in installed_families() if families is None else families:
            recorder = family.open_disk(disk)
            if recorder is not None:
                return recorder
    except BaseException:
        disk.close()
        raise
    disk.close()
    raise UnsupportedRecorderError(str(path), "no installed driver family reads disks")


def _find_candidates(families: Sequence[Family], description: UsbDescription) -> tuple[Candidate, ...]:
    found = [
        Candidate(family, match, interface)
        for family in families
        for match in family.profile.matches
        if (interface := match.find_interface(description)) is not None
    ]
    return tuple(sorted(found, key=lambda each: each.match.rank))


def _refusal(description: UsbDescription, candidates: Sequence[Candidate]) -> str | None:
    """Refuse what nobody knows, and what is also something else: a keyboard, a network card or a serial line has no place on a dock."""
    if not candidates:
        shown = sorted({f"{each.usb_class:02x}/{each.usb_subclass:02x}/{each.usb_protocol:02x}" for each in description.interfaces})
        return f"no installed driver knows a device with interfaces {', '.join(shown) or 'of no kind'}"
    spoken = [each.interface for each in candidates]
    others = {each.usb_class for each in description.interfaces if each not in spoken} - _HARMLESS_BESIDES
    if others:
        return f"besides what a recorder shows it has interfaces of class {', '.join(f'{each:02x}' for each in sorted(others))}"
    return None


def _inquire(plugged: PluggedIn) -> Inquiry:
    device = open_usb_device(plugged.device, plugged.description, plugged.interface)
    try:
        return inquire(device)
    finally:
        device.close()
