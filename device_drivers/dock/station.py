"""Which recorders are plugged in, and docking each once for every time it is plugged in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from device_drivers.dock.claims import Claims
from device_drivers.dock.progress import Progress
from device_drivers.dock.tile import Phase, Tiles
from device_drivers.errors import RecorderError
from device_drivers.recorder import Recorder
from device_drivers.registry import FoundRecorder

Find = Callable[[], Sequence[FoundRecorder]]
Dock = Callable[[Recorder, str], Callable[[], object]]
"""Docks an open recorder; told the slot. Gives back what is left to do once the recorder may go."""

LOOKS_UNTIL_GONE = 2
"""So many looks in a row must miss a recorder that nobody reads: while it is read, a USB/IP server may not show it."""
_STEP_S = 0.1

_PluggedIn = tuple[str, int, int]
"""Port, bus and address: on real USB the address changes at every plugging-in."""


@dataclass(slots=True)
class _Docking:
    slot: str
    recorder_is_free: threading.Event = field(default_factory=threading.Event)
    address: tuple[int, int] | None = None
    thread: threading.Thread | None = None
    looks_missed: int = 0


@dataclass(slots=True)
class Station:
    """Watches the slots of a dock; each plugging-in has a thread of its own.

    Attributes:
        find: Looks at what is plugged in.
        dock: Docks one recorder.
        progress: Where is told what was found.
        tiles: Where the state of each slot stands.
        claims: Which identities are plugged in.
        stop: Set when the program is to end.
        slot_names: What people call a port, where they call it otherwise.
        on_left: Told the port that a recorder has left.
    """

    find: Find
    dock: Dock
    progress: Progress
    tiles: Tiles
    claims: Claims
    stop: threading.Event
    slot_names: Mapping[str, str] = field(default_factory=dict)
    on_left: Callable[[str], None] | None = None
    _look_now: threading.Event = field(default_factory=threading.Event)
    _dockings: dict[_PluggedIn, _Docking] = field(default_factory=dict)
    _leaving: list[threading.Thread] = field(default_factory=list)
    _last_failure: str | None = None

    def look_now(self) -> None:
        """Look again at once: something came or left."""
        self._look_now.set()

    def watch(self, interval_s: float) -> None:
        """Dock whatever is plugged in until the program is to end, then wait for what is under way.

        Args:
            interval_s: Longest time between two looks, in seconds.
        """
        while not self.stop.is_set():
            self._look_now.clear()
            self._look()
            self._pause(interval_s)
        for thread in [*self._leaving, *(docking.thread for docking in self._dockings.values() if docking.thread is not None)]:
            thread.join()

    def _pause(self, interval_s: float) -> None:
        """Wait until it is time for the next look."""
        slept_s = 0.0
        while slept_s < interval_s and not self.stop.is_set() and not self._look_now.is_set():
            step_s = min(_STEP_S, interval_s - slept_s)
            self._look_now.wait(step_s)
            slept_s += step_s

    def _look(self) -> None:
        try:
            found = {_key(one): one for one in self.find()}
        except RecorderError as error:
            self._tell_failure(str(error))
            return
        self._last_failure = None
        self._follow_those_that_came_back()
        self._forget_those_gone(found.keys())
        busy = {port for (port, _, _), docking in self._dockings.items() if not docking.recorder_is_free.is_set()}
        for key, one in found.items():
            if key not in self._dockings and key[0] not in busy:
                self._begin(key, one)

    def _begin(self, key: _PluggedIn, found: FoundRecorder) -> None:
        docking = _Docking(self.slot_names.get(key[0], key[0]))
        docking.thread = threading.Thread(target=self._dock_one, args=(found, docking), name=f"slot {key[0]}")
        self._dockings[key] = docking
        self.tiles.begin(docking.slot)
        docking.thread.start()

    def _follow_those_that_came_back(self) -> None:
        """Know a recorder under the address it has now: entering storage mode, it left the bus and came back as another device."""
        for key, docking in list(self._dockings.items()):
            if docking.address is not None and docking.recorder_is_free.is_set() and key[1:] != docking.address:
                self._dockings[key[0], *docking.address] = self._dockings.pop(key)

    def _forget_those_gone(self, present: Collection[_PluggedIn]) -> None:
        self._leaving = [thread for thread in self._leaving if thread.is_alive()]
        for key, docking in list(self._dockings.items()):
            docking.looks_missed = 0 if key in present or not docking.recorder_is_free.is_set() else docking.looks_missed + 1
            if docking.looks_missed >= LOOKS_UNTIL_GONE:
                del self._dockings[key]
                if docking.thread is not None:
                    self._leaving.append(docking.thread)
                self.claims.leave(docking.slot)
                self.tiles.forget(docking.slot)
                if self.on_left is not None:
                    self.on_left(key[0])

    def _dock_one(self, found: FoundRecorder, docking: _Docking) -> None:
        try:
            with found.open() as recorder:
                rest = self.dock(recorder, docking.slot)
                docking.address = recorder.usb_address
        except RecorderError as error:
            self.tiles.change(docking.slot, phase=Phase.REFUSED, reason=str(error))
            self.progress.tell("not_docked", slot=docking.slot, reason=str(error))
            return
        finally:
            docking.recorder_is_free.set()
        rest()

    def _tell_failure(self, reason: str) -> None:
        """Say that looking failed, once for each reason and not at every look."""
        if reason != self._last_failure:
            self.progress.tell("cannot_look", reason=reason)
        self._last_failure = reason


def _key(found: FoundRecorder) -> _PluggedIn:
    return found.description.port, found.description.bus, found.description.address
