"""A person says what a clip is. Until then nothing that was brought from elsewhere may be disposed of."""

from enum import StrEnum
from uuid import UUID

from evidence_store.actor import Actor
from service.access.permission import require
from service.access.policy import Action
from service.access.reasons import given_reason
from service.clips.errors import ClipNotFoundError
from service.context import ServiceContext


class Category(StrEnum):
    """What a clip is."""

    CASE_EVIDENCE = "case_evidence"
    ENFORCEMENT = "enforcement"
    OTHER = "other"
    NOT_RELEVANT = "not_relevant"


def categorise_clip(context: ServiceContext, clip_id: UUID, category: Category, *, reason: str, actor: Actor) -> None:
    """Enter a clip's category; a later one replaces it, and its chain tells both.

    Raises:
        NotPermittedError: This role may not.
        ClipNotFoundError: No such clip, or none the actor may see.
        UnacceptableValueError: No reason, or too long a one.
    """
    require(Action.CATEGORISE_CLIP, actor)
    reason = given_reason(reason)
    with context.unit_of_work() as work:
        clip = work.clips.lock(clip_id) if work.clips.find(clip_id, actor) is not None else None
        if clip is None:
            raise ClipNotFoundError(clip_id)
        details = {"category": str(category), "before": clip.category, "reason": reason}
        clip.category = category
        work.custody.append("clip", clip_id, "clip.categorised", actor=actor, at=context.clock.now(), details=details)
