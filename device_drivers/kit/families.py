"""Every installed family, this project's and others', with what it matches and how good it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from typing import Any

from device_drivers.kit.errors import QualityError
from device_drivers.kit.quality import QUALITY_FILE, Level, Quality, parse_quality
from device_drivers.profile import DeviceMatch, Profile
from device_drivers.registry import ENTRY_POINT_GROUP, Family, installed_families

_NOT_TOLD = "it has no quality.yaml"


@dataclass(frozen=True, slots=True)
class InstalledFamily:
    """One installed family.

    Attributes:
        family: The family, with what the site adds to its profile.
        distribution: Name and version of the package that brings it; ``None`` where that is not told.
        quality: Its level; ``None`` where it does not tell.
        quality_fault: Why it has none.
    """

    family: Family
    distribution: str | None
    quality: Quality | None
    quality_fault: str | None

    def to_plain(self) -> dict[str, Any]:
        """Give it as values of JSON."""
        return {
            "family": self.family.profile.family,
            "package": self.distribution,
            "quality": self.quality.level if self.quality else Level.NONE,
            "to_do": dict(self.quality.missing) if self.quality else {},
            "quality_fault": self.quality_fault,
            "matches": [match_to_plain(match) for match in self.family.profile.matches],
        }


def match_to_plain(match: DeviceMatch) -> dict[str, Any]:
    """Give a match as values of JSON, written as ``profile.yaml`` writes them."""
    return {
        "title": match.title,
        "interface": "/".join(f"{each:02x}" for each in match.interface),
        "vendor_id": None if match.vendor_id is None else f"{match.vendor_id:04x}",
        "product_id": None if match.product_id is None else f"{match.product_id:04x}",
        "inquiry": match.inquiry,
        "quirks": sorted(match.quirks),
        "verified_by": match.verified_by,
    }


def describe_families(site_profiles: Sequence[Profile] = ()) -> list[InstalledFamily]:
    """Describe every installed family, by name.

    Args:
        site_profiles: Profiles that a site keeps beside the shipped ones.
    """
    points = sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: point.name)
    return [_describe(point, family) for point, family in zip(points, installed_families(site_profiles), strict=True)]


def _describe(point: EntryPoint, family: Family) -> InstalledFamily:
    distribution = f"{point.dist.name} {point.dist.version}" if point.dist else None
    try:
        quality = _read_quality(point, family.profile.family)
    except QualityError as error:
        return InstalledFamily(family, distribution, None, error.reason)
    return InstalledFamily(family, distribution, quality, None if quality else _NOT_TOLD)


def _read_quality(point: EntryPoint, family: str) -> Quality | None:
    """Read the file that lies in the package which the entry point names, or in which the named module lies."""
    package = import_module(point.module).__spec__
    folder = None if package is None else package.name if package.submodule_search_locations is not None else package.parent
    if not folder:
        return None
    file = files(folder).joinpath(QUALITY_FILE)
    try:
        return parse_quality(file.read_text(encoding="utf-8"), family) if file.is_file() else None
    except (OSError, UnicodeDecodeError) as error:
        raise QualityError(family, str(error)) from error
