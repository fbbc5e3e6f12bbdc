"""What is plugged in, told without changing it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from device_drivers.errors import RecorderError
from device_drivers.kit.families import match_to_plain
from device_drivers.recorder import Recorder
from device_drivers.registry import FoundRecorder

_NAMES = ("officer_name", "unit_name", "record_base64")
"""Fields that may name people; only whether they are filled is told."""


def describe_found(found: FoundRecorder) -> dict[str, Any]:
    """Say what the descriptors of a device say, and which family would open it; nothing is sent to it.

    Returns:
        Values of JSON. Where several matches fit, ``matches`` gives the narrowest first. ``family`` is ``None`` where none does, and where
        INQUIRY decides (``asks_inquiry``), which is sent only when the device is opened.
    """
    description = found.description
    families = [each.family.profile.family for each in found.candidates]
    asks = len(set(families)) > 1 and any(each.match.inquiry is not None for each in found.candidates)
    return {
        "port": description.port,
        "vendor_id": f"{description.vendor_id:04x}",
        "product_id": f"{description.product_id:04x}",
        "interfaces": [f"{each.usb_class:02x}/{each.usb_subclass:02x}/{each.usb_protocol:02x}" for each in description.interfaces],
        "family": families[0] if families and not asks else None,
        "asks_inquiry": asks,
        "matches": [{"family": each.family.profile.family, **match_to_plain(each.match)} for each in found.candidates],
        "refusal": found.refusal,
    }


def open_and_describe(found: FoundRecorder) -> dict[str, Any]:
    """Open a device and say who it says it is, what its clock shows, how it does and how many files it lists; nothing is set or removed.

    Returns:
        Values of JSON; ``failure`` says why it could not be opened or asked further, and is ``None`` otherwise.
    """
    told: dict[str, Any] = {"failure": None}
    try:
        with found.open() as recorder:
            _ask(recorder, told)
    except RecorderError as error:
        told["failure"] = str(error)
    return told


def _ask(recorder: Recorder, told: dict[str, Any]) -> None:
    identity = asdict(recorder.identity())
    told["identity"] = {name: (value is not None) if name in _NAMES else value for name, value in identity.items()}
    told["capabilities"] = asdict(recorder.capabilities)
    clock = recorder.read_clock()
    told["clock"] = (
        None if clock is None else {"recorder_time": clock.recorder_time, "dock_time": clock.dock_time.isoformat(), "offset_s": clock.offset_s}
    )
    told["files"], told["size_bytes"] = 0, 0
    for file in recorder.list_files():
        told["files"] += 1
        told["size_bytes"] += file.size_bytes
    told["status"] = asdict(recorder.read_status())
