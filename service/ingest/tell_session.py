"""A plugging-in's own chain in the custody log: opened, listed, ended. From it, and those of its clips, the session's rows can be written again."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from evidence_store.actor import Actor
from evidence_store.models import DockSession, SessionFile
from evidence_store.unit_of_work import UnitOfWork
from integrity.canonical import JsonValue, canonical_bytes
from integrity.plain import spell_instant

SUBJECT = "session"
_MOST_BYTES = 48 * 1024
"""Of the files in one event, which may be 64 KiB long."""


def tell_opened(work: UnitOfWork, session: DockSession, *, dock: Actor) -> None:
    """Enter that a recorder was plugged in, and what the dock attested of it."""
    details: dict[str, JsonValue] = {
        "dock_id": str(session.dock_id),
        "recorder_id": str(session.recorder_id) if session.recorder_id else None,
        "adoption_id": str(session.adoption_id) if session.adoption_id else None,
        "slot": session.slot,
        "software": session.software,
        "protocol": session.protocol,
        "identity": session.identity,
        "clock": session.clock,
        "dock_clock": session.dock_clock,
        "condition": session.condition,
        "plugged_at": spell_instant(session.plugged_at) if session.plugged_at else None,
    }
    work.custody.append(SUBJECT, session.id, "session.opened", actor=dock, at=session.opened_at, details=details)


def tell_listed(work: UnitOfWork, session: DockSession, files: Sequence[SessionFile], *, listing_sha256: str, dock: Actor, at: datetime) -> None:
    """Enter which files a recorder listed, each with the clip it is and what the dock was told; a long listing takes several events."""
    listing: dict[str, JsonValue] = {
        "listing_sha256": listing_sha256,
        "is_complete": session.listing_complete,
        "failure": session.listing_failure,
        "file_count": session.file_count,
    }
    for first, entries in _pieces([_entry(file) for file in files]):
        work.custody.append(SUBJECT, session.id, "session.listed", actor=dock, at=at, details={**listing, "first": first, "files": entries})


def tell_ended(work: UnitOfWork, session: DockSession, *, actor: Actor, at: datetime) -> None:
    """Enter how a plugging-in ended."""
    work.custody.append(SUBJECT, session.id, "session.ended", actor=actor, at=at, details={"outcome": session.outcome})


def tell_reassigned(work: UnitOfWork, session: DockSession, file: SessionFile, *, dock: Actor, at: datetime) -> None:
    """Enter that a listed file turned out to be another clip than it looked like."""
    details: dict[str, JsonValue] = {"position": file.position, "file": _entry(file)}
    work.custody.append(SUBJECT, session.id, "file.reassigned", actor=dock, at=at, details=details)


def _entry(file: SessionFile) -> dict[str, Any]:
    return {"clip_id": str(file.clip_id), "action": file.action, **({"listed": file.listed} if file.listed is not None else {})}


def _pieces(entries: Sequence[dict[str, Any]]) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Cut a listing so that each piece fits into one event; an empty one is one empty piece."""
    piece: list[dict[str, Any]] = []
    first, size = 0, 0
    for position, entry in enumerate(entries):
        length = len(canonical_bytes(entry)) if "listed" in entry else len(entry["action"]) + len(entry["clip_id"]) + 30
        if piece and size + length > _MOST_BYTES:
            yield first, piece
            piece, first, size = [], position, 0
        piece.append(entry)
        size += length
    yield first, piece
