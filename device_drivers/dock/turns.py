"""Who may read a file next: so many files are read at once, whatever the number of recorders, and whoever waits longest comes first."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from device_drivers.dock.part_buffers import PartBuffers
from device_drivers.dock.patience import Patience

_LOOK_S = 0.5


class Turns:
    """Turns at reading, each with buffers of its own; they bound the dock's memory. Used by the threads of all recorders.

    Args:
        count: Files read at once.
        patience: Tells when waiting is to end.
    """

    def __init__(self, count: int, patience: Patience) -> None:
        self._patience = patience
        self._free = [PartBuffers(patience) for _ in range(count)]
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition()

    @property
    def stop(self) -> threading.Event:
        """Set when the program is to end."""
        return self._patience.stop

    @contextmanager
    def take(self) -> Iterator[PartBuffers]:
        """Wait for a turn, first come, first served, and give its buffers.

        Raises:
            StoppedError: The program is to end.
        """
        buffers = self._await()
        try:
            yield buffers
        finally:
            with self._changed:
                self._free.append(buffers)
                self._changed.notify_all()

    def _await(self) -> PartBuffers:
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            try:
                while not self._free or self._waiting[0] is not ticket:
                    self._patience.check()
                    self._changed.wait(_LOOK_S)
                return self._free.pop()
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()
