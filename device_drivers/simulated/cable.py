"""One port of a virtual bus: what is plugged into it, the cable that can be pulled at any byte, and the change into another device."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

from device_drivers.simulated.faults import NO_FAULTS, Faults
from device_drivers.simulated.usb_device import VirtualDevice

_READ_AHEAD_S = 0.05
"""A card reads on into its buffer while the host is busy: so much of a pause between two commands costs no speed."""
_FOREVER = float("inf")


class Cable:
    """One device on one port, used by one importer at a time."""

    def __init__(self, device: VirtualDevice, *, faults: Faults = NO_FAULTS, bytes_per_s: int | None = None) -> None:
        """Plug a device in.

        Args:
            device: What is plugged in.
            faults: When the cable is pulled, and how long things stay away.
            bytes_per_s: Fastest that bulk bytes go to the host; ``None`` is as fast as can be.
        """
        self._first, self.device = device, device
        self._faults, self._bytes_per_s = faults, bytes_per_s
        self._pulls = list(faults.unplug_after_bytes)
        self._lock = threading.Lock()
        self._importer: socket.socket | None = None
        self._away_until = 0.0
        self._given_bytes = 0
        self._due_at = 0.0

    device: VirtualDevice
    """What answers now: the device that was plugged in, or what it changed into."""

    @property
    def is_plugged_in(self) -> bool:
        """Whether the device is on the bus."""
        return time.monotonic() >= self._away_until

    def unplug(self, *, for_s: float | None = None) -> None:
        """Pull the cable; it is plugged in again after a while, or by :meth:`plug_in`, and then is again what it was at first."""
        self._leave(for_s)
        self.device = self._first
        with self._lock:
            importer, self._importer = self._importer, None
        if importer is not None:
            with contextlib.suppress(OSError):  # it may have ended by itself
                importer.shutdown(socket.SHUT_RDWR)

    def plug_in(self) -> None:
        """Plug the cable in."""
        self._away_until = 0.0

    def pull(self) -> None:
        """Pull the cable as the fault script says."""
        self.unplug(for_s=self._faults.replug_after_s)

    def change_into(self, successor: VirtualDevice) -> None:
        """Let the device leave the bus and come back as another one, until the cable is pulled."""
        self._leave(self._faults.reenumerate_after_s)
        self.device = successor

    def claim(self, importer: socket.socket) -> bool:
        """Let a host use the device, unless another one does."""
        with self._lock:
            if self._importer is not None:
                return False
            self._importer = importer
            return True

    def release(self, importer: socket.socket) -> None:
        """Let others use the device, if this host did."""
        with self._lock:
            if self._importer is importer:
                self._importer = None

    def account(self, count: int) -> int | None:
        """Count bulk bytes about to go out, no faster than allowed; answer after how many of them the cable is pulled, if it is."""
        if self._bytes_per_s:
            self._due_at = max(self._due_at, time.monotonic() - _READ_AHEAD_S) + count / self._bytes_per_s
            time.sleep(max(0.0, self._due_at - time.monotonic()))
        before, self._given_bytes = self._given_bytes, self._given_bytes + count
        if self._pulls and self._given_bytes >= self._pulls[0]:
            return max(0, self._pulls.pop(0) - before)
        return None

    def _leave(self, for_s: float | None) -> None:
        self._away_until = _FOREVER if for_s is None else time.monotonic() + for_s
