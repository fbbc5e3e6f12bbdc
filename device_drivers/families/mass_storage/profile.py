"""Which USB devices this family speaks to: ``profile.yaml``, checked when it is loaded. Pure but for the loading.

The file is written in the part of YAML that is JSON, so that no parser has to be trusted for it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from device_drivers.errors import ProfileError
from device_drivers.transports.usb import UsbDescription, UsbInterface

FAMILY_NAME = "mass-storage"
_HEX_4 = re.compile(r"[0-9a-f]{4}")
_INTERFACE = re.compile(r"[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{2}")
_KEYS = {"title", "interface", "vendor_id", "product_id", "verified_by"}


@dataclass(frozen=True, slots=True)
class DeviceMatch:
    """One kind of device.

    Attributes:
        title: What a person calls it.
        interface: Class, subclass and protocol of the interface that is spoken to.
        vendor_id: Vendor it is limited to, with ``product_id``; ``None`` for every one.
        product_id: Product it is limited to.
        verified_by: What is known about it, and how.
    """

    title: str
    interface: tuple[int, int, int]
    vendor_id: int | None
    product_id: int | None
    verified_by: str

    def find_interface(self, description: UsbDescription) -> UsbInterface | None:
        """Give the interface of a device that this match means, or ``None``."""
        if self.vendor_id is not None and (self.vendor_id, self.product_id) != (description.vendor_id, description.product_id):
            return None
        triples = ((each, (each.usb_class, each.usb_subclass, each.usb_protocol)) for each in description.interfaces)
        return next((each for each, triple in triples if triple == self.interface), None)


@dataclass(frozen=True, slots=True)
class Profile:
    """Every kind of device of the family, the narrower ones first."""

    matches: tuple[DeviceMatch, ...]

    def find_interface(self, description: UsbDescription) -> UsbInterface | None:
        """Give the interface to speak to, or ``None`` where the device is of another kind."""
        return next((found for each in self.matches if (found := each.find_interface(description))), None)


@cache
def load_profile() -> Profile:
    """Load the profile that is shipped with the driver.

    Raises:
        ProfileError: It is wrong.
    """
    return parse_profile(files(__package__).joinpath("profile.yaml").read_text(encoding="utf-8"))


def parse_profile(text: str) -> Profile:
    """Read and check a profile.

    Raises:
        ProfileError: It is no JSON, names another family, or an entry has a wrong or unknown key.
    """
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ProfileError(FAMILY_NAME, str(error)) from error
    if not isinstance(data, dict) or set(data) != {"family", "matches"} or data["family"] != FAMILY_NAME or not isinstance(data["matches"], list):
        raise ProfileError(FAMILY_NAME, "expected the family's name and a list of matches")
    matches = [_parse_match(each) for each in data["matches"]]
    return Profile(tuple(sorted(matches, key=lambda match: match.vendor_id is None)))


def _parse_match(data: Any) -> DeviceMatch:
    if not isinstance(data, dict) or not set(data) <= _KEYS or not all(isinstance(each, str) and each for each in data.values()):
        raise ProfileError(FAMILY_NAME, f"a match has texts under {', '.join(sorted(_KEYS))}, and nothing else")
    if not {"title", "interface", "verified_by"} <= set(data) or ("vendor_id" in data) != ("product_id" in data):
        raise ProfileError(FAMILY_NAME, "a match needs title, interface and verified_by; vendor_id and product_id go together")
    if not _INTERFACE.fullmatch(data["interface"]):
        raise ProfileError(FAMILY_NAME, f"{data['interface']!r} is no class/subclass/protocol in hexadecimal")
    first, second, third = (int(each, 16) for each in data["interface"].split("/"))
    return DeviceMatch(
        title=data["title"],
        interface=(first, second, third),
        vendor_id=_parse_id(data, "vendor_id"),
        product_id=_parse_id(data, "product_id"),
        verified_by=data["verified_by"],
    )


def _parse_id(data: dict[str, str], key: str) -> int | None:
    if key not in data:
        return None
    if not _HEX_4.fullmatch(data[key]):
        raise ProfileError(FAMILY_NAME, f"{key} {data[key]!r} is not 4 hexadecimal digits")
    return int(data[key], 16)
