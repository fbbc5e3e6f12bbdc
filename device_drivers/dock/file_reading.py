"""Reading one file of a recorder from its first byte to its last, trying again where the medium or the cable falters."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from device_drivers.dock.errors import StoppedError
from device_drivers.errors import RecorderError, RecorderUnpluggedError
from device_drivers.recorder import RecordedFileReader, Recorder
from integrity.listing import RecordedFile

READ_BYTES = 1024**2
"""At most this much is asked of a recorder at once; some hang on more."""
ATTEMPTS = 3
PAUSE_S = 0.5


class FileReading:
    """One file being read; leaving the ``with`` block closes it.

    Args:
        recorder: Used by this thread only.
        file: What is read.
        stop: Set when the program is to end.
        on_read: Told how many bytes came, after each piece.
    """

    __slots__ = ("_file", "_on_read", "_reader", "_recorder", "_stop", "offset_bytes")

    def __init__(self, recorder: Recorder, file: RecordedFile, *, stop: threading.Event, on_read: Callable[[int], None]) -> None:
        self._recorder = recorder
        self._file = file
        self._stop = stop
        self._on_read = on_read
        self._reader: RecordedFileReader | None = None
        self.offset_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._close()

    def fill(self, buffer: memoryview) -> int:
        """Fill a buffer with what comes next.

        Returns:
            How many bytes were read; less than the buffer holds only at the end of the file.

        Raises:
            RecorderUnpluggedError: The recorder left.
            RecorderError: The same stretch failed :data:`ATTEMPTS` times.
            StoppedError: The program is to end.
        """
        filled = 0
        while filled < len(buffer):
            count = self._read_piece(buffer[filled : filled + READ_BYTES])
            if not count:
                break
            filled += count
        return filled

    def _read_piece(self, piece: memoryview) -> int:
        for attempt in range(1, ATTEMPTS + 1):
            if self._stop.is_set():
                raise StoppedError
            try:
                if self._reader is None:
                    self._reader = self._recorder.open_file(self._file, self.offset_bytes)
                count = self._reader.readinto(piece)
            except RecorderUnpluggedError:
                raise
            except RecorderError:
                self._close()
                if attempt == ATTEMPTS:
                    raise
                self._stop.wait(PAUSE_S)
            else:
                self.offset_bytes += count
                if count:
                    self._on_read(count)
                return count
        raise StoppedError

    def _close(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()
