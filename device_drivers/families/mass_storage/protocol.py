"""What a plain disk tells about its recorder, as a dock attests it. Pure; no input or output.

There are no commands to encode: a disk is asked what ``transports.bulk_only_scsi`` asks any disk, and its identity file is read by
``device_drivers.identity_file``. What those say is put together here.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from device_drivers.identity_file import IdentityRecord
from device_drivers.transports.filesystem_child import VolumeFacts
from integrity.listing import RecorderIdentity

FAMILY_NAME = "mass-storage"


@dataclass(frozen=True, slots=True)
class UsbFacts:
    """What the device descriptor says, for cross-checks only, and where the device is on its bus."""

    vendor_id: int
    product_id: int
    serial: str | None
    address: tuple[int, int]


def make_identity(volume: VolumeFacts, record: IdentityRecord | None, usb: UsbFacts | None) -> RecorderIdentity:
    """Put together who a recorder says it is.

    Args:
        volume: The volume that it is known by where it has no serial number.
        record: What its identity file says, where it has one.
        usb: What its descriptors say, where it came by USB; its serial number there is never its own.
    """
    identity = RecorderIdentity(family=FAMILY_NAME, volume_id=volume.volume_id, volume_label=volume.label)
    if record is not None:
        identity = replace(identity, **asdict(record))
    if usb is not None:
        identity = replace(identity, usb_vendor_id=usb.vendor_id, usb_product_id=usb.product_id, usb_serial=usb.serial)
    return identity
