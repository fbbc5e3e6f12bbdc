"""Targets that a change of the roster set or withdrew, for the custody log, with what stood before."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.unit_of_work import UnitOfWork
from integrity.canonical import JsonValue
from service.roster.plan import FactChange
from service.roster.tell_added import SUBJECT

_AT_ONCE = 200
"""Targets in one event, which may be 64 KiB long."""


def tell_targets(work: UnitOfWork, change_id: UUID, changes: Iterable[FactChange], *, actor: Actor, at: datetime) -> None:
    """Enter what targets were set; many take several events."""
    told = list(_told(changes))
    for start in range(0, len(told), _AT_ONCE):
        work.custody.append(SUBJECT, change_id, "coverage.target_set", actor=actor, at=at, details={"targets": told[start : start + _AT_ONCE]})


def _told(changes: Iterable[FactChange]) -> Iterator[dict[str, JsonValue]]:
    for change in changes:
        if change.telling.table == "coverage_target":
            agency, due_on = change.telling.key
            before = change.before.content if change.before is not None else None
            yield {"agency": agency, "due_on": due_on.isoformat(), "before": _content(before), "after": _content(change.after)}


def _content(content: Mapping[str, Any] | None) -> dict[str, JsonValue] | None:
    return None if content is None else {"share": f"{content['share']:.6f}", "document_number": content["document_number"]}
