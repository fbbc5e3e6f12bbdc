"""Which devices a driver family speaks to: its data file ``profile.yaml``, checked when it is loaded. Pure but for the loading.

A profile is written in the part of YAML that is JSON, so that no parser has to be trusted for it::

    {"family": "mass-storage", "matches": [{"title": "...", "interface": "08/06/50", "verified_by": "..."}]}
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from device_drivers.errors import ProfileError
from device_drivers.transports.bulk_only_scsi import Inquiry
from device_drivers.transports.usb import UsbDescription, UsbInterface

PROFILE_FILE = "profile.yaml"
_HEX_4 = re.compile(r"[0-9a-f]{4}")
_INTERFACE = re.compile(r"[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{2}")
_NEVER_SPOKEN_TO = frozenset({0x02, 0x03, 0x0A, 0xE0})
"""Communications, human interface devices, communications data, wireless: what a profile names is not refused, so none may name these."""
_NEEDED = {"title", "interface", "verified_by"}
_TEXTS = _NEEDED | {"vendor_id", "product_id", "inquiry"}
_KEYS = _TEXTS | {"quirks"}


@dataclass(frozen=True, slots=True)
class DeviceMatch:
    """One kind of device.

    Attributes:
        title: What a person calls it.
        interface: Class, subclass and protocol of the interface that is spoken to.
        verified_by: What is known about it, and how.
        vendor_id: Vendor it is limited to, with ``product_id``; ``None`` for every one.
        product_id: Product it is limited to.
        inquiry: What its SCSI INQUIRY must begin with (vendor, product, revision; spaces do not count); ``None`` where it is not asked.
        quirks: Names of peculiarities that the family's driver knows.
    """

    title: str
    interface: tuple[int, int, int]
    verified_by: str
    vendor_id: int | None = None
    product_id: int | None = None
    inquiry: str | None = None
    quirks: frozenset[str] = frozenset()

    def find_interface(self, description: UsbDescription) -> UsbInterface | None:
        """Give the interface of a device that this match means, or ``None``."""
        if self.vendor_id is not None and (self.vendor_id, self.product_id) != (description.vendor_id, description.product_id):
            return None
        triples = ((each, (each.usb_class, each.usb_subclass, each.usb_protocol)) for each in description.interfaces)
        return next((each for each, triple in triples if triple == self.interface), None)

    def fits_inquiry(self, inquiry: Inquiry) -> bool:
        """Whether a unit that answered so is meant; every one is where no INQUIRY is asked for."""
        if self.inquiry is None:
            return True
        return "".join(f"{inquiry.vendor}{inquiry.product}{inquiry.revision}".split()).startswith("".join(self.inquiry.split()))

    @property
    def rank(self) -> tuple[bool, bool]:
        """Narrower matches sort before wider ones."""
        return self.inquiry is None, self.vendor_id is None


@dataclass(frozen=True, slots=True)
class Profile:
    """Every kind of device of one family."""

    family: str
    matches: tuple[DeviceMatch, ...]

    def extended(self, others: Iterable[Profile]) -> Profile:
        """Give this profile with the matches of others of the same family before its own."""
        added = tuple(match for other in others if other.family == self.family for match in other.matches)
        return Profile(self.family, added + self.matches)


def load_profile(package: str, *, quirks: frozenset[str] = frozenset()) -> Profile:
    """Load the profile that is shipped in a family's package.

    Args:
        package: Name of the package.
        quirks: Peculiarities that its driver knows.

    Raises:
        ProfileError: It is wrong.
    """
    return parse_profile(files(package).joinpath(PROFILE_FILE).read_text(encoding="utf-8"), quirks=quirks)


def read_profile_folder(folder: Path) -> tuple[Profile, ...]:
    """Read the profiles that a site keeps beside the shipped ones: every ``*.yaml`` of a folder, by name.

    Raises:
        ProfileError: One of them is wrong or cannot be read.
    """
    profiles = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ProfileError(path.name, str(error)) from error
        profiles.append(parse_profile(text))
    return tuple(profiles)


def parse_profile(text: str, *, quirks: frozenset[str] | None = None) -> Profile:
    """Read and check a profile.

    Args:
        text: Its content.
        quirks: Peculiarities that may be named; ``None`` for any.

    Raises:
        ProfileError: It is no JSON, or an entry has a wrong or unknown key.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProfileError("?", str(error)) from error
    if not isinstance(data, dict) or set(data) != {"family", "matches"} or not _is_text(data["family"]) or not isinstance(data["matches"], list):
        raise ProfileError("?", "expected the family's name and a list of matches")
    family: str = data["family"]
    return Profile(family, tuple(_parse_match(family, each, quirks) for each in data["matches"]))


def _parse_match(family: str, data: Any, quirks: frozenset[str] | None) -> DeviceMatch:
    if not isinstance(data, dict) or not set(data) <= _KEYS or not all(_is_text(data[key]) for key in _TEXTS & set(data)):
        raise ProfileError(family, f"a match has texts under {', '.join(sorted(_TEXTS))}, a list under quirks, and nothing else")
    if not set(data) >= _NEEDED or ("vendor_id" in data) != ("product_id" in data):
        raise ProfileError(family, "a match needs title, interface and verified_by; vendor_id and product_id go together")
    if not _INTERFACE.fullmatch(data["interface"]):
        raise ProfileError(family, f"{data['interface']!r} is no class/subclass/protocol in hexadecimal")
    first, second, third = (int(each, 16) for each in data["interface"].split("/"))
    if first in _NEVER_SPOKEN_TO:
        raise ProfileError(family, f"a recorder is not spoken to as a keyboard or a network, class {first:02x}")
    return DeviceMatch(
        title=data["title"],
        interface=(first, second, third),
        verified_by=data["verified_by"],
        vendor_id=_parse_id(family, data, "vendor_id"),
        product_id=_parse_id(family, data, "product_id"),
        inquiry=data.get("inquiry"),
        quirks=_parse_quirks(family, data.get("quirks", []), quirks),
    )


def _parse_id(family: str, data: dict[str, str], key: str) -> int | None:
    if key not in data:
        return None
    if not _HEX_4.fullmatch(data[key]):
        raise ProfileError(family, f"{key} {data[key]!r} is not 4 hexadecimal digits")
    return int(data[key], 16)


def _parse_quirks(family: str, data: Any, known: frozenset[str] | None) -> frozenset[str]:
    if not isinstance(data, list) or not all(_is_text(each) for each in data):
        raise ProfileError(family, "quirks is a list of names")
    unknown = frozenset(data) - known if known is not None else frozenset()
    if unknown:
        raise ProfileError(family, f"the driver knows no quirk {min(unknown)!r}")
    return frozenset(data)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)
