"""Read one file straight from the disk, along the stretches that the child process found for it."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from device_drivers.errors import MalformedReplyError, RecorderReadError
from device_drivers.transports.disk import Disk
from device_drivers.transports.filesystem_child.answers import Locator, read_runs
from device_drivers.transports.filesystem_child.child import FileSystemChild
from integrity.listing import RecordedFile


class FileContent:
    """A file from an offset to its end; only the places of its bytes come from the child, the bytes themselves never pass through it."""

    def __init__(self, disk: Disk, child: FileSystemChild, file: RecordedFile, *, locator: Locator, offset: int) -> None:
        self._disk, self._child, self._file, self._locator = disk, child, file, locator
        self._position = offset
        self._runs: list[tuple[int, int]] = []
        self._run = 0  # index within _runs
        self._run_start = 0  # where that run begins in the file
        self._asked = 0
        self._has_more_runs = True

    def readinto(self, buffer: memoryview) -> int:
        """Fill a buffer with the next bytes; see ``device_drivers.recorder.RecordedFileReader``."""
        wanted = min(len(buffer), max(0, self._file.size_bytes - self._position))
        filled = 0
        while filled < wanted:
            count = self._read_piece(buffer[filled:wanted])
            if not count:
                break
            filled += count
            self._position += count
        return filled

    def close(self) -> None:
        """Forget the file's places."""
        self._runs, self._has_more_runs = [], False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _read_piece(self, buffer: memoryview) -> int:
        unwritten = self._position - self._locator.valid_bytes
        if unwritten >= 0:
            buffer[:] = bytes(len(buffer))  # exFAT: beyond what was ever written, a file reads as zeros
            return len(buffer)
        place = self._find_place()
        if place is None:
            return 0
        start, length = place
        piece = buffer[: min(length, -unwritten)]
        return self._disk.read_at(start, piece)

    def _find_place(self) -> tuple[int, int] | None:
        """Find where the next byte lies, and how many follow it there; ``None`` where the chain has ended."""
        while True:
            while self._run < len(self._runs):
                start, length = self._runs[self._run]
                skipped = self._position - self._run_start
                if skipped < length:
                    return start + skipped, length - skipped
                self._run += 1
                self._run_start += length
            if not self._has_more_runs:
                return None
            self._ask_for_runs()

    def _ask_for_runs(self) -> None:
        try:
            answer = self._child.ask("runs", volume=self._locator.volume, place=self._locator.place, first=self._asked)
        except MalformedReplyError as error:
            raise RecorderReadError(self._file.path, self._position, error.reason) from error
        self._runs, self._has_more_runs = read_runs(answer, first=self._asked, disk_bytes=self._disk.size_bytes)
        self._run = 0
        self._asked += len(self._runs)
