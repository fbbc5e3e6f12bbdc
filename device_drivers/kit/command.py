"""The program ``bodycam drivers``; docs/drivers.md explains it."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from device_drivers.errors import RecorderError
from device_drivers.kit.conformance import run_conformance
from device_drivers.kit.errors import NothingToTestError
from device_drivers.kit.families import describe_families
from device_drivers.kit.probing import describe_found, open_and_describe
from device_drivers.kit.report import ConformanceReport
from device_drivers.kit.showing import family_lines, found_lines
from device_drivers.kit.udev_rules import write_udev_rules
from device_drivers.kit.writing import ClockCheck, RemovalCheck
from device_drivers.profile import Profile, read_profile_folder
from device_drivers.recorder import Recorder
from device_drivers.registry import Family, FoundRecorder, find_usb_recorders, installed_families, open_image
from device_drivers.transports.file_removal.client import KernelFileRemover
from device_drivers.transports.usb import UsbBus
from device_drivers.transports.usbip import usbip_backend

_FAILED = 1


def main(arguments: Sequence[str]) -> int:
    """Run one of the kit's commands.

    Args:
        arguments: The command line without the program's name.

    Returns:
        0 when all is well; 1 when a check failed, a recorder was refused or the bus could not be looked at; 2 for a wrong command line.
    """
    options = _read_options(arguments)
    try:
        status: int = options.run(options)
    except RecorderError as error:
        sys.stderr.write(f"bodycam drivers: {error}\n")
        return _FAILED
    return status


def _list(options: argparse.Namespace) -> int:
    families = [each.to_plain() for each in describe_families(_site_profiles(options))]
    _print(families, options, [line for each in families for line in family_lines(each)])
    return 0


def _probe(options: argparse.Namespace) -> int:
    told = []
    for found in _find(options):
        each = describe_found(found)
        if options.open and found.refusal is None:
            each["opened"] = open_and_describe(found)
        told.append(each)
    lines = [line for each in told for line in found_lines(each)] or ["nothing is plugged in"]
    if options.open:
        lines.append("No clock was set and no file changed. A recorder with vendor commands may stay a disk until it is unplugged.")
    _print(told, options, lines)
    return _FAILED if any((each.get("opened") or {}).get("failure") for each in told) else 0


def _conformance(options: argparse.Namespace) -> int:
    before = (ClockCheck(lambda: datetime.now(UTC)),) if options.write else ()
    after = (RemovalCheck(options.remove),) if options.remove else ()
    what, expected, recorder = _open_one(options)
    with recorder:
        family = expected or recorder.identity().family
        report = run_conformance(recorder, family, what=f"{what}, family {family}", before=before, after=after)
    return _print_report(report, options)


def _open_one(options: argparse.Namespace) -> tuple[str, str | None, Recorder]:
    """Open what is to be tried; tells its family where only one came into question."""
    if options.image is not None:
        return "the image", None, open_image(options.image, families=_families(options))
    found = _find_one(options)
    names = {each.family.profile.family for each in found.candidates}
    return found.description.title, next(iter(names)) if len(names) == 1 else None, found.open()


def _print_report(report: ConformanceReport, options: argparse.Namespace) -> int:
    _print(report.to_plain(), options, report.to_lines())
    return 0 if report.is_conformant else _FAILED


def _write_rules(options: argparse.Namespace) -> int:
    sys.stdout.write(write_udev_rules([family.profile for family in _families(options)], group=options.group))
    return 0


def _find(options: argparse.Namespace) -> list[FoundRecorder]:
    bus = UsbBus() if options.usbip is None else UsbBus(usbip_backend(*options.usbip))
    return find_usb_recorders(bus, families=_families(options), remover=_remover(options))


def _find_one(options: argparse.Namespace) -> FoundRecorder:
    found = _find(options)
    meant = [each for each in found if options.port in (None, each.description.port)]
    known = [each for each in meant if each.candidates] or meant
    if len(known) != 1:
        seen = ", ".join(each.description.port for each in known)
        raise NothingToTestError(f"which recorder? name it by --port: {seen}" if known else "no recorder is plugged in")
    return known[0]


def _remover(options: argparse.Namespace) -> KernelFileRemover | None:
    """Hand a driver what removes files from disks only where the command line says that something may be removed."""
    if getattr(options, "remove", None) is None or not (options.remove_socket or os.geteuid() == 0):
        return None
    return KernelFileRemover(options.remove_socket)


def _families(options: argparse.Namespace) -> tuple[Family, ...]:
    return installed_families(_site_profiles(options))


def _site_profiles(options: argparse.Namespace) -> tuple[Profile, ...]:
    return () if options.profiles is None else read_profile_folder(options.profiles)


def _print(value: Any, options: argparse.Namespace, lines: Sequence[str]) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=2) if options.json else "\n".join(lines)
    sys.stdout.write(text + "\n")


def _read_options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bodycam drivers", description="Driver families: what is installed, what is plugged in, what they promise.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    parser_of_list = commands.add_parser("list", help="every installed family, what it matches and how good it is")
    parser_of_list.set_defaults(run=_list)
    probe = commands.add_parser("probe", help="what is plugged in, and which family would read it; changes nothing")
    probe.add_argument("--open", action="store_true", help="open it too: identity, clock, condition, number of files; changes nothing")
    probe.set_defaults(run=_probe)
    suite = commands.add_parser("conformance", help="whether a driver keeps its promises; only reads, unless told otherwise")
    suite.add_argument("--image", metavar="FILE", type=Path, help="try an image file or a block device")
    suite.add_argument("--port", help="the recorder on this port, where several are plugged in")
    suite.add_argument("--write", action="store_true", help="also set the clock")
    suite.add_argument("--remove", metavar="PATH", help="with --write: also remove this one file from the recorder, as its path is listed")
    suite.add_argument("--remove-socket", metavar="FILE", type=Path, help="socket of the program that removes files from disks; not needed by root")
    suite.set_defaults(run=_conformance)
    rules = commands.add_parser("udev-rules", help="write the udev rules of a docking PC")
    rules.add_argument("--group", default="bodycam", help="group that the dock runs as (bodycam)")
    rules.set_defaults(run=_write_rules)
    for each in (parser_of_list, probe, suite, rules):
        each.add_argument("--profiles", metavar="DIR", type=Path, help="folder of further profiles (BODYCAM_DOCK_PROFILES of the dock)")
    for each in (parser_of_list, probe, suite):
        each.add_argument("--json", action="store_true", help="print JSON")
    for each in (probe, suite):
        each.add_argument("--usbip", metavar="HOST:PORT", type=_host_and_port, help="look at a USB/IP server instead of this machine's USB")
    options = parser.parse_args(arguments)
    if getattr(options, "remove", None) is not None and not options.write:
        parser.error("--remove needs --write")
    if getattr(options, "image", None) is not None and options.usbip is not None:
        parser.error("--image and --usbip exclude each other")
    return options


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise argparse.ArgumentTypeError("expected HOST:PORT")
    return host.strip("[]"), int(port)
