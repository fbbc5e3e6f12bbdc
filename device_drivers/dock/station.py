"""Which recorders are plugged in, and docking each once for every time it is plugged in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from device_drivers.dock.progress import Progress
from device_drivers.errors import RecorderError
from device_drivers.recorder import Recorder
from device_drivers.registry import FoundRecorder

Find = Callable[[], Sequence[FoundRecorder]]
Dock = Callable[[Recorder, str], Callable[[], object]]
"""Docks an open recorder; told the slot. Gives back what is left to do once the recorder may go."""

LOOKS_UNTIL_GONE = 2
"""So many looks in a row must miss a recorder that nobody reads: while it is read, a USB/IP server may not show it."""

_PluggedIn = tuple[str, int, int]
"""Port and address: on real USB the address changes at every plugging-in."""


@dataclass(slots=True)
class _Docking:
    thread: threading.Thread
    recorder_is_free: threading.Event
    looks_missed: int = 0


@dataclass(slots=True)
class Station:
    """Watches the slots of a dock.

    Attributes:
        find: Looks at what is plugged in.
        dock: Docks one recorder; called on a thread of its own.
        slots: How many are docked at the same time; others wait for their turn.
        progress: Where is told what was found.
        stop: Set when the program is to end.
    """

    find: Find
    dock: Dock
    slots: int
    progress: Progress
    stop: threading.Event
    _dockings: dict[_PluggedIn, _Docking] = field(default_factory=dict)
    _leaving: list[threading.Thread] = field(default_factory=list)
    _last_failure: str | None = None

    def watch(self, interval_s: float) -> None:
        """Dock whatever is plugged in until the program is to end, then wait for what is under way.

        Args:
            interval_s: Seconds between two looks.
        """
        turns = threading.BoundedSemaphore(self.slots)
        while not self.stop.is_set():
            self._look(turns)
            self.stop.wait(interval_s)
        for thread in [*self._leaving, *(docking.thread for docking in self._dockings.values())]:
            thread.join()

    def _look(self, turns: threading.BoundedSemaphore) -> None:
        try:
            found = {_key(one): one for one in self.find()}
        except RecorderError as error:
            self._tell_failure(str(error))
            return
        self._last_failure = None
        self._forget_those_gone(found.keys())
        for key, one in found.items():
            if key not in self._dockings:
                is_free = threading.Event()
                thread = threading.Thread(target=self._dock_one, args=(one, turns, is_free), name=f"slot {one.description.port}")
                self._dockings[key] = _Docking(thread, is_free)
                thread.start()

    def _forget_those_gone(self, present: Collection[_PluggedIn]) -> None:
        self._leaving = [thread for thread in self._leaving if thread.is_alive()]
        for key, docking in list(self._dockings.items()):
            docking.looks_missed = 0 if key in present or not docking.recorder_is_free.is_set() else docking.looks_missed + 1
            if docking.looks_missed >= LOOKS_UNTIL_GONE:
                self._leaving.append(self._dockings.pop(key).thread)

    def _dock_one(self, found: FoundRecorder, turns: threading.BoundedSemaphore, is_free: threading.Event) -> None:
        slot = found.description.port
        try:
            with turns:
                if self.stop.is_set():
                    return
                with found.open() as recorder:
                    rest = self.dock(recorder, slot)
        except RecorderError as error:
            self.progress.tell("not_docked", slot=slot, reason=str(error))
            return
        finally:
            is_free.set()
        rest()

    def _tell_failure(self, reason: str) -> None:
        """Say that looking failed, once for each reason and not at every look."""
        if reason != self._last_failure:
            self.progress.tell("cannot_look", reason=reason)
        self._last_failure = reason


def _key(found: FoundRecorder) -> _PluggedIn:
    return found.description.port, found.description.bus, found.description.address
