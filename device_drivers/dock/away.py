"""A docking while the service is away: footage goes to the spool, and the session goes on once the service has what lies there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from device_drivers.dock.answers import SessionOutcome
from device_drivers.dock.condition import Concern, judge_condition
from device_drivers.dock.errors import DockError, StoppedError, UnreachableError
from device_drivers.dock.listing import take_listing
from device_drivers.dock.opening import keep_identity
from device_drivers.dock.reading_order import is_key_file, reading_order
from device_drivers.dock.session import DockedSession, resume_session
from device_drivers.dock.spool.errors import NotForwardedError, SpoolFullError
from device_drivers.dock.spool.forward import Forwarder
from device_drivers.dock.spool.pull import Pull
from device_drivers.dock.spool.store import Spool, SpoolRecord
from device_drivers.dock.statements import PluggedRecorder
from device_drivers.dock.tile import Phase
from device_drivers.dock.tools import Tools
from device_drivers.errors import RecorderError, RecorderUnpluggedError
from device_drivers.recorder import Recorder, RecorderStatus
from integrity.listing import Listing


@dataclass(frozen=True, slots=True)
class StoreAndForward:
    """What a dock does with footage while the service is away.

    Attributes:
        spool: Where it waits.
        forwarder: Who brings it to the service.
        tools: What the dock works with.
    """

    spool: Spool
    forwarder: Forwarder
    tools: Tools

    def carry_on(self, recorder: Recorder, session: DockedSession) -> None:
        """Finish a session that the service was or is away for, however often it goes; returns when it has ended one way or another.

        The recorder may be pulled as soon as everything it holds lies in the spool. It is held until the service is back all the same, because only
        then is known what may be removed from it.

        Args:
            recorder: Open, and used by nobody else.
            session: As ``dock_recorder`` gave it.
        """
        while isinstance(session.error, UnreachableError) and session.plugged is not None:
            self.forwarder.hold(session.session_id)
            try:
                self._take_in(recorder, session, session.plugged)
            except DockError as error:
                session.error = error
                self.tools.progress.tell("not_spooled", session_id=session.session_id, reason=str(error))
                return
            finally:
                self.forwarder.let_go(session.session_id)
            self.tools.tiles.change(session.slot, phase=Phase.WAITING)
            try:
                self.forwarder.await_stored(session.session_id)
            except StoppedError as error:
                session.error = error
                return
            except NotForwardedError as error:
                session.error, session.outcome = error, SessionOutcome.FAILED
                self.tools.tiles.worry(session.slot, Concern.SPOOL_REFUSED)
                self.tools.tiles.change(session.slot, phase=Phase.FAILED, reason=str(error))
                return
            session.spooled.clear()
            self.tools.tiles.change(session.slot, spooled=0)
            resume_session(recorder, self.tools, session)

    def _take_in(self, recorder: Recorder, session: DockedSession, plugged: PluggedRecorder) -> None:
        """Bring into the spool whatever the service does not have.

        Raises:
            DockError: The spool cannot be used, or the program is to end.
        """
        tools, slot = self.tools, session.slot
        tools.tiles.worry(slot, Concern.SERVICE_AWAY)
        tools.tiles.change(slot, phase=Phase.SPOOLING)
        listing, unplugged = self._listing(recorder, session, plugged)
        spooled = self.spool.begin(SpoolRecord(session.session_id, plugged, listing))
        sent = {index for index, result in session.results.items() if result.failure is None}
        wanted = [index for index in reading_order(listing.files, tools.key_mark) if index not in sent]
        tools.progress.tell("spooling", session_id=session.session_id, files=len(wanted), reason=str(session.error))

        def on_taken(index: int) -> None:
            session.spooled.add(index)
            tools.tiles.change(slot, stored=len(sent), spooled=len(session.spooled))

        def on_read(_index: int, count: int) -> None:
            tools.tiles.advance(slot, count)

        pull = Pull(recorder, self.spool, spooled, tools.turns, on_read, on_taken, {})
        try:
            if unplugged is not None:
                raise unplugged
            pull.run(listing.files, wanted, is_key_file=lambda file: is_key_file(file, tools.key_mark))
        except SpoolFullError as error:
            tools.tiles.worry(slot, Concern.SPOOL_FULL)
            tools.progress.tell("spool_full", session_id=session.session_id, left=len(wanted) - len(session.spooled), reason=str(error))
        except RecorderUnpluggedError as error:
            tools.tiles.change(slot, phase=Phase.UNPLUGGED)
            tools.progress.tell("unplugged", session_id=session.session_id, left=len(wanted) - len(session.spooled), reason=str(error))
        except RecorderError as error:
            tools.progress.tell("recorder_failed", session_id=session.session_id, reason=str(error))
        if pull.failures:
            tools.tiles.worry(slot, Concern.FILES_UNREADABLE)
        is_whole = len(session.spooled) + len(sent) == len(listing.files)
        spooled.end(SessionOutcome.FINISHED if is_whole else SessionOutcome.UNPLUGGED)
        tools.progress.tell("spooled", session_id=session.session_id, files=len(session.spooled), of=len(listing.files))

    def _listing(self, recorder: Recorder, session: DockedSession, plugged: PluggedRecorder) -> tuple[Listing, RecorderUnpluggedError | None]:
        """The session's listing, taken now where the service went away before."""
        unplugged = None
        if session.listing is None:
            keep = partial(keep_identity, recorder, self.tools, plugged, session_id=session.session_id)
            session.listing, unplugged = take_listing(recorder, plugged.identity, clock=plugged.clock, now=self.tools.now, on_begun=keep)
        listing = session.listing
        condition = judge_condition(plugged.condition or RecorderStatus(), plugged.clock, listing.files)
        size_bytes = sum(file.size_bytes for file in listing.files)
        self.tools.tiles.change(session.slot, files=len(listing.files), is_complete=listing.is_complete, size_bytes=size_bytes, condition=condition)
        return listing, unplugged
