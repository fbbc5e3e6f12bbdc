"""A person decides about a clip in quarantine: the mark is lifted, or stays with a reason. Either way the clip itself is kept and unchanged."""

from enum import StrEnum
from uuid import UUID

from evidence_store.actor import Actor
from service.access.permission import require
from service.access.policy import Action
from service.access.reasons import given_reason
from service.clips.errors import ClipNotFoundError
from service.context import ServiceContext
from service.ingest.errors import ClipNotQuarantinedError, QuarantineFinalError
from service.ingest.policy import is_liftable


class QuarantineDecision(StrEnum):
    """What was decided."""

    LIFT = "lift"
    KEEP = "keep"


_EVENTS = {QuarantineDecision.LIFT: "clip.quarantine_lifted", QuarantineDecision.KEEP: "clip.quarantine_kept"}


def decide_quarantine(context: ServiceContext, clip_id: UUID, decision: QuarantineDecision, *, reason: str, actor: Actor) -> None:
    """Enter a person's decision in the clip's chain of custody; lifted, the wipe gate no longer counts the mark.

    Args:
        context: What the service needs.
        clip_id: The clip.
        decision: Lift the mark, or keep it.
        reason: Why, in the person's words.
        actor: Who decides.

    Raises:
        NotPermittedError: This role may not.
        ClipNotFoundError: No such clip, or none the actor may see.
        ClipNotQuarantinedError: There is nothing to decide.
        QuarantineFinalError: The stored bytes are wrong or gone; no decision makes them evidence.
        UnacceptableValueError: No reason, or too long a one.
    """
    require(Action.DECIDE_QUARANTINE, actor)
    reason = given_reason(reason)
    with context.unit_of_work() as work:
        clip = work.clips.lock(clip_id) if work.clips.find(clip_id, actor) is not None else None
        if clip is None:
            raise ClipNotFoundError(clip_id)
        if clip.quarantine is None:
            raise ClipNotQuarantinedError(clip_id)
        mark = clip.quarantine
        if decision is QuarantineDecision.LIFT:
            if not is_liftable(mark):
                raise QuarantineFinalError(clip_id, mark)
            clip.quarantine = None
        details = {"quarantine": mark, "reason": reason}
        work.custody.append("clip", clip_id, _EVENTS[decision], actor=actor, at=context.clock.now(), details=details)
