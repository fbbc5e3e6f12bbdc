"""Bringing what waits in the spool to the service, as soon as it answers again."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus

from device_drivers.dock.errors import DockError, RefusedError, StoppedError, UnreachableError
from device_drivers.dock.offload import FileResult, Offload
from device_drivers.dock.reading_order import reading_order
from device_drivers.dock.spool.errors import NotForwardedError, SpoolDamagedError, SpoolUnusableError
from device_drivers.dock.spool.recorder import SpooledRecorder
from device_drivers.dock.spool.store import Spool, SpooledSession
from device_drivers.dock.tools import Tools
from device_drivers.errors import RecorderError
from integrity.receipt import ClipState

LONGEST_PAUSE_S = 300.0
"""Between two attempts at what may pass by itself, and between two looks at whether everything is sealed; the first pauses are shorter."""
REFUSED_PAUSE_S = 3600.0
"""Between two attempts at what the service refused: only a person or a newer program changes that."""
_MAY_PASS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.CONFLICT, HTTPStatus.UPGRADE_REQUIRED})
"""Refusals of the dock rather than of what it brings, and those that an earlier attempt may have caused."""


@dataclass(slots=True)
class _Course:
    """How forwarding one session goes; times are those of ``time.monotonic``.

    Attributes:
        is_stored: It was forwarded, perhaps not every file.
        refusal: Why the service does not take it, or not all of it.
        is_refused: That does not pass by itself.
        forward_at: When it is tried next; ``None`` once everything was taken.
        look_at: When is looked next whether it is sealed.
        pause_s: How long the next pause is.
    """

    is_stored: bool = False
    refusal: str | None = None
    is_refused: bool = False
    forward_at: float | None = 0.0
    look_at: float = 0.0
    pause_s: float = 0.0

    def next_pause(self, first_s: float) -> float:
        """Give the next pause, each twice as long as the one before."""
        self.pause_s = min(max(2 * self.pause_s, first_s), LONGEST_PAUSE_S)
        return self.pause_s


@dataclass(slots=True)
class Forwarder:
    """Forwards what lies in a spool, from a thread of its own.

    Attributes:
        spool: The spool.
        tools: What the dock works with.
        interval_s: Time between two looks at what waits, in seconds.
    """

    spool: Spool
    tools: Tools
    interval_s: float = 5.0
    _courses: dict[str, _Course] = field(default_factory=dict)
    _being_filled: set[str] = field(default_factory=set)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def run(self) -> None:
        """Forward what waits until the program is to end."""
        stop = self.tools.patience.stop
        while not stop.wait(self.interval_s):
            for session in self.spool.sessions():
                if not self._forward_if_ready(session):
                    break

    def hold(self, session_id: str) -> None:
        """Leave a session alone while a recorder's files are taken in."""
        with self._changed:
            self._being_filled.add(session_id)
            self._courses.pop(session_id, None)

    def let_go(self, session_id: str) -> None:
        """A session may be forwarded."""
        with self._changed:
            self._being_filled.discard(session_id)

    def await_stored(self, session_id: str) -> None:
        """Wait until everything of a session that lies in the spool is in the store, or at least was tried.

        Raises:
            NotForwardedError: The service does not take the session.
            StoppedError: The program is to end.
        """
        with self._changed:
            while not (course := self._courses.setdefault(session_id, _Course())).is_stored:
                self.tools.patience.check()
                if course.is_refused:
                    raise NotForwardedError(course.refusal or "")
                self._changed.wait(0.5)

    def _forward_if_ready(self, session: SpooledSession) -> bool:
        """Forward one session; ``False`` when the service is away, so that the others need not be tried."""
        with self._changed:
            if session.session_id in self._being_filled:
                return True
            course = self._courses.setdefault(session.session_id, _Course())
        now = time.monotonic()
        try:
            if course.forward_at is not None and now >= course.forward_at:
                self._note(session, course, self._forward(session), is_stored=True)
            if course.is_stored and now >= course.look_at:
                course.look_at = now + course.next_pause(self.interval_s)
                self._remove_if_sealed(session)
        except (StoppedError, UnreachableError):
            return False
        except (DockError, RecorderError) as error:
            self._note(session, course, str(error), is_stored=False, may_pass=_may_pass(error))
        return True

    def _note(self, session: SpooledSession, course: _Course, refusal: str | None, *, is_stored: bool, may_pass: bool = False) -> None:
        """Take in how an attempt went, for the dock's board, for its doctor, and for when to try again."""
        if refusal is not None and refusal != course.refusal:
            self.tools.progress.tell("not_forwarded", session_id=session.session_id, reason=refusal)
        self.tools.tiles.keep_back(session.session_id, refusal)
        with suppress(SpoolUnusableError):  # a full disk: then the doctor knows less than the screen
            if refusal != session.refusal():
                session.note_refusal(refusal)
        with self._changed:
            course.is_stored, course.refusal, course.is_refused = course.is_stored or is_stored, refusal, refusal is not None and not may_pass
            pause_s = course.next_pause(self.interval_s) if may_pass else REFUSED_PAUSE_S
            course.forward_at = None if refusal is None else time.monotonic() + pause_s
            self._changed.notify_all()

    def _forward(self, session: SpooledSession) -> str | None:
        """Forward one session; gives why files of it were not taken, where any was not."""
        record, facts = session.record(), session.files()
        client, session_id = self.tools.client, record.session_id
        client.open_session(session_id, record.plugged)
        tickets = client.announce(session_id, record.listing)
        wanted = [tickets[index] for index in reading_order(record.listing.files, self.tools.key_mark) if index in facts]
        self.tools.progress.tell("forwarding", session_id=session_id, files=len(wanted))
        with SpooledRecorder(session, record) as recorder:
            known = {index: each.digests for index, each in facts.items()}
            offload = Offload(recorder, self.tools, session_id=session_id, on_read=_nobody, on_result=_nobody, known=known)
            with offload:
                offload.run(record.listing.files, wanted)
        client.end_session(session_id, session.outcome())
        failures = {index: result.failure for index, result in offload.results.items() if result.failure is not None}
        self.tools.progress.tell("forwarded", session_id=session_id, files=len(wanted) - len(failures), failed=len(failures) or None)
        return _sum_up(failures)

    def _remove_if_sealed(self, session: SpooledSession) -> None:
        """Remove a session once every file that lies here is sealed; what is not stays, and counts towards the limit."""
        facts = session.files()
        states = {clip.index: clip for clip in self.tools.client.session_clips(session.session_id)}
        if all(index in states and states[index].state.reached(ClipState.SEALED) and states[index].quarantine is None for index in facts):
            self.spool.remove(session)
            self.tools.tiles.keep_back(session.session_id, None)
            self.tools.progress.tell("spool_emptied", session_id=session.session_id, files=len(facts))


def _nobody(*_told: int | FileResult) -> None:
    """Nobody watches a spool being read."""


def _may_pass(error: DockError | RecorderError) -> bool:
    if isinstance(error, RefusedError):
        return error.status in _MAY_PASS
    return not isinstance(error, SpoolDamagedError)


def _sum_up(failures: Mapping[int, DockError | RecorderError | None]) -> str | None:
    """Say how many files were not taken, and why the first was not; what was read wrongly is not named, because that names files."""
    if not failures:
        return None
    first = failures[min(failures)]
    why = str(first) if isinstance(first, DockError) else "it cannot be read from the spool"
    return f"files not taken: {len(failures)}; the first, number {min(failures)}, because {why}"
