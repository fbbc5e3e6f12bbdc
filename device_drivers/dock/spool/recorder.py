"""A plugging-in of the spool as the recorder it was: the same identity, clock and listing, and the footage that was taken in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self

from device_drivers.dock.spool.chunks import ChunkReader
from device_drivers.dock.spool.errors import SpoolDamagedError
from device_drivers.dock.spool.store import SpooledSession, SpoolRecord
from device_drivers.errors import RecorderReadError, UnsupportedCommandError
from device_drivers.recorder import Capabilities, RecorderStatus, Removal
from integrity.listing import ClockReading, RecordedFile, RecorderIdentity


class SpooledFile:
    """One file of the spool; keeps the promise of ``device_drivers.recorder.RecordedFileReader``."""

    def __init__(self, reader: ChunkReader, path: str) -> None:
        self._reader = reader
        self._path = path
        self._offset = 0

    def readinto(self, buffer: memoryview) -> int:
        """Fill a buffer; see ``RecordedFileReader``."""
        try:
            count = self._reader.readinto(buffer)
        except (SpoolDamagedError, OSError) as error:
            raise RecorderReadError(self._path, self._offset, str(error)) from error
        self._offset += count
        return count

    def close(self) -> None:
        """Close it; calling again does nothing."""
        self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class SpooledRecorder:
    """Keeps the promise of ``device_drivers.recorder.Recorder``.

    Args:
        session: Where the footage lies.
        record: What was attested then.
    """

    capabilities = Capabilities()
    usb_address: tuple[int, int] | None = None

    def __init__(self, session: SpooledSession, record: SpoolRecord) -> None:
        self._session = session
        self._record = record
        self._places = {(file.path_raw_base64, file.locator): index for index, file in enumerate(record.listing.files)}

    def identity(self) -> RecorderIdentity:
        """Who it said it was."""
        return self._record.plugged.identity

    def read_clock(self) -> ClockReading | None:
        """What its clock showed then."""
        return self._record.plugged.clock

    def set_clock(self, moment: datetime) -> None:
        """It is not there."""
        del moment
        raise UnsupportedCommandError("set its clock")

    def read_status(self) -> RecorderStatus:
        """How it was doing then."""
        return self._record.plugged.condition or RecorderStatus()

    def list_files(self) -> Iterator[RecordedFile]:
        """What it listed then."""
        yield from self._record.listing.files

    def open_file(self, file: RecordedFile, offset: int = 0) -> SpooledFile:
        """Open a file that lies in the spool; see ``Recorder.open_file``."""
        index = self._places.get((file.path_raw_base64, file.locator))
        if index is None:
            raise RecorderReadError(file.path, offset, "it was not listed")
        try:
            return SpooledFile(self._session.read(index, offset), file.path)
        except (SpoolDamagedError, OSError) as error:
            raise RecorderReadError(file.path, offset, str(error)) from error

    def remove_files(self, files: Sequence[RecordedFile]) -> Iterator[Removal]:
        """It is not there."""
        del files
        raise UnsupportedCommandError("remove files")

    def close(self) -> None:
        """Nothing to let go of."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
