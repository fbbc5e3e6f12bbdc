"""Bringing what waits in the spool to the service, as soon as it answers again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from device_drivers.dock.answers import FileTicket
from device_drivers.dock.errors import DockError, StoppedError, UnreachableError
from device_drivers.dock.offload import FileResult, Offload
from device_drivers.dock.reading_order import reading_order
from device_drivers.dock.spool.recorder import SpooledRecorder
from device_drivers.dock.spool.store import Spool, SpooledSession
from device_drivers.dock.tools import Tools
from device_drivers.errors import RecorderError
from integrity.receipt import ClipState


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
    _stored: set[str] = field(default_factory=set)
    _being_filled: set[str] = field(default_factory=set)
    _told: dict[str, str] = field(default_factory=dict)
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
            self._stored.discard(session_id)

    def let_go(self, session_id: str) -> None:
        """A session may be forwarded."""
        with self._changed:
            self._being_filled.discard(session_id)

    def await_stored(self, session_id: str) -> None:
        """Wait until everything of a session that lies in the spool is in the store.

        Raises:
            StoppedError: The program is to end.
        """
        with self._changed:
            while session_id not in self._stored:
                self.tools.patience.check()
                self._changed.wait(0.5)

    def _forward_if_ready(self, session: SpooledSession) -> bool:
        """Forward one session; ``False`` when the service is away, so that the others need not be tried."""
        with self._changed:
            if session.session_id in self._being_filled:
                return True
        try:
            if session.session_id not in self._stored:
                self._forward(session)
                with self._changed:
                    self._stored.add(session.session_id)
                    self._changed.notify_all()
            self._remove_if_sealed(session)
        except (StoppedError, UnreachableError):
            return False
        except (DockError, RecorderError) as error:
            self._tell_once(session.session_id, str(error))
        return True

    def _forward(self, session: SpooledSession) -> None:
        record, facts = session.record(), session.files()
        client, session_id = self.tools.client, record.session_id
        client.open_session(session_id, record.plugged)
        tickets = client.announce(session_id, record.listing)
        wanted = [tickets[index] for index in reading_order(record.listing.files, self.tools.key_mark) if index in facts]
        self.tools.progress.tell("forwarding", session_id=session_id, files=len(wanted))
        failures: dict[int, str] = {}
        with SpooledRecorder(session, record) as recorder:
            known = {index: each.digests for index, each in facts.items()}
            offload = Offload(recorder, self.tools, session_id=session_id, on_read=_nobody, on_result=_keep_failures(failures), known=known)
            with offload:
                offload.run(record.listing.files, wanted)
        client.end_session(session_id, session.outcome())
        self.tools.progress.tell("forwarded", session_id=session_id, files=len(wanted) - len(failures), failed=len(failures) or None)

    def _remove_if_sealed(self, session: SpooledSession) -> None:
        """Remove a session once every file that lies here is sealed; what is not stays, and counts towards the limit."""
        facts = session.files()
        states = {clip.index: clip for clip in self.tools.client.session_clips(session.session_id)}
        if all(index in states and states[index].state.reached(ClipState.SEALED) and states[index].quarantine is None for index in facts):
            self.spool.remove(session)
            self.tools.progress.tell("spool_emptied", session_id=session.session_id, files=len(facts))

    def _tell_once(self, session_id: str, reason: str) -> None:
        if self._told.get(session_id) != reason:
            self._told[session_id] = reason
            self.tools.progress.tell("not_forwarded", session_id=session_id, reason=reason)


def _nobody(_index: int, _count: int) -> None:
    """Nobody watches a spool being read."""


def _keep_failures(failures: dict[int, str]) -> Callable[[FileResult], None]:
    def keep(result: FileResult) -> None:
        ticket: FileTicket = result.ticket
        if result.failure is not None:
            failures[ticket.index] = str(result.failure)

    return keep
