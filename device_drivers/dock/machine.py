"""What is so on this machine, gathered for ``doctor``; nothing is changed. Linux (``/dev/bus/usb``, ``/proc``, udev)."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import libusb_package

from device_drivers.dock.clocks import system_clock_is_synchronised
from device_drivers.dock.errors import DockError, SettingsError
from device_drivers.dock.hotplug import Hotplug
from device_drivers.dock.patience import Patience
from device_drivers.dock.service_client import ServiceClient, connection_pool
from device_drivers.dock.settings import DockSettings, load_settings
from device_drivers.dock.spool.store import read_refusals
from device_drivers.errors import RecorderError
from device_drivers.profile import read_profile_folder
from device_drivers.registry import installed_families

USB_NODES = Path("/dev/bus/usb")
RULES_PLACES = tuple(Path(folder) / "udev/rules.d/70-bodycam-recorders.rules" for folder in ("/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"))
"""Where udev(7) looks, first the one that has the last word."""
RIVALS = ("udisksd", "gvfs-udisks2-vo", "gvfs-mtp-volume", "gvfs-gphoto2-vo", "gvfsd-mtp", "gvfsd-gphoto2", "udiskie", "usbmount", "ModemManager")
"""Programs that open what is plugged in, by the 15 characters of a name that the kernel keeps (proc(5), ``comm``)."""
_ANSWER_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class MachineFacts:
    """What is so on a machine.

    Attributes:
        is_root: Whether this program is root.
        settings_problems: What is wrong with the dock's settings.
        libusb_fault: Why libusb cannot be used.
        usb_nodes: Every USB device but hubs' own by ``bus/number``, and whether it may be opened; ``None`` where there is no such folder.
        rules_installed: Whether the udev rules hold anything; ``None`` where there are none.
        rivals: Programs that open what is plugged in and are running.
        hears_kernel: Whether the kernel's messages about devices are heard.
        is_synchronised: Whether a time source keeps the clock.
        spool_dir: Where footage is kept while the service is away.
        spool_fault: Why it cannot be used.
        spool_free_bytes: Room where it lies.
        spool_limit_bytes: Most it may hold.
        spool_refusals: Sessions in it that the service does not take, and why.
        service_fault: Why the service cannot be worked with.
        service_offset_s: This machine's clock minus the service's, in seconds.
        removal_fault: Why files cannot be removed from disks.
        families: Installed driver families.
        profiles_fault: Why they, or the site's profiles, cannot be loaded.
    """

    is_root: bool = False
    settings_problems: tuple[str, ...] = ()
    libusb_fault: str | None = None
    usb_nodes: Mapping[str, bool] | None = None
    rules_installed: bool | None = None
    rivals: tuple[str, ...] = ()
    hears_kernel: bool = False
    is_synchronised: bool = False
    spool_dir: Path | None = None
    spool_fault: str | None = None
    spool_free_bytes: int | None = None
    spool_limit_bytes: int = 0
    spool_refusals: Mapping[str, str] = field(default_factory=dict)
    service_fault: str | None = None
    service_offset_s: float | None = None
    removal_fault: str | None = None
    families: tuple[str, ...] = ()
    profiles_fault: str | None = None


def gather_facts() -> MachineFacts:
    """Look at this machine, with the settings that a dock would have."""
    settings, problems = _load_settings()
    spool_dir = settings.spool_dir if settings else None
    spool_fault, spool_free = look_at_spool(spool_dir)
    service_fault, service_offset_s = _ask_service(settings) if settings else ("the settings do not say where it is", None)
    families, profiles_fault = _load_families(settings.profiles if settings else None)
    with Hotplug(lambda: None) as hotplug:
        hears_kernel = hotplug.is_listening
    return MachineFacts(
        is_root=os.geteuid() == 0,
        settings_problems=problems,
        libusb_fault=None if libusb_package.get_libusb1_backend() is not None else "it cannot be loaded, or finds no USB",
        usb_nodes=look_at_usb_nodes(USB_NODES),
        rules_installed=look_at_rules(RULES_PLACES),
        rivals=find_running(RIVALS),
        hears_kernel=hears_kernel,
        is_synchronised=system_clock_is_synchronised(),
        spool_dir=spool_dir,
        spool_fault=spool_fault,
        spool_free_bytes=spool_free,
        spool_refusals=look_at_refusals(spool_dir, settings.spool_key_file if settings else None),
        spool_limit_bytes=int((settings.spool_limit_gib if settings else 0) * 1024**3),
        service_fault=service_fault,
        service_offset_s=service_offset_s,
        removal_fault=look_at_removal(settings.remove_socket if settings else None, is_root=os.geteuid() == 0),
        families=families,
        profiles_fault=profiles_fault,
    )


def look_at_usb_nodes(folder: Path) -> dict[str, bool] | None:
    """Say of every device node whether this program may open it for reading and writing."""
    if not folder.is_dir():
        return None
    return {f"{node.parent.name}/{node.name}": os.access(node, os.R_OK | os.W_OK) for node in sorted(folder.glob("*/*"))}


def look_at_rules(places: tuple[Path, ...]) -> bool | None:
    """Whether the rules file that udev takes holds any rule; ``None`` where there is none."""
    for place in places:
        if place.is_file():
            lines = place.read_text(encoding="utf-8", errors="replace").splitlines()
            return any(line.strip() and not line.startswith("#") for line in lines)
    return None


def find_running(names: tuple[str, ...], *, processes: Path = Path("/proc")) -> tuple[str, ...]:
    """Name those of these programs that run."""
    running = set()
    for file in processes.glob("[0-9]*/comm"):
        try:
            running.add(file.read_text(encoding="utf-8", errors="replace").strip())
        except OSError:  # it has ended meanwhile
            continue
    return tuple(name for name in names if name in running)


def look_at_spool(folder: Path | None) -> tuple[str | None, int | None]:
    """Say why a spool's folder cannot be used, and how many bytes are free where it lies."""
    if folder is None:
        return None, None
    if not folder.is_dir():
        return "there is no such folder", None
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return "it may not be written to", None
    return None, shutil.disk_usage(folder).free


