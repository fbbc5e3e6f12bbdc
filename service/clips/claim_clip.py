"""A clip that the register gives to nobody is claimed (认领) afterwards, by the officer who wore the recorder or by an administrator for them."""

from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.models import Clip
from service.access.permission import require
from service.access.policy import Action
from service.access.reasons import given_reason
from service.clips.errors import ClipAttributedError, ClipNotFoundError
from service.context import ServiceContext
from service.roster.acting_officer import officer_to_act_for

CLAIMED_AFTERWARDS = "claimed_afterwards"
NOBODYS = "unknown_officer"
LISTED = 200


def claim_clip(context: ServiceContext, clip_id: UUID, *, officer_code: str | None, reason: str, actor: Actor) -> None:
    """Give a clip without officer to one; the clip says for ever that it was claimed afterwards, its chain by whom, when and why.

    Args:
        context: What the service needs.
        clip_id: The clip.
        officer_code: Whose it is; a duty officer may leave it out and claims for nobody else.
        reason: How that is known.
        actor: Who says so.

    Raises:
        NotPermittedError: This role may not.
        ClipNotFoundError: No such clip in the actor's agency, or another officer's that the actor may not see.
        ClipAttributedError: The clip has its officer; what the register says is not claimed away.
        OfficerNotFoundError: No such officer within the actor's agency, or another than the duty officer who asks.
        UnacceptableValueError: No reason, or too long a one.
    """
    require(Action.CLAIM_CLIP, actor)
    reason = given_reason(reason)
    now = context.clock.now()
    with context.unit_of_work() as work:
        officer = officer_to_act_for(work, officer_code, actor=actor, now=now)
        clip = work.clips.lock_claimable(clip_id, actor.scope)
        if clip is None:
            raise ClipNotFoundError(clip_id)
        if clip.officer_id is not None:
            raise ClipAttributedError(clip_id)
        clip.officer_id = officer.id
        clip.flags = sorted({*clip.flags, CLAIMED_AFTERWARDS} - {NOBODYS})
        details = {"officer_id": str(officer.id), "officer_code": officer.code, "reason": reason}
        work.custody.append("clip", clip_id, "clip.claimed", actor=actor, at=now, details=details)


def list_unassigned(context: ServiceContext, *, actor: Actor) -> list[Clip]:
    """List the newest 200 clips of the actor's agency that belong to nobody: what they are called and when they were made, to be claimed.

    Raises:
        NotPermittedError: This role may not.
    """
    require(Action.CLAIM_CLIP, actor)
    with context.unit_of_work() as work:
        return work.clips.unassigned(actor.scope, limit=LISTED)
