"""What a recorder says about itself and its files, taken before anything else happens to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from itertools import chain

from device_drivers.errors import ListingIncompleteError, RecorderError, RecorderUnpluggedError
from device_drivers.recorder import Recorder, read_fingerprint
from integrity.listing import MAX_FILES, MAX_TEXT_CHARACTERS, ClockReading, Listing, RecordedFile, RecorderIdentity

MOST_FINGERPRINT_FAILURES = 3
"""So many files whose head or tail fails for reasons of the connection, and no more fingerprints are tried."""


def take_listing(
    recorder: Recorder,
    identity: RecorderIdentity,
    *,
    clock: ClockReading | None,
    now: Callable[[], datetime],
    fingerprints: bool = True,
    on_begun: Callable[[], None] | None = None,
) -> tuple[Listing, RecorderUnpluggedError | None]:
    """List every file of a recorder.

    Args:
        recorder: The open recorder.
        identity: Who it said it is.
        clock: What its clock showed.
        now: The dock's clock, aware UTC.
        fingerprints: Whether each file's head and tail are read as well.
        on_begun: Told once the recorder has begun to list: from then on some are disks and answer nothing else.

    Returns:
        The listing, incomplete where something could not be listed; and that the recorder left meanwhile, if it did. What it had named but left
        before showing a head and tail is named in the listing's failure and not among its files: the next docking could not tell it from a file
        that nobody has seen, and would expect it twice.
    """
    files, failure = _list(recorder, on_begun or _nobody)
    unexamined: list[RecordedFile] = []
    if fingerprints and not isinstance(failure, RecorderUnpluggedError):
        listed = files
        files, unplugged = _add_fingerprints(recorder, listed)
        failure = unplugged or failure
        unexamined = listed[len(files) :]
    text = None if failure is None else _told(failure, unexamined)
    listing = Listing(identity, clock, tuple(files), is_complete=failure is None, failure=text, taken_at=now())
    return listing, failure if isinstance(failure, RecorderUnpluggedError) else None


def _nobody() -> None:
    """Nobody waits for that."""


def _list(recorder: Recorder, on_begun: Callable[[], None]) -> tuple[list[RecordedFile], RecorderError | None]:
    files: list[RecordedFile] = []
    try:
        listed = recorder.list_files()
        first = next(listed, None)
        on_begun()
        for file in chain([first] if first is not None else [], listed):
            if len(files) == MAX_FILES:
                return files, ListingIncompleteError((f"what comes after {MAX_FILES} files",))
            files.append(file)
    except RecorderError as error:
        return files, error
    return files, None


def _told(failure: RecorderError, unexamined: list[RecordedFile]) -> str:
    text = str(failure)
    if unexamined:
        text += f"; {len(unexamined)} more files were named and not examined: " + ", ".join(file.path for file in unexamined)
    return text.encode(errors="backslashreplace").decode()[:MAX_TEXT_CHARACTERS]


def _add_fingerprints(recorder: Recorder, files: list[RecordedFile]) -> tuple[list[RecordedFile], RecorderUnpluggedError | None]:
    """Add the fingerprints that can be read; gives the files up to the one at which the recorder left."""
    done: list[RecordedFile] = []
    failures = 0
    for file in files:
        fingerprint = None
        try:
            if failures < MOST_FINGERPRINT_FAILURES:
                fingerprint = read_fingerprint(recorder, file)
        except RecorderUnpluggedError as error:
            return done, error
        except RecorderError:
            failures += 1
        done.append(replace(file, fingerprint=fingerprint))
    return done, None
