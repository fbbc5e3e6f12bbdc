"""What a dock prints when it is done with a recorder: one JSON object for each file, then one that sums up."""

from __future__ import annotations

import json
import threading
from collections import Counter
from enum import IntEnum
from typing import Any, TextIO

from device_drivers.dock.answers import SessionOutcome
from device_drivers.dock.errors import DockError, StoppedError
from device_drivers.dock.session import DockedSession
from device_drivers.errors import RecorderError
from integrity.receipt import ClipState


class ExitCode(IntEnum):
    """How ``bodycam dock`` ends; documented in docs/dock.md."""

    ALL_SEALED = 0
    USAGE = 2
    FILES_FAILED = 3
    NOT_SEALED = 4
    UNPLUGGED = 5
    SERVICE_FAILED = 6
    RECORDER_FAILED = 7
    STOPPED = 8


def exit_code(session: DockedSession, *, is_there: bool) -> ExitCode:
    """Sum a session up in a number; what is worse for the footage comes first.

    Args:
        session: A session that has ended.
        is_there: Whether every file that was sent has come as far as was asked.
    """
    if session.outcome is SessionOutcome.UNPLUGGED:
        return ExitCode.UNPLUGGED
    if isinstance(session.error, RecorderError):
        return ExitCode.RECORDER_FAILED
    if session.error is not None:
        return error_code(session.error)
    if session.sent < len(session.tickets) or session.listing is None or not session.listing.is_complete:
        return ExitCode.FILES_FAILED
    return ExitCode.ALL_SEALED if is_there else ExitCode.NOT_SEALED


def error_code(error: DockError) -> ExitCode:
    """The number for an error that ended everything."""
    return ExitCode.STOPPED if isinstance(error, StoppedError) else ExitCode.SERVICE_FAILED


class Results:
    """Prints results as JSON lines; a session's lines stay together.

    Args:
        stream: Standard output.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def print_session(self, session: DockedSession, *, code: ExitCode) -> None:
        """Print a session's files and its summary."""
        lines = [_file_line(session, index) for index in range(len(session.tickets))]
        with self._lock:
            for line in [*lines, _summary(session, lines, code=code)]:
                self._stream.write(json.dumps(line) + "\n")
            self._stream.flush()


def _file_line(session: DockedSession, index: int) -> dict[str, Any]:
    ticket, result, clip = session.tickets[index], session.results.get(index), session.clips.get(index)
    files = session.listing.files if session.listing is not None else ()
    announced_bytes = files[index].size_bytes
    line: dict[str, Any] = {
        "path": files[index].path,
        "clip_id": clip.clip_id if clip else (result.ticket if result else ticket).clip_id,
        "state": (clip.state if clip else ticket.state).value,
        "size_bytes": clip.size_bytes if clip and clip.size_bytes is not None else announced_bytes,
        "sha256": clip.sha256 if clip else None,
        "sm3": clip.sm3 if clip else None,
    }
    if clip is not None and clip.quarantine is not None:
        line["quarantine"] = clip.quarantine
    if result is not None and result.failure is not None:
        line["failure"] = str(result.failure)
    return line


def _summary(session: DockedSession, lines: list[dict[str, Any]], *, code: ExitCode) -> dict[str, Any]:
    return {
        "session_id": session.session_id,
        "slot": session.slot,
        "outcome": session.outcome.value,
        "listing_complete": session.listing is not None and session.listing.is_complete,
        "files": len(lines),
        "sealed": sum(ClipState(line["state"]).reached(ClipState.SEALED) for line in lines),
        "states": dict(Counter(line["state"] for line in lines)),
        "size_bytes": sum(line["size_bytes"] for line in lines),
        "exit_code": int(code),
        **({"reason": str(session.error)} if session.error is not None else {}),
    }
