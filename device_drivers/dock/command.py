"""The program ``bodycam dock``: pulls one recorder, or watches USB and pulls every recorder that is plugged in.

Standard output carries results as JSON lines, standard error progress. Exit codes are those of ``results.ExitCode``; docs/dock.md explains them.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import math
import os
import re
import sys
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

from rich.console import Console

from device_drivers.dock import doctor
from device_drivers.dock.answers import SessionOutcome
from device_drivers.dock.away import StoreAndForward
from device_drivers.dock.bandwidth import Throttle, parse_schedule
from device_drivers.dock.errors import DockError, NoRecorderError, SettingsError, StateUnusableError, StoppedError, UnreachableError
from device_drivers.dock.hotplug import Hotplug
from device_drivers.dock.kept_identities import KeptIdentities
from device_drivers.dock.patience import Patience
from device_drivers.dock.progress import Progress, progress_on
from device_drivers.dock.results import ExitCode, Results, error_code, exit_code
from device_drivers.dock.screen import Screen
from device_drivers.dock.service_client import ServiceClient, connection_pool
from device_drivers.dock.session import DockedSession, await_state, dock_recorder, release_session
from device_drivers.dock.settings import DockSettings, load_settings
from device_drivers.dock.signals import ended_by_signals
from device_drivers.dock.spool.errors import SpoolUnusableError
from device_drivers.dock.spool.forward import Forwarder
from device_drivers.dock.spool.store import Spool
from device_drivers.dock.station import Find, Station
from device_drivers.dock.tile import Phase, Tiles
from device_drivers.dock.tools import ClockWork, Tools
from device_drivers.dock.turns import Turns
from device_drivers.errors import RecorderError, RecorderUnpluggedError
from device_drivers.profile import read_profile_folder
from device_drivers.recorder import Recorder
from device_drivers.registry import EnrolledDevice, find_usb_recorders, installed_families, open_image
from device_drivers.transports.file_removal.client import KernelFileRemover
from device_drivers.transports.usb import UsbBus
from device_drivers.transports.usbip import usbip_backend
from integrity.receipt import ClipState

CONNECT_TIMEOUT_S = 5.0
_ASK_AGAIN_S = 5.0


@dataclass(frozen=True, slots=True)
class _Program:
    """The dock, set up; without a spool it waits while the service is away."""

    settings: DockSettings
    tools: Tools
    results: Results
    stop: threading.Event
    until: ClipState
    away: StoreAndForward | None = None

    def dock(self, recorder: Recorder, slot: str) -> DockedSession:
        return dock_recorder(recorder, self.tools, session_id=str(uuid.uuid4()), slot=slot)

    def finish(self, session: DockedSession, *, until: ClipState | None = None) -> ExitCode:
        """Wait until the service is as far as asked, print what came of it, and sum it up."""
        is_there, error = False, session.error
        if session.listing is not None and not isinstance(error, (UnreachableError, StoppedError)):
            wait_s = self.settings.wait_s if session.outcome is SessionOutcome.FINISHED else 0.0
            try:
                is_there = self._await(session, wanted=until or self.until, wait_s=wait_s)
            except DockError as failure:
                session.error = error or failure
        if session.outcome is SessionOutcome.FINISHED:
            self.tools.tiles.change(session.slot, phase=Phase.DONE)
        code = exit_code(session, is_there=is_there)
        self.results.print_session(session, code=code)
        return code

    def _await(self, session: DockedSession, *, wanted: ClipState, wait_s: float) -> bool:
        """Wait for the service; a dock with a spool does so however long the service is away."""
        while True:
            try:
                return await_state(session, self.tools, wanted=wanted, wait_s=wait_s, stop=self.stop)
            except UnreachableError:
                if self.away is None:
                    raise
                if self.stop.wait(_ASK_AGAIN_S):
                    raise StoppedError from None

    def dock_whole(self, recorder: Recorder, slot: str) -> Callable[[], ExitCode]:
        """Dock, and remove from the recorder what the service orders; give back the waiting, which needs no recorder."""
        session = self.dock(recorder, slot)
        if self.away is not None:
            self.away.carry_on(recorder, session)
        if not (session.may_release and recorder.capabilities.can_remove_files):
            return partial(self.finish, session)
        code = self.finish(session, until=ClipState.SEALED)
        if session.error is None:
            release_session(recorder, self.tools, session)
        return lambda: code


def main(arguments: Sequence[str]) -> int:
    """Run the dock program.

    Args:
        arguments: The command line without the program's name.

    Returns:
        An exit code; 0 only when every file is sealed (or stored, with ``--until stored``), or when a watching dock was asked to end.
    """
    if arguments[:1] == ["doctor"]:
        return doctor.main(arguments[1:])
    options = _read_options(arguments)
    try:
        settings = load_settings({"service_url": options.service, "token": options.token, "ca_file": options.ca, "wait_s": options.wait_s})
    except SettingsError as error:
        for problem in error.problems:
            sys.stderr.write(f"bodycam dock: {problem}\n")
        return ExitCode.USAGE
    stop, tiles = threading.Event(), Tiles()
    with ended_by_signals(stop), _progress(settings, options, tiles) as progress:
        patience = Patience(_limit_s(settings, options), stop, tell=partial(_tell_of_waiting, progress))
        read_timeout_s = settings.answer_timeout_s
        service = connection_pool(settings.ca_file, connect_timeout_s=CONNECT_TIMEOUT_S, read_timeout_s=read_timeout_s)
        store = connection_pool(settings.ca_file, connect_timeout_s=settings.part_timeout_s, read_timeout_s=settings.part_timeout_s)
        with service, store:
            client = ServiceClient(settings.service_url, settings.token.get_secret_value(), pool=service, patience=patience)
            tools = Tools(
                client,
                store,
                patience,
                progress,
                _now,
                Turns(settings.uploads, patience),
                tiles,
                clocks=ClockWork(settings.set_clock),
                key_mark=re.compile(settings.key_mark, re.IGNORECASE),
                spools=_spools(settings, options),
                throttle=_throttle(settings, stop),
                kept=_kept_identities(settings, options, progress),
            )
            program = _Program(settings, tools, Results(_results_stream(options)), stop, ClipState(options.until))
            return _dock_once(program, options) if options.once else _watch(program, options)


def _progress(settings: DockSettings, options: argparse.Namespace, tiles: Tiles) -> Progress:
    if not options.screen:
        return progress_on(sys.stderr)
    zone = ZoneInfo(settings.time_zone)
    return Screen(Console(file=sys.stderr), tiles, settings.language, now=lambda: datetime.now(zone))


def _results_stream(options: argparse.Namespace) -> TextIO:
    """Results are for programs; on a terminal that the screen has taken they would only tear it."""
    return io.StringIO() if options.screen and sys.stdout.isatty() else sys.stdout


def _spools(settings: DockSettings, options: argparse.Namespace) -> bool:
    return settings.spool_dir is not None and not options.once


def _kept_identities(settings: DockSettings, options: argparse.Namespace, progress: Progress) -> KeptIdentities | None:
    """Open what is kept of recorders that can be asked no more; a dock that cannot goes on without."""
    folder = settings.state_dir or settings.spool_dir
    if folder is None:
        return None
    server = None if options.usbip is None else "{}:{}".format(*options.usbip)
    try:
        return KeptIdentities.of_this_boot(folder / "plugged", server=server)
    except StateUnusableError as error:
        progress.tell("identity_not_kept", reason=str(error))
        return None


def _limit_s(settings: DockSettings, options: argparse.Namespace) -> float:
    """How long the service may be away before something else is done."""
    if options.once:
        return settings.retry_for_s
    return settings.away_after_s if _spools(settings, options) else math.inf


def _throttle(settings: DockSettings, stop: threading.Event) -> Throttle | None:
    spans = parse_schedule(settings.bandwidth)
    return Throttle(spans, zone=ZoneInfo(settings.time_zone), now=_now, stop=stop) if spans else None


def _tell_of_waiting(progress: Progress, reason: str, waited_s: float) -> None:
    progress.tell("waiting", reason=reason, waited_s=round(waited_s, 1))


def _dock_once(program: _Program, options: argparse.Namespace) -> ExitCode:
    try:
        recorder, slot = _open_one(program, options)
        with recorder:
            finish = program.dock_whole(recorder, slot)
    except (RecorderError, NoRecorderError) as error:
        program.tools.progress.tell("not_docked", reason=str(error))
        return ExitCode.UNPLUGGED if isinstance(error, RecorderUnpluggedError) else ExitCode.RECORDER_FAILED
    except DockError as error:
        program.tools.progress.tell("not_docked", reason=str(error))
        return error_code(error)
    return finish()


def _watch(program: _Program, options: argparse.Namespace) -> ExitCode:
    with contextlib.ExitStack() as running:
        try:
            away = _store_and_forward(program, running)
            find = _finder(program, options)
        except (SpoolUnusableError, RecorderError) as error:
            sys.stderr.write(f"bodycam dock: {error}\n")
            return ExitCode.USAGE
        return _watch_slots(replace(program, away=away), find)


def _store_and_forward(program: _Program, running: contextlib.ExitStack) -> StoreAndForward | None:
    """Open the spool and begin to forward what waits there."""
    settings = program.settings
    if settings.spool_dir is None:
        return None
    key_file = settings.spool_key_file or settings.spool_dir / "key"
    spool = Spool(settings.spool_dir, limit_bytes=int(settings.spool_limit_gib * 1024**3), key_file=key_file)
    forwarder = Forwarder(spool, program.tools)
    thread = threading.Thread(target=forwarder.run, name="forwarder")
    thread.start()
    running.callback(thread.join)
    running.callback(program.stop.set)
    return StoreAndForward(spool, forwarder, program.tools)


def _watch_slots(program: _Program, find: Find) -> ExitCode:
    tools, settings = program.tools, program.settings
    station = Station(
        find,
        program.dock_whole,
        tools.progress,
        tools.tiles,
        tools.claims,
        program.stop,
        slot_names=settings.slot_names,
        on_left=None if tools.kept is None else tools.kept.forget,
    )
    with Hotplug(station.look_now) as hotplug:
        tools.progress.tell("watching", uploads=settings.uploads, hotplug=hotplug.is_listening)
        station.watch(settings.watch_interval_s)
    return ExitCode.ALL_SEALED


def _open_one(program: _Program, options: argparse.Namespace) -> tuple[Recorder, str]:
    if options.image is not None:
        return open_image(options.image), "image"
    found = [one for one in _finder(program, options)() if one.candidates]
    if not found:
        raise NoRecorderError("nothing is plugged in that any driver knows")
    first = next((one for one in found if one.refusal is None), found[0])
    return first.open(), first.description.port


def _finder(program: _Program, options: argparse.Namespace) -> Find:
    """Make what looks at the slots; a foreign family that cannot be loaded is told of, and the others do their work.

    Raises:
        ProfileError: A profile of the site is wrong.
    """
    settings = program.settings
    bus = UsbBus() if options.usbip is None else UsbBus(usbip_backend(*options.usbip))
    profiles = read_profile_folder(settings.profiles) if settings.profiles is not None else ()
    families = installed_families(profiles, on_broken=lambda error: program.tools.progress.tell("driver_broken", reason=str(error)))
    enrolled = [EnrolledDevice.parse(each) for each in settings.enrolled]
    return partial(find_usb_recorders, bus, families=families, enrolled=enrolled, remover=_remover(settings))


def _remover(settings: DockSettings) -> KernelFileRemover | None:
    """What removes files from disks: a program behind a socket, or a child where this program is root; else nothing does."""
    if settings.remove_socket is not None or os.geteuid() == 0:
        return KernelFileRemover(settings.remove_socket)
    return None


def _read_options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bodycam dock",
        description="Read recorders and bring what they hold to the service. `bodycam dock doctor` checks this machine.",
        epilog="Exit codes: 0 every file sealed (or stored, as asked); 2 usage; 3 a file failed; 4 not so in time; 5 unplugged; "
        "6 service or store failed; 7 no recorder, or it failed; 8 asked to end.",
    )
    parser.add_argument("--service", metavar="URL", help="address of the service (BODYCAM_DOCK_SERVICE_URL)")
    parser.add_argument("--token", metavar="T", help="the dock's credential (BODYCAM_DOCK_TOKEN, which other users of this machine cannot see)")
    parser.add_argument("--once", action="store_true", help="pull one recorder and end")
    parser.add_argument("--screen", action="store_true", help="show every slot on the whole terminal (language: BODYCAM_DOCK_LANGUAGE)")
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--usbip", metavar="HOST:PORT", type=_host_and_port, help="look for recorders at a USB/IP server instead of this machine's USB"
    )
    source.add_argument("--image", metavar="FILE", type=Path, help="read an image file or a block device; only with --once")
    parser.add_argument("--ca", metavar="FILE", type=Path, help="certificate authority of service and store (BODYCAM_DOCK_CA_FILE)")
    parser.add_argument(
        "--until",
        choices=[ClipState.STORED.value, ClipState.SEALED.value],
        default=ClipState.SEALED.value,
        help="be done when every file is sealed (default), or already when it is stored",
    )
    parser.add_argument("--wait-s", metavar="S", type=float, help="longest wait for that, in seconds (BODYCAM_DOCK_WAIT_S)")
    options = parser.parse_args(arguments)
    if options.image is not None and not options.once:
        parser.error("--image needs --once")
    if options.screen and not sys.stderr.isatty():
        parser.error("--screen needs a terminal")
    return options


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise argparse.ArgumentTypeError("expected HOST:PORT")
    return host.strip("[]"), int(port)


def _now() -> datetime:
    return datetime.now(UTC)