def look_at_refusals(folder: Path | None, key_file: Path | None) -> dict[str, str]:
    """Say which sessions of a spool the service does not take, and why; nothing where the spool cannot be read, which is told otherwise."""
    if folder is None:
        return {}
    try:
        return read_refusals(folder, key_file or folder / "key")
    except OSError:
        return {}


def look_at_removal(socket_path: Path | None, *, is_root: bool) -> str | None:
    """Say why the program that removes files from disks is out of reach; it is not started."""
    if socket_path is None:
        return None if is_root else "no socket is set, and this is not root: files stay on recorders that are disks"
    if not socket_path.is_socket():
        return f"{socket_path} is no socket"
    return None if os.access(socket_path, os.R_OK | os.W_OK) else f"{socket_path} may not be opened by this user"


def _load_settings() -> tuple[DockSettings | None, tuple[str, ...]]:
    try:
        return load_settings({}), ()
    except SettingsError as error:
        return None, tuple(error.problems)


def _load_families(profiles: Path | None) -> tuple[tuple[str, ...], str | None]:
    try:
        families = installed_families(read_profile_folder(profiles) if profiles is not None else ())
    except RecorderError as error:
        return (), str(error)
    if profiles is not None and not profiles.is_dir():
        return (), f"{profiles} is no folder"
    return tuple(family.profile.family for family in families), None


def _ask_service(settings: DockSettings) -> tuple[str | None, float | None]:
    with connection_pool(settings.ca_file, connect_timeout_s=_ANSWER_WITHIN_S, read_timeout_s=_ANSWER_WITHIN_S) as pool:
        client = ServiceClient(settings.service_url, settings.token.get_secret_value(), pool=pool, patience=Patience(0.0, threading.Event()))
        try:
            theirs = client.service_time()
        except DockError as error:
            return str(error), None
    return None, (datetime.now(UTC) - theirs).total_seconds()
