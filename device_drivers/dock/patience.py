"""How long a dock goes on trying when the service or the store does not answer, and how long it waits in between."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from device_drivers.dock.errors import DockError, StoppedError

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
TOLD_AFTER_S = 2.0
"""So long nothing is said about a failure, because most pass; then it is said, and said again each time the wait has doubled."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to go on.

    Attributes:
        limit_s: Seconds after the beginning of the first attempt until a failure stands; where that one took longer by itself, there is a second.
        stop: Set when the program is to end; every pause ends with it.
        monotonic: Seconds that only ever grow.
        tell: Told what is waited for, and for how many seconds so far, when it takes long.
    """

    limit_s: float
    stop: threading.Event
    monotonic: Callable[[], float] = time.monotonic
    tell: Callable[[str, float], None] | None = None

    def begin(self) -> Attempts:
        """Start counting for one piece of work."""
        return Attempts(self)

    def check(self) -> None:
        """Say whether to go on at all.

        Raises:
            StoppedError: The program is to end.
        """
        if self.stop.is_set():
            raise StoppedError


class Attempts:
    """The attempts at one piece of work."""

    __slots__ = ("_began", "_has_failed", "_patience", "_pause_s", "_tell_after_s")

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._began = patience.monotonic()
        self._has_failed = False
        self._pause_s = FIRST_PAUSE_S
        self._tell_after_s = TOLD_AFTER_S

    def pause(self, failure: DockError) -> None:
        """Wait before the next attempt: twice as long each time, and by chance a little less, so that docks do not return all at once.

        Args:
            failure: Why the last attempt failed.

        Raises:
            DockError: ``failure`` itself, once the time is up.
            StoppedError: The program is to end.
        """
        waited_s = self._patience.monotonic() - self._began
        if waited_s >= self._patience.limit_s and (self._has_failed or self._patience.limit_s <= 0):
            raise failure
        self._has_failed = True
        if waited_s >= self._tell_after_s and self._patience.tell is not None:
            self._tell_after_s = 2 * waited_s
            self._patience.tell(str(failure), waited_s)
        wait_s = self._pause_s * (500 + secrets.randbelow(500)) / 1000
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        if self._patience.stop.wait(wait_s):
            raise StoppedError from failure
