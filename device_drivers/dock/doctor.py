"""``bodycam dock doctor``: whether this machine is fit to be a docking PC, and what to do where it is not. It changes nothing.

The facts are gathered by ``machine.gather_facts``; what they mean is judged here, without looking at anything. Pure but for ``main``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from device_drivers.dock.machine import MachineFacts, gather_facts

_GIB = 1024**3
LEAST_SPOOL_BYTES = 10 * _GIB
"""Room below which a spool is hardly of use: an hour of a few recorders."""


class State(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found.

    Attributes:
        name: Its name, words joined by hyphens.
        state: How it came out.
        found: What is so.
        to_do: What to do about it; ``None`` where nothing is.
    """

    name: str
    state: State
    found: str
    to_do: str | None = None


def main(arguments: Sequence[str]) -> int:
    """Run the doctor.

    Args:
        arguments: The command line without ``doctor``.

    Returns:
        0 when nothing failed (warnings may be there), 1 when something did, 2 for a wrong command line.
    """
    parser = argparse.ArgumentParser(prog="bodycam dock doctor", description="Check whether this machine is fit to be a docking PC; changes nothing.")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    findings = examine(gather_facts())
    if options.json:
        plain = [{"name": each.name, "state": each.state, "found": each.found, "to_do": each.to_do} for each in findings]
        sys.stdout.write(json.dumps(plain, ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write("".join(_lines(each) for each in findings))
    return 1 if any(each.state is State.FAILED for each in findings) else 0


def examine(facts: MachineFacts) -> list[Finding]:
    """Judge a machine by what is known of it."""
    return [check(facts) for check in _CHECKS]


def check_settings(facts: MachineFacts) -> Finding:
    """Whether the dock's settings are complete and right."""
    if not facts.settings_problems:
        return Finding("settings", State.OK, "complete")
    return Finding(
        "settings", State.FAILED, "; ".join(facts.settings_problems), "set BODYCAM_DOCK_… as docs/dock.md says; doctor needs them as the dock does"
    )


def check_libusb(facts: MachineFacts) -> Finding:
    """Whether libusb can be used."""
    if facts.libusb_fault is None:
        return Finding("libusb", State.OK, "usable")
    return Finding("libusb", State.FAILED, facts.libusb_fault, "install the libusb-package wheel anew, and see that /dev/bus/usb exists")


def check_usb_permissions(facts: MachineFacts) -> Finding:
    """Whether what is plugged in may be opened."""
    name = "usb-permissions"
    if facts.usb_nodes is None:
        return Finding(name, State.FAILED, "there is no /dev/bus/usb", "plug in a USB controller, or give this container /dev/bus/usb")
    closed = [node for node, is_open in facts.usb_nodes.items() if not is_open]
    if not closed:
        return Finding(name, State.OK, f"{len(facts.usb_nodes)} devices may be opened")
    to_do = "install the udev rules (docs/docking-pc.md) and run as the group bodycam; then unplug and plug in again"
    return Finding(name, State.WARNING, f"{len(closed)} of {len(facts.usb_nodes)} devices may not be opened: {', '.join(closed)}", to_do)


def check_udev_rules(facts: MachineFacts) -> Finding:
    """Whether the udev rules are there, and are those of the installed families."""
    name, to_do = "udev-rules", "bodycam drivers udev-rules > /etc/udev/rules.d/70-bodycam-recorders.rules; udevadm control --reload; udevadm trigger"
    if facts.rules_installed is None:
        return Finding(name, State.OK if facts.is_root else State.WARNING, "not installed", to_do)
    if not facts.rules_installed:
        return Finding(name, State.WARNING, "installed, and empty", to_do)
    return Finding(name, State.OK, "installed")


def check_automount(facts: MachineFacts) -> Finding:
    """Whether something else takes recorders as soon as they are plugged in."""
    if not facts.rivals:
        return Finding("automount", State.OK, "nothing else opens recorders")
    named = ", ".join(facts.rivals)
    if facts.rules_installed:
        return Finding("automount", State.OK, f"{named} runs, and the udev rules keep it from recorders' disks")
    return Finding(
        "automount", State.WARNING, f"{named} may mount recorders before the dock reads them", "install the udev rules, or switch automounting off"
    )


def check_hotplug(facts: MachineFacts) -> Finding:
    """Whether the kernel tells when something is plugged in."""
    if facts.hears_kernel:
        return Finding("hotplug", State.OK, "the kernel's messages are heard")
    return Finding(
        "hotplug", State.WARNING, "the kernel's messages are not heard; the dock looks every two seconds instead", "allow AF_NETLINK in the unit"
    )


def check_clock(facts: MachineFacts) -> Finding:
    """Whether a time source keeps this machine's clock."""
    if facts.is_synchronised:
        return Finding("clock", State.OK, "kept by a time source")
    return Finding("clock", State.WARNING, "not kept by a time source, so no recorder's clock is set", "run chrony or systemd-timesyncd")


def check_spool(facts: MachineFacts) -> Finding:
    """Whether there is a spool with room, so that footage is safe while the service is away."""
    name = "spool"
    if facts.spool_dir is None:
        return Finding(name, State.WARNING, "there is none: while the service is away the dock waits", "set BODYCAM_DOCK_SPOOL_DIR")
    if facts.spool_fault is not None:
        return Finding(name, State.FAILED, f"{facts.spool_dir}: {facts.spool_fault}", "make the folder, owned by the dock's user, mode 0700")
    free = facts.spool_free_bytes or 0
    found = f"{free / _GIB:.0f} GiB free, limit {facts.spool_limit_bytes / _GIB:.0f} GiB"
    if free < LEAST_SPOOL_BYTES:
        return Finding(name, State.FAILED, found, "make room, or move the spool to a larger disk")
    if free < facts.spool_limit_bytes:
        return Finding(name, State.WARNING, found, "lower BODYCAM_DOCK_SPOOL_LIMIT_GIB, or give it a larger disk")
    return Finding(name, State.OK, found)


def check_spooled(facts: MachineFacts) -> Finding:
    """Whether the service takes everything that lies in the spool."""
    name, refusals = "spooled-footage", facts.spool_refusals
    if not refusals:
        return Finding(name, State.OK, "nothing in the spool was refused")
    found = "; ".join(f"session {session_id}: {reason}" for session_id, reason in sorted(refusals.items()))
    to_do = "nothing of it is lost: correct what the service names, or dock the recorder again; it is tried again every hour and at every start"
    return Finding(name, State.FAILED, found, to_do)


def check_service(facts: MachineFacts) -> Finding:
    """Whether the service answers, and takes this dock's credential."""
    if facts.service_fault is None:
        return Finding("service", State.OK, f"answers and takes the credential; this clock differs by {facts.service_offset_s or 0.0:.1f} s")
    return Finding(
        "service", State.FAILED, facts.service_fault, "check BODYCAM_DOCK_SERVICE_URL, BODYCAM_DOCK_CA_FILE, BODYCAM_DOCK_TOKEN and the network"
    )


def check_removal(facts: MachineFacts) -> Finding:
    """Whether files can be removed from recorders' disks."""
    if facts.removal_fault is None:
        return Finding("file-removal", State.OK, "the program is within reach")
    to_do = "enable bodycam-remove.socket and set BODYCAM_DOCK_REMOVE_SOCKET, if this dock is to empty recorders"
    return Finding("file-removal", State.WARNING, facts.removal_fault, to_do)


def check_profiles(facts: MachineFacts) -> Finding:
    """Whether every driver family and every profile of the site can be loaded."""
    if facts.profiles_fault is None:
        return Finding("profiles", State.OK, f"families {', '.join(facts.families)}")
    return Finding("profiles", State.FAILED, facts.profiles_fault, "correct the file, see docs/drivers.md")


_CHECKS: tuple[Callable[[MachineFacts], Finding], ...] = (
    check_settings,
    check_libusb,
    check_usb_permissions,
    check_udev_rules,
    check_automount,
    check_hotplug,
    check_clock,
    check_spool,
    check_spooled,
    check_service,
    check_removal,
    check_profiles,
)


def _lines(finding: Finding) -> str:
    line = f"{finding.state:<8} {finding.name}: {finding.found}\n"
    return line if finding.state is State.OK or finding.to_do is None else f"{line}{'':<8} -> {finding.to_do}\n"
