"""What every recorder promises to a dock, whoever made it.

A recorder is opened by a family (see ``registry``), used by one dock, and closed. Files are described by the values of
``integrity.listing``, because a dock attests them. Two calls write to a recorder and no other: ``set_clock`` and ``remove_files``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
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
    can_remove_files: bool = False
    can_read_battery: bool = False
    can_read_charge_state: bool = False
    can_resume: bool = True


@dataclass(frozen=True, slots=True)
class RecorderStatus:
    """How a recorder is doing; ``None`` stands for what it cannot tell.

    Attributes:
        battery_percent: Charge, 0 to 100.
        is_charging: Whether it takes charge.
        has_card: Whether there is a medium in it.
        is_write_protected: Whether its medium takes no writes.
        capacity_bytes: Size of its medium.
        free_bytes: Room left on it.
        video_width: Of what it records, in pixels.
        video_height: Likewise.
    """

    battery_percent: int | None = None
    is_charging: bool | None = None
    has_card: bool | None = None
    is_write_protected: bool | None = None
    capacity_bytes: int | None = None
    free_bytes: int | None = None
    video_width: int | None = None
    video_height: int | None = None


@dataclass(frozen=True, slots=True)
class Removal:
    """What became of one file that was to be removed.

    Attributes:
        file: The file as it was listed.
        kept_because: Why it is still there, or ``None`` when it was removed.
    """

    file: RecordedFile
    kept_because: str | None = None


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

    @property
    def usb_address(self) -> tuple[int, int] | None:
        """Bus and address where it is now; another than at first once it came back in storage mode. ``None`` without USB."""

    def identity(self) -> RecorderIdentity:
        """Say who the recorder says it is; unknown fields are ``None``.

        Raises:
            RecorderError: It could not be asked.
        """

    def read_clock(self) -> ClockReading | None:
        """Read the recorder's clock, or answer ``None`` where it has none that can be read."""

    def set_clock(self, moment: datetime) -> None:
        """Set the recorder's clock.

        Args:
            moment: What it is to show once the call returns, aware; the driver knows in which zone the recorder keeps it.

        Raises:
            UnsupportedCommandError: It has no clock that can be set.
            RecorderError: It refused, or the way to it failed.
        """

    def read_status(self) -> RecorderStatus:
        """Say how the recorder is doing.

        Raises:
            RecorderError: It could not be asked.
        """

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

    def remove_files(self, files: Sequence[RecordedFile]) -> Iterator[Removal]:
        """Remove exactly these files, and whatever happens no other.

        Each is looked at again immediately before: path, size, time of change and fingerprint must be those listed, or it stays. Afterwards
        :meth:`list_files` shows what is there now.

        Args:
            files: As listed at this plugging-in, each with its fingerprint.

        Yields:
            What became of each, in their order.

        Raises:
            UnsupportedCommandError: Nothing can be removed from this recorder.
            RecorderUnpluggedError: It left; those already given are as said, the rest is unknown until it is listed again.
            RecorderError: The way to it failed, likewise.
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
