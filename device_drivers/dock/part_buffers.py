"""The few buffers that a file passes through on its way; they are what bounds the dock's memory."""

from __future__ import annotations

import queue
import threading

from device_drivers.dock.patience import Patience

BUFFERS = 3
"""One is being filled, one digested, one sent."""
_LOOK_S = 0.5


class PartBuffer:
    """Room for one part, given back when its last user lets go."""

    __slots__ = ("_home", "_lock", "_users", "size_bytes", "whole")

    def __init__(self, home: queue.SimpleQueue[PartBuffer]) -> None:
        self._home = home
        self._lock = threading.Lock()
        self._users = 0
        self.whole = memoryview(bytearray())
        self.size_bytes = 0

    @property
    def filled(self) -> memoryview:
        """The bytes of the part that lies here, where they are."""
        return self.whole[: self.size_bytes]

    def prepare(self, capacity_bytes: int) -> None:
        """Make it this large, with one user."""
        if len(self.whole) != capacity_bytes:
            self.whole = memoryview(bytearray(capacity_bytes))
        self.size_bytes = 0
        self._users = 1

    def hold(self) -> None:
        """Count one more user."""
        with self._lock:
            self._users += 1

    def release(self) -> None:
        """Count one user less; after the last the buffer is free."""
        with self._lock:
            self._users -= 1
            is_free = self._users == 0
        if is_free:
            self._home.put(self)


class PartBuffers:
    """The buffers of one turn at reading.

    Args:
        patience: Tells when waiting is to end.
    """

    __slots__ = ("_free", "_patience")

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._free: queue.SimpleQueue[PartBuffer] = queue.SimpleQueue()
        for _ in range(BUFFERS):
            self._free.put(PartBuffer(self._free))

    def take(self, capacity_bytes: int) -> PartBuffer:
        """Wait for a free buffer of this size.

        Raises:
            StoppedError: The program is to end.
        """
        while True:
            self._patience.check()
            try:
                buffer = self._free.get(timeout=_LOOK_S)
            except queue.Empty:
                continue
            buffer.prepare(capacity_bytes)
            return buffer
