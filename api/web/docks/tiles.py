"""What the dock board shows of one plugging-in, worked out of its row."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from evidence_store.models import BoardRow, DockSession
from integrity.listing import is_identity
from integrity.receipt import ClipState
from service.ingest.policy import medium_of

_PROGRESS_LASTS = timedelta(seconds=10)
_LIGHTS_LAST = timedelta(seconds=30)
"""A dock in whose slot nothing changes says so every ten seconds."""
_MOST_NUMBERS = 3


@dataclass(frozen=True, slots=True)
class Reading:
    """Files that are being read just now.

    Attributes:
        numbers: Their places in the listing, from 1; the first few.
        read_bytes: Read of them so far.
        bytes_per_s: Speed of the last second.
    """

    numbers: tuple[int, ...]
    read_bytes: int
    bytes_per_s: float


@dataclass(frozen=True, slots=True)
class Tile:
    """One plugging-in.

    Attributes:
        serial: The recorder's, as it said; ``None`` when it did not.
        officer_code: Officer number on the recorder, likewise.
        total: Files in the listing; ``None`` until it came.
        stored: How many reached the store, out of ``total``.
        sealed: How many are sealed.
        may_leave: Everything the recorder holds is in the store.
        is_sealed: All of it is sealed.
        safe_to_take: Nothing is being read from it or changed on it, as the dock says; ``None`` when it has not said so lately.
        phase: Code below ``board.phase`` of what is being done, likewise.
        left_s: Time that reading still takes, in seconds, likewise.
        battery_percent: Charge when it was plugged in, where it tells.
        removed: How many files were removed from it.
        is_adoptable: It names no identity of its own, nobody adopted it yet, and its medium can be recognised again.
        remarks: Codes below ``board`` of what is unusual.
        concerns: Codes below ``board.concern`` of what somebody should look at.
        outcome: Code below ``board.outcome_name``.
    """

    session_id: UUID
    serial: str | None
    officer_code: str | None
    dock: str
    slot: str
    opened_at: datetime
    ended_at: datetime | None
    total: int | None
    stored: int
    sealed: int
    may_leave: bool
    is_sealed: bool
    safe_to_take: bool | None
    phase: str | None
    left_s: float | None
    battery_percent: int | None
    removed: int
    is_adoptable: bool
    remarks: tuple[str, ...]
    concerns: tuple[str, ...]
    outcome: str
    reading: Reading | None


def make_tile(row: BoardRow, now: datetime) -> Tile:
    """Work out a tile.

    Args:
        row: The session with its counts.
        now: The service's clock, UTC; what a dock said more than ten seconds ago is no longer shown as going on.
    """
    session = row.session
    total = session.file_count
    stored = _count(row, ClipState.STORED)
    sealed = _count(row, ClipState.SEALED)
    is_listed = total is not None and bool(session.listing_complete)
    said, remarks = _said_lately(session, now), tuple(_remarks(row))
    return Tile(
        session_id=session.id,
        serial=session.identity.get("serial"),
        officer_code=session.identity.get("officer_code"),
        dock=row.dock.name,
        slot=session.slot,
        opened_at=session.opened_at,
        ended_at=session.ended_at,
        total=total,
        stored=stored,
        sealed=sealed,
        may_leave=is_listed and stored == total,
        is_sealed=is_listed and sealed == total,
        safe_to_take=said.get("safe_to_take"),
        phase=said.get("phase"),
        left_s=said.get("left_s"),
        battery_percent=(session.condition or {}).get("battery_percent"),
        removed=_count(row, ClipState.RELEASED),
        is_adoptable=_is_adoptable(session),
        remarks=remarks,
        concerns=tuple(concern for concern in said.get("warnings", ()) if concern not in remarks),
        outcome=session.outcome or "under_way",
        reading=_reading(session.progress, session.progress_at, now) if session.ended_at is None else None,
    )


def _count(row: BoardRow, least: ClipState) -> int:
    return sum(count for state, count in row.states.items() if ClipState(state).reached(least))


def _is_adoptable(session: DockSession) -> bool:
    return session.recorder_id is None and not is_identity(session.identity.get("serial")) and medium_of(session.identity) is not None


def _remarks(row: BoardRow) -> list[str]:
    remarks = []
    if row.session.listing_complete is False:
        remarks.append("listing_incomplete")
    if row.recorder is None:
        remarks.append("unregistered")
    if not row.session.identity.get("officer_code"):
        remarks.append("unknown_officer")
    if row.session.adoption_id is not None:
        remarks.append("adopted")
    if row.session.is_contested:
        remarks.append("contested")
    return remarks


def _said_lately(session: DockSession, now: datetime) -> dict[str, Any]:
    """What the dock last said of the slot, unless that is too long ago."""
    if session.progress is None or session.progress_at is None or (session.ended_at is not None and session.progress_at < session.ended_at):
        return {}
    return session.progress if now - session.progress_at <= _LIGHTS_LAST else {}


def _reading(progress: dict[str, Any] | None, said_at: datetime | None, now: datetime) -> Reading | None:
    if not progress or said_at is None or now - said_at > _PROGRESS_LASTS or not progress["files"]:
        return None
    files = progress["files"]
    numbers = tuple(file["index"] + 1 for file in files[:_MOST_NUMBERS])
    return Reading(numbers, sum(file["read_bytes"] for file in files), progress["bytes_per_s"])
