"""Read one object: by parts where the device gives them, else from its start."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from device_drivers.errors import EndpointStalledError, MalformedReplyError, RecorderError, RecorderReadError, RecorderUnpluggedError, TransferError
from device_drivers.transports.ptp import MAX_READ_BYTES, ObjectStream, OperationRefusedError, Session
from device_drivers.transports.ptp.codes import Operation, ResponseCode
from device_drivers.transports.ptp.containers import HEADER_BYTES
from device_drivers.transports.ptp.operations import read_part, read_part_64
from integrity.listing import RecordedFile

_FIRST_OUT_OF_REACH = 2**32
_STREAM_ATTEMPTS = 3


@dataclass(slots=True)
class ReadingWays:
    """How a device can be asked for parts, as far as is known; what it advertises and then refuses is not tried again.

    Attributes:
        by_64_bits: GetPartialObject64.
        by_32_bits: GetPartialObject, for parts that begin below 4 GiB.
    """

    by_64_bits: bool
    by_32_bits: bool

    @classmethod
    def of(cls, session: Session) -> Self:
        """Take what a device advertises."""
        return cls(session.supports(Operation.GET_PARTIAL_OBJECT_64), session.supports(Operation.GET_PARTIAL_OBJECT))

    @property
    def any(self) -> bool:
        """Whether reading can begin in the middle."""
        return self.by_64_bits or self.by_32_bits


class ObjectContent:
    """A file from an offset to its end; keeps the promise of ``device_drivers.recorder.RecordedFileReader``."""

    def __init__(self, session: Session, ways: ReadingWays, file: RecordedFile, *, handle: int, offset: int) -> None:
        self._session, self._ways, self._file, self._handle = session, ways, file, handle
        self._position, self._numbering = offset, session.numbering
        self._stream: ObjectStream | None = None

    def readinto(self, buffer: memoryview) -> int:
        """Fill a buffer with the next bytes; see ``RecordedFileReader``. After an error the same bytes can be asked for again."""
        wanted = min(len(buffer), max(0, self._file.size_bytes - self._position))
        filled = 0
        while filled < wanted:
            count = self._read_piece(self._position + filled, buffer[filled:wanted])
            if not count:
                break
            filled += count
        self._position += filled
        return filled

    def close(self) -> None:
        """Let go of the file, cancelling what was still to come."""
        stream, self._stream = self._stream, None
        if stream is not None:
            with suppress(RecorderError):  # whatever the device still has wrong, the next operation meets it
                stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _read_piece(self, position: int, buffer: memoryview) -> int:
        if self._session.numbering != self._numbering:
            raise RecorderReadError(self._file.path, position, "the recorder was reset meanwhile")
        try:
            if self._ways.by_64_bits or (self._ways.by_32_bits and position < _FIRST_OUT_OF_REACH):
                count = self._read_part(position, buffer[: self._part_length(position, len(buffer))])
                if count is not None:
                    return count
                return self._read_piece(position, buffer)
            return self._read_stream(position, buffer)
        except OperationRefusedError as error:
            if error.code == ResponseCode.STORE_NOT_AVAILABLE:
                raise RecorderUnpluggedError("reading; its card was taken out") from error
            raise RecorderReadError(self._file.path, position, error.reason) from error
        except (MalformedReplyError, EndpointStalledError, TransferError) as error:
            raise RecorderReadError(self._file.path, position, str(error)) from error

    def _part_length(self, position: int, wanted: int) -> int:
        """Choose how much to ask for: one byte less where the file would end with a full packet, on which some devices hang."""
        length = min(wanted, MAX_READ_BYTES)
        reaches_end = position + length >= self._file.size_bytes
        return length - 1 if reaches_end and length > 1 and (HEADER_BYTES + length) % self._session.packet_bytes == 0 else length

    def _read_part(self, position: int, buffer: memoryview) -> int | None:
        """Read a part; ``None`` where the device turns out not to know how, so that another way is to be tried."""
        try:
            if self._ways.by_64_bits:
                return read_part_64(self._session, self._handle, position, buffer)
            return read_part(self._session, self._handle, position, buffer)
        except OperationRefusedError as error:
            if error.code != ResponseCode.OPERATION_NOT_SUPPORTED:
                raise
        if self._ways.by_64_bits:
            self._ways.by_64_bits = False
        else:
            self._ways.by_32_bits = False
        return None

    def _read_stream(self, position: int, buffer: memoryview) -> int:
        """Read on in the stream, beginning it again and passing over what is known where it was lost to another operation or an error."""
        for attempt in range(_STREAM_ATTEMPTS):
            try:
                stream = self._stream_at(position)
                count = stream.readinto(buffer)
            except (MalformedReplyError, EndpointStalledError, TransferError):
                if attempt == _STREAM_ATTEMPTS - 1:
                    raise
                continue
            if count or not stream.is_lost:
                return count
        return 0

    def _stream_at(self, position: int) -> ObjectStream:
        if self._stream is None or self._stream.is_lost or self._stream.position != position:
            self.close()
            self._stream = self._session.open_object(self._handle, self._file.size_bytes, during="reading")
            self._stream.skip(position)
        return self._stream
