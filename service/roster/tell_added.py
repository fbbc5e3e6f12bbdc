"""Which agencies, officers and recorders a roster added, for the custody log: enough to find the same ones again by a later roster.

The log keeps every id with the code or serial number it stands for. Names of officers, their posts and certificates stay out of it: they are the
roster's affair, and the log is for ever.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.models import Agency, Officer, Recorder
from evidence_store.unit_of_work import UnitOfWork
from integrity.canonical import JsonValue, canonical_bytes
from integrity.plain import spell_instant

SUBJECT = "roster"
_MOST_BYTES = 48 * 1024
"""Of the entries in one event, which may be 64 KiB long."""


def tell_added(work: UnitOfWork, roster_id: UUID, rows: Iterable[Any], *, actor: Actor, at: datetime) -> None:
    """Enter what was added; many rows take several events."""
    told = [entry for entry in map(_entry, rows) if entry is not None]
    for piece in _pieces(told):
        work.custody.append(SUBJECT, roster_id, "rows.added", actor=actor, at=at, details={"rows": piece})


def agency_members(agency: Agency) -> dict[str, JsonValue]:
    """An agency as an event tells it."""
    parent_id = str(agency.parent_id) if agency.parent_id else None
    return {"id": str(agency.id), "code": agency.code, "name": agency.name, "level": str(agency.level), "parent_id": parent_id, "path": agency.path}


def _entry(row: Any) -> dict[str, JsonValue] | None:
    if isinstance(row, Agency):
        return {"agency": agency_members(row)}
    if isinstance(row, Officer):
        return {"officer": {"id": str(row.id), "code": row.code}}
    if isinstance(row, Recorder):
        registered_at = spell_instant(row.registered_at)
        return {
            "recorder": {"id": str(row.id), "serial": row.serial, "model": row.model, "agency_id": str(row.agency_id), "registered_at": registered_at}
        }
    return None


def _pieces(entries: Iterable[dict[str, JsonValue]]) -> Iterator[list[dict[str, JsonValue]]]:
    piece: list[dict[str, JsonValue]] = []
    size = 0
    for entry in entries:
        length = len(canonical_bytes(entry)) + 1
        if piece and size + length > _MOST_BYTES:
            yield piece
            piece, size = [], 0
        piece.append(entry)
        size += length
    if piece:
        yield piece
