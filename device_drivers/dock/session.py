"""One plugging-in, from the recorder's identity to every file sealed.

Identity and clock are read before anything else; then everything is listed and announced; then the files are brought over; then the recorder may go,
and the dock waits until the service has sealed what it got.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version

import urllib3

from device_drivers.dock.answers import ClipStatus, FileTicket, SessionCounts, SessionOutcome
from device_drivers.dock.board import Board
from device_drivers.dock.errors import DockError, StoppedError
from device_drivers.dock.listing import take_listing
from device_drivers.dock.offload import FileResult, Offload
from device_drivers.dock.patience import Patience
from device_drivers.dock.progress import Progress
from device_drivers.dock.service_client import ServiceClient
from device_drivers.errors import RecorderError, RecorderUnpluggedError
from device_drivers.recorder import Recorder
from integrity.listing import Listing
from integrity.receipt import ClipState

LOOK_S = 2.0
"""Longest pause between two looks at how far the service has come, in seconds."""
QUARANTINE_GRACE_S = 30.0
"""How long a clip with a mark is waited for once all others are there: it may come as far too, or be held back for good."""
_FIRST_LOOK_S = 0.25
_DISTRIBUTION = "bodycam-evidence"


@dataclass(frozen=True, slots=True)
class Tools:
    """What every session of this dock works with.

    Attributes:
        client: Calls to the service.
        pool: Connections to the store.
        patience: How long calls and parts are tried again.
        progress: Where progress is shown.
        now: The dock's clock, aware UTC.
    """

    client: ServiceClient
    pool: urllib3.PoolManager
    patience: Patience
    progress: Progress
    now: Callable[[], datetime]


@dataclass(slots=True)
class DockedSession:
    """What came of one plugging-in.

    Attributes:
        session_id: Its id.
        slot: Where the recorder was plugged in.
        listing: What the recorder said; ``None`` if it came not so far.
        tickets: What the service said to each file, in order.
        results: What became of each file, by index.
        outcome: How it ended.
        error: Why it did not finish.
        clips: The service's last word about each clip, by index.
    """

    session_id: str
    slot: str
    listing: Listing | None = None
    tickets: tuple[FileTicket, ...] = ()
    results: dict[int, FileResult] = field(default_factory=dict)
    outcome: SessionOutcome = SessionOutcome.FINISHED
    error: DockError | RecorderError | None = None
    clips: dict[int, ClipStatus] = field(default_factory=dict)

    @property
    def sent(self) -> int:
        """Files that the service has, so that they can be sealed."""
        return sum(result.failure is None for result in self.results.values())


def dock_recorder(recorder: Recorder, tools: Tools, *, session_id: str, slot: str) -> DockedSession:
    """Bring what a recorder holds to the store; nothing on the recorder changes.

    Never raises for what can go wrong with recorder, service or store: it stands in the session's ``error``.

    Args:
        recorder: Open, and used by nobody else.
        tools: What the dock works with.
        session_id: A new UUID.
        slot: Where it is plugged in.
    """
    session = DockedSession(session_id, slot)
    try:
        _open_and_announce(recorder, tools, session)
        _bring_over(recorder, tools, session)
    except RecorderUnpluggedError as error:
        session.outcome, session.error = SessionOutcome.UNPLUGGED, error
    except (RecorderError, DockError) as error:
        session.outcome, session.error = SessionOutcome.FAILED, error
    _end(tools, session)
    return session


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


def _open_and_announce(recorder: Recorder, tools: Tools, session: DockedSession) -> None:
    identity = recorder.identity()
    clock = recorder.read_clock()
    tools.client.open_session(session.session_id, slot=session.slot, software=_software(), identity=identity, clock=clock)
    tools.progress.tell("session_opened", session_id=session.session_id, slot=session.slot)
    session.listing, unplugged = take_listing(recorder, identity, clock=clock, now=tools.now)
    session.tickets = tools.client.announce(session.session_id, session.listing)
    size_bytes = sum(file.size_bytes for file in session.listing.files)
    tools.progress.begin(session.session_id, slot=session.slot, files=len(session.tickets), size_bytes=size_bytes)
    if unplugged is not None:
        raise unplugged


def _bring_over(recorder: Recorder, tools: Tools, session: DockedSession) -> None:
    files = session.listing.files if session.listing is not None else ()
    with Board(tools.client, session.session_id) as board:

        def on_read(index: int, count: int) -> None:
            board.on_read(index, count)
            tools.progress.advance(session.session_id, count)

        offload = Offload(recorder, tools.client, session_id=session.session_id, pool=tools.pool, patience=tools.patience, on_read=on_read)
        session.results = offload.results
        with offload:
            offload.run(files, session.tickets)


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


def _count_reached(counts: SessionCounts, wanted: ClipState) -> int:
    return sum(count for state, count in counts.counts.items() if state in list(ClipState) and ClipState(state).reached(wanted))


def _sent_indexes(session: DockedSession) -> list[int]:
    return [index for index, result in session.results.items() if result.failure is None]


def _software() -> str:
    try:
        return f"bodycam-dock/{version(_DISTRIBUTION)}"
    except PackageNotFoundError:
        return "bodycam-dock"
