"""Removing files from a recorder: what the wipe gate allows, what a dock is told to remove, and what became of it.

The order is on record before the dock removes anything. A dock that dies in between leaves files that are ordered and gone; the next complete listing
of that recorder shows it, and the release is completed then.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.models import Clip, Dock, DockSession, SessionFile
from evidence_store.repositories.custody import NewEvent
from evidence_store.unit_of_work import UnitOfWork
from integrity.listing import Listing, RecordedFile, is_identity
from integrity.plain import from_plain, to_members
from integrity.receipt import ClipState
from service.context import ServiceContext
from service.errors import UnacceptableValueError
from service.ingest.errors import SessionConflictError, SessionNotFoundError
from service.ingest.wipe_gate import GateDecision, GateFacts, decide_release

PROBE_IS_RECENT = timedelta(hours=26)
"""The lock probe runs daily; an older result proves nothing about today."""


@dataclass(frozen=True, slots=True)
class ReleaseDecision:
    """The gate's decision on one file of a session."""

    index: int
    clip_id: UUID
    decision: GateDecision


@dataclass(frozen=True, slots=True)
class ReleaseOutcome:
    """What came of a release.

    Attributes:
        released: Clips whose copy on the recorder is gone.
        vanished: Clips that nobody was told to remove and that the fresh listing lacks all the same.
    """

    released: tuple[UUID, ...]
    vanished: tuple[UUID, ...]


def decide_releases(context: ServiceContext, session_id: UUID, *, dock: Actor) -> list[ReleaseDecision]:
    """Decide for every file of a session whether its copy on the recorder may go; nothing is ordered.

    Raises:
        SessionNotFoundError: This dock has no such session.
    """
    now = context.clock.now()
    with context.unit_of_work() as work:
        session, row = _session_of(work, session_id, dock)
        return _decide(context, work, session, row, work.docks.files(session_id), now)


def order_releases(context: ServiceContext, session_id: UUID, *, dock: Actor) -> list[ReleaseDecision]:
    """Decide, and put on record that the dock is told to remove what may go; the same again gives the same orders.

    Raises:
        SessionNotFoundError: This dock has no such session.
    """
    now = context.clock.now()
    with context.unit_of_work() as work:
        session, row = _session_of(work, session_id, dock, for_update=True)
        files = work.docks.files(session_id, for_update=True)
        decisions = _decide(context, work, session, row, files, now)
        ordered = [(file, clip) for (file, clip), item in zip(files, decisions, strict=True) if item.decision.allowed and not file.release_ordered_at]
        for file, _ in ordered:
            file.release_ordered_at = now
        events = [NewEvent(clip.id, "clip.release_ordered", {"session_id": str(session_id)}) for _, clip in ordered]
        work.custody.append_all("clip", events, actor=dock, at=now)
        return decisions


def report_releases(
    context: ServiceContext, session_id: UUID, kept: Mapping[UUID, str | None], *, remaining: Listing | None, dock: Actor
) -> ReleaseOutcome:
    """Record what was removed; the fresh listing has the last word on what is gone.

    Args:
        context: The service.
        session_id: The session whose files were ordered to go.
        kept: Why a clip's file is still there, or ``None`` for removed, by clip.
        remaining: What the recorder lists now; ``None`` when it left before it could be listed. Then nothing counts as released yet.
        dock: Who reports.

    Raises:
        SessionNotFoundError: This dock has no such session.
        SessionConflictError: The listing is of another recorder.
        UnacceptableValueError: A clip was never ordered to go.
    """
    now = context.clock.now()
    with context.unit_of_work() as work:
        session, _ = _session_of(work, session_id, dock, for_update=True)
        if remaining is not None and to_members(remaining.identity) != session.identity:
            raise SessionConflictError(session_id, "recorder")
        files = work.docks.files(session_id, for_update=True)
        ordered = {clip.id: file for file, clip in files if file.release_ordered_at is not None}
        if not kept.keys() <= ordered.keys():
            raise UnacceptableValueError("removals", "clips that were ordered to go")
        _note_kept(work, session_id, {clip_id: reason for clip_id, reason in kept.items() if reason is not None}, dock=dock, now=now)
        if remaining is None or not remaining.is_complete:
            return ReleaseOutcome((), ())
        gone = _gone([(file, clip) for file, clip in files if clip.released_at is None], remaining)
        released = [clip for clip in gone if clip.id in ordered]
        vanished = [clip for clip in gone if clip.id not in ordered]
        complete_release(work, released, {"session_id": str(session_id)}, actor=dock, now=now)
        events = [NewEvent(clip.id, "clip.vanished", {"session_id": str(session_id)}) for clip in vanished]
        work.custody.append_all("clip", events, actor=dock, at=now)
        return ReleaseOutcome(tuple(clip.id for clip in released), tuple(clip.id for clip in vanished))


