"""Link a clip to a case and unlink it; both are told in the clip's chain and the case's."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.models import CaseClip
from evidence_store.unit_of_work import UnitOfWork
from service.access.permission import require
from service.access.policy import Action
from service.cases.errors import CaseNotFoundError, ClipNotLinkedError
from service.clips.errors import ClipNotFoundError
from service.context import ServiceContext
from service.errors import UnacceptableValueError

LONGEST_TEXT = 500


def link_clip(context: ServiceContext, case_id: UUID, clip_id: UUID, *, purpose: str, actor: Actor) -> None:
    """Link a clip to a case; linked already is no error.

    Raises:
        NotPermittedError: This role may not.
        CaseNotFoundError: No such case, or none the actor may see.
        ClipNotFoundError: No such clip, or none the actor may see.
        UnacceptableValueError: No purpose, or too long a one.
    """
    purpose = _checked("purpose", purpose)
    with context.unit_of_work() as work:
        _hold(work, case_id, clip_id, actor=actor)
        if work.cases.link(case_id, clip_id) is not None:
            return
        now = context.clock.now()
        link = CaseClip(id=context.new_id(), case_id=case_id, clip_id=clip_id, purpose=purpose, linked_at=now, linked_by=UUID(actor.id))
        work.cases.add_link(link)
        _tell(work, "clip.linked", link, details={"purpose": purpose}, actor=actor, at=now)


def unlink_clip(context: ServiceContext, case_id: UUID, clip_id: UUID, *, reason: str, actor: Actor) -> None:
    """Unlink a clip from a case; the link stays on record, with the reason.

    Raises:
        NotPermittedError: This role may not.
        CaseNotFoundError: No such case, or none the actor may see.
        ClipNotFoundError: No such clip, or none the actor may see.
        ClipNotLinkedError: The clip is not linked.
        UnacceptableValueError: No reason, or too long a one.
    """
    reason = _checked("reason", reason)
    with context.unit_of_work() as work:
        _hold(work, case_id, clip_id, actor=actor)
        link = work.cases.link(case_id, clip_id)
        if link is None:
            raise ClipNotLinkedError(case_id, clip_id)
        link.unlinked_at = now = context.clock.now()
        link.unlinked_by = UUID(actor.id)
        link.unlink_reason = reason
        _tell(work, "clip.unlinked", link, details={"reason": reason}, actor=actor, at=now)


def _checked(field: str, text: str) -> str:
    text = text.strip()
    if not 0 < len(text) <= LONGEST_TEXT:
        raise UnacceptableValueError(field, f"1 to {LONGEST_TEXT} characters")
    return text


def _hold(work: UnitOfWork, case_id: UUID, clip_id: UUID, *, actor: Actor) -> None:
    """Make sure the actor may, and hold both rows, the case's first."""
    require(Action.LINK_CLIPS, actor)
    if work.cases.find(case_id, actor, for_update=True) is None:
        raise CaseNotFoundError(case_id)
    if work.clips.find(clip_id, actor) is None or work.clips.lock(clip_id) is None:
        raise ClipNotFoundError(clip_id)


def _tell(work: UnitOfWork, action: str, link: CaseClip, *, details: Mapping[str, str], actor: Actor, at: datetime) -> None:
    told = {"link_id": str(link.id), **details}
    work.custody.append("clip", link.clip_id, action, actor=actor, at=at, details={"case_id": str(link.case_id), **told})
    work.custody.append("case", link.case_id, action, actor=actor, at=at, details={"clip_id": str(link.clip_id), **told})
