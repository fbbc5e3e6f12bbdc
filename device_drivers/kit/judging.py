"""What checks work with: the recorder, its listing, and ways to say what is wrong."""

from __future__ import annotations

from collections.abc import Sequence

from device_drivers.recorder import Recorder
from integrity.listing import RecordedFile

MOST_READ_BYTES = 8 * 1024**2
"""Most that a check reads of a file in one go, so that a full card takes minutes and not hours."""


class BrokenPromiseError(Exception):
    """A driver does not do what ``device_drivers.recorder`` promises."""


class NotApplicableError(Exception):
    """A promise cannot be tried on this recorder."""


def require(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - reads like a sentence
    """Go on when a claim holds.

    Raises:
        BrokenPromiseError: It does not.
    """
    if not holds:
        raise BrokenPromiseError(otherwise)


class Subject:
    """The recorder that is tried.

    Args:
        recorder: The recorder.
        family: Name of the family that opened it.
    """

    def __init__(self, recorder: Recorder, family: str) -> None:
        self.recorder = recorder
        self.family = family
        self._listing: list[RecordedFile] | None = None

    def listing(self) -> Sequence[RecordedFile]:
        """List it, once.

        Raises:
            RecorderError: It could not be listed whole.
        """
        if self._listing is None:
            self._listing = list(self.recorder.list_files())
        return self._listing

    def largest(self, *, at_least: int = 1) -> Sequence[RecordedFile]:
        """Give the files that are at least so large, the largest first.

        Raises:
            NotApplicableError: There is none.
        """
        fitting = sorted((file for file in self.listing() if file.size_bytes >= at_least), key=lambda file: -file.size_bytes)
        if not fitting:
            raise NotApplicableError(f"there is no file of {at_least} bytes or more on it")
        return fitting

    def read(self, file: RecordedFile, offset: int = 0, *, length: int = MOST_READ_BYTES, step: int = 1024**2) -> bytes:
        """Read a file from an offset, to its end or as far as asked, by steps of so many bytes.

        Raises:
            BrokenPromiseError: More came than the buffer holds.
            RecorderError: It could not be read.
        """
        content = bytearray()
        buffer = memoryview(bytearray(step))
        with self.recorder.open_file(file, offset) as reader:
            while len(content) < length:
                wanted = min(step, length - len(content))
                count = reader.readinto(buffer[:wanted])
                require(0 <= count <= wanted, f"readinto() said {count} for a buffer of {wanted} bytes")
                if not count:
                    break
                content += buffer[:count]
        return bytes(content)
