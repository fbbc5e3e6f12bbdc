"""What every recorder promises to a dock, whoever made it.

A recorder is opened by a family (see ``registry``), used by one dock, and closed. Files are described by the values of
``integrity.listing``, because a dock attests them; nothing here writes to a recorder.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from device_drivers.errors import RecorderReadError
from integrity.hashing import running_sha256
from integrity.listing import FINGERPRINT_SPAN_BYTES, ClockReading, RecordedFile, RecorderIdentity


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a recorder can do beyond listing and reading."""

    can_read_clock: bool = False
    can_set_clock: bool = False
    can_delete: bool = False
    can_read_battery: bool = False
    can_read_charge_state: bool = False
    can_resume: bool = True


class RecordedFileReader(Protocol):
    """One file, read from an offset to its end."""

    def readinto(self, buffer: memoryview) -> int:
        """Fill a buffer, from its start, with the file's next bytes.

        Returns:
            How many bytes were written; less than the buffer only at the end, and 0 once there is nothing more. A file that
            ends before its announced size ends here likewise: the caller compares.

        Raises:
            RecorderUnpluggedError: The recorder left; bytes returned before are good.
            RecorderReadError: A stretch of the medium cannot be read.
            RecorderError: The way to the recorder failed otherwise.
        """

    def close(self) -> None:
        """Let go of the file; calling again does nothing."""

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...


@runtime_checkable
class Recorder(Protocol):
    """An open recorder. Leaving its ``with`` block closes it; one thread uses it at a time."""

    @property
    def capabilities(self) -> Capabilities:
        """What this recorder can do beyond listing and reading."""

    def identity(self) -> RecorderIdentity:
        """Say who the recorder says it is; unknown fields are ``None``.

        Raises:
            RecorderError: It could not be asked.
        """

    def read_clock(self) -> ClockReading | None:
        """Read the recorder's clock, or answer ``None`` where it has none that can be read."""

    def list_files(self) -> Iterator[RecordedFile]:
        """List every file, without fingerprints, in the order the recorder keeps them.

        Raises:
            ListingIncompleteError: At the end, naming what could not be listed; the files before it stay valid.
            RecorderUnpluggedError: The recorder left; the files before it stay valid, the listing is incomplete.
        """

    def open_file(self, file: RecordedFile, offset: int = 0) -> RecordedFileReader:
        """Open a listed file for reading from a byte offset.

        Raises:
            RecorderReadError: The file's place on the medium cannot be found.
            RecorderError: The way to the recorder failed.
        """

    def close(self) -> None:
        """Let go of the recorder; calling again does nothing."""

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...


def read_fingerprint(recorder: Recorder, file: RecordedFile) -> str | None:
    """Compute a file's fingerprint as ``integrity.listing.RecordedFile`` defines it.

    Returns:
        SHA-256 in hexadecimal, or ``None`` when the head or the tail cannot be read or is shorter than announced.

    Raises:
        RecorderUnpluggedError: The recorder left.
        RecorderError: The way to the recorder failed; only unreadable stretches of the medium give ``None``.
    """
    span = FINGERPRINT_SPAN_BYTES
    stretches = [(0, file.size_bytes)] if file.size_bytes <= 2 * span else [(0, span), (file.size_bytes - span, span)]
    digest = running_sha256()
    for offset, length in stretches:
        try:
            stretch = _read_exactly(recorder, file, offset=offset, length=length)
        except RecorderReadError:
            return None
        if len(stretch) < length:
            return None
        digest.update(stretch)
    return digest.digest().hex()


def _read_exactly(recorder: Recorder, file: RecordedFile, *, offset: int, length: int) -> bytes:
    buffer = bytearray(length)
    if not length:
        return b""
    with recorder.open_file(file, offset) as reader:
        filled = 0
        while filled < length:
            count = reader.readinto(memoryview(buffer)[filled:])
            if not count:
                break
            filled += count
    return bytes(buffer[:filled])