def complete_release(work: UnitOfWork, clips: Sequence[Clip], details: Mapping[str, str | bool], *, actor: Actor, now: datetime) -> None:
    """Note that the recorder's copies of clips are gone, as was ordered."""
    for clip in clips:
        clip.state = ClipState.RELEASED
        clip.released_at = now
    work.custody.append_all("clip", [NewEvent(clip.id, "clip.released", dict(details)) for clip in clips], actor=actor, at=now)


def complete_earlier_releases(work: UnitOfWork, session: DockSession, listed: Collection[UUID], *, dock: Actor, now: datetime) -> None:
    """Complete releases of earlier sessions that nobody reported: ordered, and missing from a complete listing now."""
    member = next((name for name in ("serial", "volume_id") if is_identity(session.identity.get(name))), None)
    if member is None:
        return
    waiting = work.docks.ordered_of((member, session.identity[member]), session.id)
    gone = {clip.id: clip for _, clip in waiting if clip.id not in listed}
    complete_release(work, list(gone.values()), {"session_id": str(session.id), "found_gone": True}, actor=dock, now=now)


def _session_of(work: UnitOfWork, session_id: UUID, dock: Actor, *, for_update: bool = False) -> tuple[DockSession, Dock]:
    session = work.docks.session(session_id, UUID(dock.id), for_update=for_update)
    row = work.docks.get(UUID(dock.id))
    if session is None or row is None:
        raise SessionNotFoundError(session_id)
    return session, row


def _decide(
    context: ServiceContext, work: UnitOfWork, session: DockSession, dock: Dock, files: Sequence[tuple[SessionFile, Clip]], now: datetime
) -> list[ReleaseDecision]:
    second = context.second_objects
    places = [context.objects.description, *([second.description] if second is not None else [])]
    probes = [work.lock_probes.latest(place) for place in places]
    lock_proven = all(probe is not None and probe.is_passed and now - probe.finished_at <= PROBE_IS_RECENT for probe in probes)
    copies: Mapping[UUID, int] = {}
    if second is not None:
        copies = work.copies.counted([clip.id for _, clip in files], second.description, now)
    return [
        ReleaseDecision(file.position, clip.id, decide_release(_facts(context, session, dock, clip, copies=copies, lock_proven=lock_proven), now))
        for file, clip in files
    ]


def _facts(context: ServiceContext, session: DockSession, dock: Dock, clip: Clip, *, copies: Mapping[UUID, int], lock_proven: bool) -> GateFacts:
    in_first = int(clip.reached(ClipState.VERIFIED))
    return GateFacts(
        listing_complete=bool(session.listing_complete),
        state=clip.clip_state,
        locked_until=clip.retain_until,
        verified_copies=in_first if context.second_objects is None else copies.get(clip.id, 0),
        required_copies=context.settings.required_copies,
        is_quarantined=clip.quarantine is not None,
        is_contested=session.is_contested,
        is_registered=session.recorder_id is not None,
        lock_proven=lock_proven,
        keep_on_recorder=dock.keep_on_recorder,
    )


def _note_kept(work: UnitOfWork, session_id: UUID, kept: Mapping[UUID, str], *, dock: Actor, now: datetime) -> None:
    events = [NewEvent(clip_id, "clip.kept", {"session_id": str(session_id), "reason": reason}) for clip_id, reason in kept.items()]
    work.custody.append_all("clip", events, actor=dock, at=now)


def _gone(files: Sequence[tuple[SessionFile, Clip]], remaining: Listing) -> list[Clip]:
    """Clips whose file, by path, size and times, a listing lacks."""
    there = {_looks(file) for file in remaining.files}
    return [clip for _, clip in files if _looks(from_plain(RecordedFile, clip.listed)) not in there]


def _looks(file: RecordedFile) -> tuple[str, int, str | None, str | None]:
    return file.path_raw_base64, file.size_bytes, file.modified, file.created
