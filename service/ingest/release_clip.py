"""Which of a session's files a dock may remove from the recorder: the wipe gate over what is known. Removing them is not done here."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.models import Clip, Dock, DockSession
from integrity.receipt import ClipState
from service.context import ServiceContext
from service.ingest.errors import SessionNotFoundError
from service.ingest.wipe_gate import GateDecision, GateFacts, decide_release

PROBE_IS_RECENT = timedelta(hours=26)
"""The lock probe runs daily; an older result proves nothing about today."""


@dataclass(frozen=True, slots=True)
class ReleaseDecision:
    """The gate's decision on one file of a session."""

    index: int
    clip_id: UUID
    decision: GateDecision


def decide_releases(context: ServiceContext, session_id: UUID, *, dock: Actor) -> list[ReleaseDecision]:
    """Decide for every file of a session whether its copy on the recorder may go.

    Raises:
        SessionNotFoundError: This dock has no such session.
    """
    now = context.clock.now()
    with context.unit_of_work() as work:
        session = work.docks.session(session_id, UUID(dock.id))
        row = work.docks.get(UUID(dock.id))
        if session is None or row is None:
            raise SessionNotFoundError(session_id)
        probe = work.lock_probes.latest(context.objects.description)
        lock_proven = probe is not None and probe.is_passed and now - probe.finished_at <= PROBE_IS_RECENT
        return [
            ReleaseDecision(file.position, clip.id, decide_release(_facts(context, session, row, clip, lock_proven=lock_proven), now))
            for file, clip in work.docks.files(session_id)
        ]


def _facts(context: ServiceContext, session: DockSession, dock: Dock, clip: Clip, *, lock_proven: bool) -> GateFacts:
    return GateFacts(
        listing_complete=bool(session.listing_complete),
        state=clip.clip_state,
        locked_until=clip.retain_until,
        verified_copies=int(clip.reached(ClipState.VERIFIED)),
        required_copies=context.settings.required_copies,
        is_quarantined=clip.quarantine is not None,
        is_registered=session.recorder_id is not None,
        lock_proven=lock_proven,
        keep_on_recorder=dock.keep_on_recorder,
    )
