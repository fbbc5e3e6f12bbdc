"""The wipe gate: may a recorder's copy of a clip be removed? One pure function; every condition must hold."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from integrity.receipt import ClipState


class GateReason(StrEnum):
    """Why the recorder's copy must stay."""

    LISTING_INCOMPLETE = "listing_incomplete"
    NOT_STORED = "not_stored"
    NOT_LOCKED = "not_locked"
    NOT_READ_BACK = "not_read_back"
    NOT_SEALED = "not_sealed"
    QUARANTINED = "quarantined"
    CONTESTED = "contested"
    RECORDER_UNREGISTERED = "recorder_unregistered"
    LOCK_NOT_PROVEN = "lock_not_proven"
    KEEP_ON_RECORDER = "keep_on_recorder"


@dataclass(frozen=True, slots=True)
class GateFacts:
    """What the gate looks at.

    Attributes:
        listing_complete: The recorder's listing at this plugging-in could be read to its end.
        state: How far the clip has come.
        locked_until: End of the lock that was read back from the store, UTC.
        verified_copies: Copies that were read back in full, by version, and agreed.
        required_copies: Copies the installation's policy asks for.
        is_quarantined: A person must decide first.
        is_contested: Another recorder claimed the same identity at the same time.
        is_registered: The recorder is registered.
        lock_proven: The store's last lock probe passed and is recent.
        keep_on_recorder: The dock's setting; on by default.
    """

    listing_complete: bool
    state: ClipState
    locked_until: datetime | None
    verified_copies: int
    required_copies: int
    is_quarantined: bool
    is_contested: bool
    is_registered: bool
    lock_proven: bool
    keep_on_recorder: bool


@dataclass(frozen=True, slots=True)
class GateDecision:
    """Whether the recorder's copy may go, and every reason why not."""

    reasons: tuple[GateReason, ...]

    @property
    def allowed(self) -> bool:
        """Whether it may go."""
        return not self.reasons


def decide_release(facts: GateFacts, now: datetime) -> GateDecision:
    """Decide whether a recorder's copy of a clip may be removed.

    Args:
        facts: What is known.
        now: The service's clock, UTC.
    """
    checks = (
        (facts.listing_complete, GateReason.LISTING_INCOMPLETE),
        (facts.state.reached(ClipState.STORED), GateReason.NOT_STORED),
        (facts.locked_until is not None and facts.locked_until > now, GateReason.NOT_LOCKED),
        (facts.verified_copies >= facts.required_copies >= 1, GateReason.NOT_READ_BACK),
        (facts.state.reached(ClipState.SEALED), GateReason.NOT_SEALED),
        (not facts.is_quarantined, GateReason.QUARANTINED),
        (not facts.is_contested, GateReason.CONTESTED),
        (facts.is_registered, GateReason.RECORDER_UNREGISTERED),
        (facts.lock_proven, GateReason.LOCK_NOT_PROVEN),
        (not facts.keep_on_recorder, GateReason.KEEP_ON_RECORDER),
    )
    return GateDecision(tuple(reason for holds, reason in checks if not holds))
