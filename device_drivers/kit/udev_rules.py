"""The udev rules of a docking PC, written from the profiles so that they never drift from what the drivers match. Pure.

Sources: udev(7); ``ID_USB_INTERFACES`` is what the built-in ``usb_id`` writes (``:080650:``); ``UDISKS_IGNORE`` and ``UDISKS_AUTO`` are udisks(8);
``ID_MTP_DEVICE`` and ``ID_GPHOTO2`` are what desktops look for before they open a camera.
"""

from __future__ import annotations

from collections.abc import Iterable

from device_drivers.profile import DeviceMatch, Profile

RULES_FILE = "70-bodycam-recorders.rules"
"""After 60-persistent-storage and 69-libmtp, which it overrules; before 70-uaccess, so that no desktop session is let in."""
_STORAGE_CLASS = 0x08
_HEAD = """\
# Recorders on a docking PC. Written by `bodycam drivers udev-rules` from the profiles of the installed driver families; write it again when a family
# or a site profile is added, instead of changing it here. Matches by class alone take every USB disk and every MTP or PTP device of this machine.
"""
_GATE = """\
ACTION=="remove", GOTO="bodycam_end"
SUBSYSTEM!="usb|block", GOTO="bodycam_end"
"""
_DEVICE = 'SUBSYSTEM=="usb", ENV{{DEVTYPE}}=="usb_device", {match}, GROUP="{group}", MODE="0660", ENV{{ID_MTP_DEVICE}}="", ENV{{ID_GPHOTO2}}=""'
_BLOCK = 'SUBSYSTEM=="block", SUBSYSTEMS=="usb", {match}, ENV{{UDISKS_IGNORE}}="1", ENV{{UDISKS_AUTO}}="0", ENV{{UDISKS_PRESENTATION_HIDE}}="1"'
_END = 'LABEL="bodycam_end"\n'


def write_udev_rules(profiles: Iterable[Profile], *, group: str = "bodycam") -> str:
    """Write the rules file: the dock's group may open recorders, and no desktop mounts their disks.

    Args:
        profiles: Profiles of the families.
        group: Group that the dock runs as.
    """
    parts = [_HEAD, _GATE]
    for profile in sorted(profiles, key=lambda each: each.family):
        rules: dict[str, str] = {}
        for match in profile.matches:
            for rule in _write_match(match, group):
                rules.setdefault(rule, match.title)
        titles: dict[str, list[str]] = {}
        for rule, title in rules.items():
            titles.setdefault(title, []).append(rule)
        parts.extend(f"# {profile.family}: {_one_line(title)}\n" + "".join(f"{each}\n" for each in written) for title, written in titles.items())
    return "\n".join((*parts, _END))


def _write_match(match: DeviceMatch, group: str) -> list[str]:
    """Write what one match means; INQUIRY cannot be asked by udev, so it does not narrow."""
    first, second, third = (f"{each:02x}" for each in match.interface)
    shown = f'ENV{{ID_USB_INTERFACES}}=="*:{first}{second}{third}:*"'
    # every key of one rule that looks at parents must hold for one and the same parent
    interface = f'ATTRS{{bInterfaceClass}}=="{first}", ATTRS{{bInterfaceSubClass}}=="{second}", ATTRS{{bInterfaceProtocol}}=="{third}"'
    if match.vendor_id is not None:
        shown = f'ATTR{{idVendor}}=="{match.vendor_id:04x}", ATTR{{idProduct}}=="{match.product_id:04x}", {shown}'
        interface = f'ATTRS{{idVendor}}=="{match.vendor_id:04x}", ATTRS{{idProduct}}=="{match.product_id:04x}"'
    rules = [_DEVICE.format(match=shown, group=group)]
    if match.interface[0] == _STORAGE_CLASS:
        rules.append(_BLOCK.format(match=interface))
    return rules


def _one_line(text: str) -> str:
    return " ".join(text.split())
