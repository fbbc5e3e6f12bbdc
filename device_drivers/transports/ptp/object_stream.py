"""A whole object on its way in by GetObject, for devices that cannot be asked for a part."""

from __future__ import annotations

from typing import Protocol

from device_drivers.transports.ptp.data_phase import DataPhase


class _Owner(Protocol):
    """The session that a stream belongs to."""

    def continue_stream(self, stream: ObjectStream, phase: DataPhase) -> memoryview: ...

    def cancel_stream(self, stream: ObjectStream | None = None) -> None: ...


class ObjectStream:
    """An object from its start to its end; :meth:`close` cancels what is left.

    Attributes:
        is_lost: Whether another operation, or an error, has ended it early; what was read before is good.
        position: How many bytes were given.
    """

    def __init__(self, owner: _Owner, phase: DataPhase) -> None:
        self._owner, self._phase = owner, phase
        self._piece = memoryview(b"")
        self._has_ended = False
        self.is_lost = False
        self.position = 0

    def readinto(self, buffer: memoryview) -> int:
        """Fill a buffer with the next bytes; fewer come only at the end, or where the stream was lost.

        Raises:
            RecorderError: The way to the device failed; the stream is lost.
        """
        filled = 0
        while filled < len(buffer) and self._fetch():
            count = min(len(buffer) - filled, len(self._piece))
            buffer[filled : filled + count] = self._piece[:count]
            self._piece = self._piece[count:]
            filled += count
            self.position += count
        return filled

    def skip(self, count: int) -> None:
        """Pass over so many bytes, or as many as there are; raises like :meth:`readinto`."""
        while count and self._fetch():
            passed = min(count, len(self._piece))
            self._piece = self._piece[passed:]
            self.position += passed
            count -= passed

    def close(self) -> None:
        """Cancel what is left.

        Raises:
            RecorderError: The device could not be made ready again.
        """
        self._piece = memoryview(b"")
        if not self._has_ended:
            self._owner.cancel_stream(self)

    def _fetch(self) -> bool:
        """Have a piece at hand; ``False`` at the end."""
        if self.is_lost:
            self._piece = memoryview(b"")
        elif not self._piece and not self._has_ended:
            self._piece = self._owner.continue_stream(self, self._phase)
            self._has_ended = not self._piece
        return bool(self._piece)
