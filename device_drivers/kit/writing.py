"""Checks that change a recorder: its clock, and one file that a person named. For recorders whose footage nobody needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from device_drivers.errors import UnsupportedCommandError
from device_drivers.kit.judging import BrokenPromiseError, NotApplicableError, Subject, require
from device_drivers.recorder import read_fingerprint
from integrity.listing import RecordedFile

MOST_OFFSET_S = 3.0
"""A clock that was just set may differ by this much, in seconds: FAT counts by two, and the answer takes a moment."""


@dataclass(frozen=True, slots=True)
class ClockCheck:
    """Its clock can be set where the driver says so, and shows what it was set to; elsewhere that is refused.

    Attributes:
        now: The time, aware UTC.
    """

    now: Callable[[], datetime]
    __name__: ClassVar[str] = "sets_its_clock"

    def __call__(self, subject: Subject) -> None:
        """Set it, and read it where it can be read."""
        recorder = subject.recorder
        if not recorder.capabilities.can_set_clock:
            try:
                recorder.set_clock(self.now())
            except UnsupportedCommandError as error:
                raise NotApplicableError("its clock cannot be set, and that is refused") from error
            raise BrokenPromiseError("set_clock() was not refused, and can_set_clock is False")
        recorder.set_clock(self.now())
        reading = recorder.read_clock() if recorder.capabilities.can_read_clock else None
        if reading is not None:
            most = MOST_OFFSET_S + reading.uncertainty_s
            require(abs(reading.offset_s) <= most, f"just set, its clock differs by {reading.offset_s} s")


@dataclass(frozen=True, slots=True)
class RemovalCheck:
    """A file that is not as it was listed stays; the named file goes, and no other.

    Attributes:
        path: Path of the file that is given up, as it is listed.
    """

    path: str
    __name__: ClassVar[str] = "removes_exactly_what_is_named"

    def __call__(self, subject: Subject) -> None:
        """Ask for it under a wrong fingerprint, then under the right one, and list again."""
        if not subject.recorder.capabilities.can_remove_files:
            raise NotApplicableError("nothing can be removed from it this way")
        before = list(subject.recorder.list_files())
        file = next((each for each in before if each.path == self.path), None)
        if file is None:
            raise BrokenPromiseError("the file that was named is not on it")
        self._ask_wrongly(subject, file)
        fingerprint = read_fingerprint(subject.recorder, file)
        (removal,) = subject.recorder.remove_files((replace(file, fingerprint=fingerprint),))
        require(removal.kept_because is None, f"it was kept: {removal.kept_because}")
        left = {(each.path, each.size_bytes) for each in subject.recorder.list_files()}
        require(
            left == {(each.path, each.size_bytes) for each in before if each is not file}, "the listing afterwards is not the rest of the one before"
        )

    def _ask_wrongly(self, subject: Subject, file: RecordedFile) -> None:
        (removal,) = subject.recorder.remove_files((replace(file, fingerprint="0" * 64),))
        require(removal.kept_because is not None, "a file was removed whose fingerprint is not the listed one")
        require(any(each.path == self.path for each in subject.recorder.list_files()), "a file is gone that was said to be kept")
