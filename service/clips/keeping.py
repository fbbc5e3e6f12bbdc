"""Why a clip must be kept: one pure rule. Nothing in this service disposes of footage by itself; whoever does so one day asks here first."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from evidence_store.actor import Actor
from integrity.receipt import ClipState
from service.clips.search_clips import find_clip
from service.context import ServiceContext


class KeepReason(StrEnum):
    """Why a clip must be kept."""

    NOT_SEALED = "not_sealed"
    LOCKED = "locked"
    LINKED_TO_CASE = "linked_to_case"
    QUARANTINED = "quarantined"
    UNCATEGORISED = "uncategorised"


@dataclass(frozen=True, slots=True)
class KeepingFacts:
    """What the rule looks at.

    Attributes:
        state: How far the clip has come.
        retain_until: End of its lock in the store, UTC; ``None`` while it is not stored.
        is_linked: Whether any case holds it now.
        is_quarantined: A person must decide first.
        is_imported: It was brought from elsewhere, so that no recorder and no officer on duty tells what it is.
        category: What a person said it is; ``None`` until somebody did.
    """

    state: ClipState
    retain_until: datetime | None
    is_linked: bool
    is_quarantined: bool
    is_imported: bool
    category: str | None


@dataclass(frozen=True, slots=True)
class KeepingDecision:
    """Every reason why a clip must be kept; none means that it may be disposed of."""

    reasons: tuple[KeepReason, ...]

    @property
    def is_disposable(self) -> bool:
        """Whether it may be disposed of."""
        return not self.reasons


def decide_keeping(facts: KeepingFacts, now: datetime) -> KeepingDecision:
    """Decide whether a clip must be kept.

    Args:
        facts: What is known.
        now: The service's clock, UTC.
    """
    checks = (
        (not facts.state.reached(ClipState.SEALED), KeepReason.NOT_SEALED),
        (facts.retain_until is None or facts.retain_until > now, KeepReason.LOCKED),
        (facts.is_linked, KeepReason.LINKED_TO_CASE),
        (facts.is_quarantined, KeepReason.QUARANTINED),
        (facts.is_imported and facts.category is None, KeepReason.UNCATEGORISED),
    )
    return KeepingDecision(tuple(reason for holds, reason in checks if holds))


def why_kept(context: ServiceContext, clip_id: UUID, *, actor: Actor) -> KeepingDecision:
    """Tell why a clip must be kept.

    Raises:
        NotPermittedError: This role may not.
        ClipNotFoundError: No such clip, or none the actor may see.
    """
    clip = find_clip(context, clip_id, actor=actor).clip
    with context.unit_of_work() as work:
        is_linked = work.cases.is_linked(clip_id)
    facts = KeepingFacts(
        clip.clip_state,
        clip.retain_until,
        is_linked=is_linked,
        is_quarantined=clip.quarantine is not None,
        is_imported=clip.import_id is not None,
        category=clip.category,
    )
    return decide_keeping(facts, context.clock.now())
