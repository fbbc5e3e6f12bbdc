"""One plugging-in, from the recorder's identity to every file sealed and, where that is wanted, removed from the recorder.

Identity and clock are read before anything else; then everything is listed and announced; then the files are brought over; then the recorder may go,
and the dock waits until the service has sealed what it got.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from device_drivers.dock.answers import ClipStatus, FileAction, FileTicket, SessionCounts, SessionOutcome
from device_drivers.dock.board import Board
from device_drivers.dock.condition import Concern, judge_condition
from device_drivers.dock.errors import DockError, StoppedError, UnreachableError
from device_drivers.dock.listing import take_listing
from device_drivers.dock.offload import FileResult, Offload
from device_drivers.dock.opening import keep_identity, keep_time, meet_recorder, open_session
from device_drivers.dock.reading_order import reading_order
from device_drivers.dock.release import release_files
from device_drivers.dock.statements import PluggedRecorder
from device_drivers.dock.tile import Phase
from device_drivers.dock.tools import Tools
from device_drivers.errors import RecorderError, RecorderUnpluggedError
from device_drivers.recorder import Recorder, RecorderStatus
from integrity.listing import Listing
from integrity.receipt import ClipState

LOOK_S = 2.0
"""Longest pause between two looks at how far the service has come, in seconds."""
QUARANTINE_GRACE_S = 30.0
"""How long a clip with a mark is waited for once all others are there: it may come as far too, or be held back for good."""
_FIRST_LOOK_S = 0.25


@dataclass(slots=True)
class DockedSession:
    """What came of one plugging-in.

    Attributes:
        session_id: Its id.
        slot: Where the recorder was plugged in.
        plugged_at: When, by the dock's clock, aware UTC.
        listing: What the recorder said; ``None`` if it came not so far.
        tickets: What the service said to each file, in order.
        results: What became of each file, by index.
        outcome: How it ended.
        error: Why it did not finish.
        clips: The service's last word about each clip, by index.
        plugged: What was attested, once it was read.
        spooled: Places of files that lie in the dock's spool.
        keep_on_recorder: Whether the files stay on the recorder whatever the wipe gate says.
        released: How many of its files were removed from the recorder.
    """

    session_id: str
    slot: str
    plugged_at: datetime
    listing: Listing | None = None
    tickets: tuple[FileTicket, ...] = ()
    results: dict[int, FileResult] = field(default_factory=dict)
    outcome: SessionOutcome = SessionOutcome.FINISHED
    error: DockError | RecorderError | None = None
    clips: dict[int, ClipStatus] = field(default_factory=dict)
    plugged: PluggedRecorder | None = None
    spooled: set[int] = field(default_factory=set)
    keep_on_recorder: bool = True
    released: int = 0

    @property
    def sent(self) -> int:
        """Files that the service has, so that they can be sealed."""
        return sum(result.failure is None for result in self.results.values())

    @property
    def may_release(self) -> bool:
        """Whether it is worth asking what may be removed from the recorder."""
        return not self.keep_on_recorder and self.outcome is SessionOutcome.FINISHED and self.listing is not None and self.listing.is_complete


def dock_recorder(recorder: Recorder, tools: Tools, *, session_id: str, slot: str) -> DockedSession:
    """Bring what a recorder holds to the store; nothing on the recorder changes but its clock.

    Never raises for what can go wrong with recorder, service or store: it stands in the session's ``error``.

    Args:
        recorder: Open, and used by nobody else.
        tools: What the dock works with.
        session_id: A new UUID.
        slot: Where it is plugged in.
    """
    session = DockedSession(session_id, slot, tools.now())
    _attempt(recorder, tools, session)
    return session


def resume_session(recorder: Recorder, tools: Tools, session: DockedSession) -> None:
    """Go on with a session that the service was away for: everything is asked again, and what it has by now is left out.

    Args:
        recorder: Open, and used by nobody else.
        tools: What the dock works with.
        session: As :func:`dock_recorder` gave it.
    """
    session.outcome, session.error = SessionOutcome.FINISHED, None
    session.results.clear()
    tools.tiles.calm(session.slot, Concern.SERVICE_AWAY)
    _attempt(recorder, tools, session)


def _attempt(recorder: Recorder, tools: Tools, session: DockedSession) -> None:
    session_id, slot = session.session_id, session.slot
    with Board(tools.client, session_id, tiles=tools.tiles, slot=slot) as board:
        try:
            if session.plugged is None:
                session.plugged = meet_recorder(recorder, tools, session_id=session_id, slot=slot, plugged_at=session.plugged_at)
            session.keep_on_recorder = open_session(tools, session.plugged, session_id=session_id).keep_on_recorder
            if session.listing is None:  # afterwards some recorders cannot be told any more
                keep_time(recorder, tools, session.plugged, session_id=session_id)
            _announce(recorder, tools, session, session.plugged)
            _bring_over(recorder, tools, session, board)
        except RecorderUnpluggedError as error:
            session.outcome, session.error = SessionOutcome.UNPLUGGED, error
        except (RecorderError, DockError) as error:
            session.outcome, session.error = SessionOutcome.FAILED, error
    if tools.spools and isinstance(session.error, UnreachableError):
        tools.tiles.worry(slot, Concern.SERVICE_AWAY)
        return
    _end(tools, session)


def release_session(recorder: Recorder, tools: Tools, session: DockedSession) -> None:
    """Remove from the recorder what the service orders; what goes wrong stands in the session's ``error``.

    Args:
        recorder: Open, and used by nobody else.
        tools: What the dock works with.
        session: A session that may release, its files sealed as far as they will be.
    """
    if session.listing is None or not recorder.capabilities.can_remove_files:
        return
    tools.tiles.change(session.slot, phase=Phase.RELEASING)
    try:
        recorded = release_files(recorder, tools.client, session_id=session.session_id, listing=session.listing, now=tools.now)
    except RecorderUnpluggedError as error:
        session.outcome, session.error = SessionOutcome.UNPLUGGED, error
        tools.progress.tell("release_interrupted", session_id=session.session_id, reason=str(error))
    except (RecorderError, DockError) as error:
        session.error = error
        tools.progress.tell("release_failed", session_id=session.session_id, reason=str(error))
    else:
        session.released = len(recorded.released) if recorded is not None else 0
        vanished = len(recorded.vanished) if recorded is not None else 0
        tools.progress.tell("released", session_id=session.session_id, files=session.released, vanished=vanished or None)
    tools.tiles.change(session.slot, phase=Phase.DONE, removed=session.released)


def await_state(session: DockedSession, tools: Tools, *, wanted: ClipState, wait_s: float, stop: threading.Event) -> bool:
    """Wait until every file that was sent has come this far, and learn what became of each.

    Args:
        session: A session that has ended.
        tools: What the dock works with.
        wanted: How far, ``sealed`` or a state before it.
        wait_s: Longest wait, in seconds.
        stop: Set when the program is to end.

    Returns:
        Whether every one of them has.

    Raises:
        DockError: The service could not be asked.
    """
    deadline, pause_s = time.monotonic() + wait_s, _FIRST_LOOK_S
    marked_until: float | None = None
    while True:
        counts = tools.client.session_counts(session.session_id)
        there, now = _count_reached(counts, wanted), time.monotonic()
        if there >= session.sent or now >= deadline:
            break
        if there + counts.quarantined >= session.sent:
            marked_until = marked_until or now + QUARANTINE_GRACE_S
            if now >= marked_until:
                break
        if stop.wait(pause_s):
            raise StoppedError
        pause_s = min(pause_s * 1.5, LOOK_S)
    session.clips = {clip.index: clip for clip in tools.client.session_clips(session.session_id)}
    return all(index in session.clips and session.clips[index].state.reached(wanted) for index in _sent_indexes(session))


def _announce(recorder: Recorder, tools: Tools, session: DockedSession, plugged: PluggedRecorder) -> None:
    """List the recorder and learn what is wanted."""
    tools.tiles.change(session.slot, phase=Phase.LISTING)
    unplugged = None
    if session.listing is None:
        keep = partial(keep_identity, recorder, tools, plugged, session_id=session.session_id)
        session.listing, unplugged = take_listing(recorder, plugged.identity, clock=plugged.clock, now=tools.now, on_begun=keep)
    session.tickets = tools.client.announce(session.session_id, session.listing)
    size_bytes = sum(file.size_bytes for file in session.listing.files)
    tools.progress.begin(session.session_id, slot=session.slot, files=len(session.tickets), size_bytes=size_bytes)
    condition = judge_condition(plugged.condition or RecorderStatus(), plugged.clock, session.listing.files)
    is_complete = session.listing.is_complete
    tools.tiles.change(session.slot, files=len(session.tickets), is_complete=is_complete, condition=condition)
    tools.tiles.begin_reading(session.slot, size_bytes=size_bytes)
    if not is_complete:
        tools.tiles.worry(session.slot, Concern.LISTING_INCOMPLETE)
    if unplugged is not None:
        raise unplugged


def _bring_over(recorder: Recorder, tools: Tools, session: DockedSession, board: Board) -> None:
    files = session.listing.files if session.listing is not None else ()
    tools.tiles.change(session.slot, phase=Phase.READING)

    def on_read(index: int, count: int) -> None:
        board.on_read(index, count)
        tools.tiles.advance(session.slot, count)
        tools.progress.advance(session.session_id, count)

    def on_result(result: FileResult) -> None:
        is_there = result.failure is None
        counted = session.sent, len(session.results) - session.sent
        tools.tiles.change(session.slot, stored=counted[0], failed=counted[1])
        if not is_there:
            tools.tiles.worry(session.slot, Concern.FILES_UNREADABLE)
        elif session.results[result.ticket.index].ticket.action is FileAction.SKIP:
            tools.tiles.advance(session.slot, files[result.ticket.index].size_bytes)

    offload = Offload(recorder, tools, session_id=session.session_id, on_read=on_read, on_result=on_result)
    session.results = offload.results
    with offload:
        offload.run(files, [session.tickets[index] for index in reading_order(files, tools.key_mark)])


def _end(tools: Tools, session: DockedSession) -> None:
    """Tell service and bystanders; a service that cannot be told finds out by itself."""
    facts = {"session_id": session.session_id, "outcome": session.outcome.value, "reason": str(session.error) if session.error else None}
    try:
        tools.client.end_session(session.session_id, session.outcome)
    except DockError as error:
        session.error = session.error or error
        if session.outcome is SessionOutcome.FINISHED:
            session.outcome = SessionOutcome.FAILED
        facts["not_told"] = str(error)
    for index, result in sorted(session.results.items()):
        if result.failure is not None:
            tools.progress.tell("file_failed", session_id=session.session_id, index=index, clip_id=result.ticket.clip_id, reason=str(result.failure))
    tools.progress.tell("session_ended", **facts)
    phases = {SessionOutcome.FINISHED: Phase.WAITING, SessionOutcome.UNPLUGGED: Phase.UNPLUGGED, SessionOutcome.FAILED: Phase.FAILED}
    tools.tiles.change(session.slot, phase=phases[session.outcome], reason=facts["reason"])


def _count_reached(counts: SessionCounts, wanted: ClipState) -> int:
    return sum(count for state, count in counts.counts.items() if state in list(ClipState) and ClipState(state).reached(wanted))


def _sent_indexes(session: DockedSession) -> list[int]:
    return [index for index, result in session.results.items() if result.failure is None]
