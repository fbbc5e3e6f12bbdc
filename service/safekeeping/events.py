"""Events of the custody log as those who replay many of them need them: read fast, their bytes having been proved elsewhere."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PastEvent:
    """What happened to a subject.

    Attributes:
        at: The service's clock then, UTC.
        actor_id: Who did it: an account's or dock's id, or a name.
    """

    action: str
    at: datetime
    actor_id: str
    actor_name: str | None
    details: Mapping[str, Any]


def read_past_event(canonical: bytes) -> PastEvent:
    """Read an event whose bytes are known to be those in the log; ``integrity.custody_event`` is for those that are not.

    Raises:
        ValueError: It is no event at all.
    """
    try:
        members = json.loads(canonical)
        actor = members["actor"]
        return PastEvent(members["action"], datetime.fromisoformat(members["at"]), actor["id"], actor["name"], members["details"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"not an event: {canonical[:80]!r}") from error


def replay(events: Iterable[PastEvent], tell: Callable[[PastEvent], None], subject: str) -> None:
    """Let a subject's chain be told from its first event on.

    Args:
        events: The chain.
        tell: Takes in what one event tells; what it does not know it passes over.
        subject: Whose chain it is, for the error.

    Raises:
        ValueError: An event lacks what every event of its kind tells.
    """
    for number, event in enumerate(events):
        try:
            tell(event)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"event {number} of {subject}, {event.action}, lacks {error}") from error


def told_id(details: Mapping[str, Any], name: str) -> UUID | None:
    """An id that an event tells, if it does."""
    text = details.get(name)
    return UUID(text) if text else None


def told_time(details: Mapping[str, Any], name: str) -> datetime | None:
    """A time that an event tells, if it does, UTC."""
    text = details.get(name)
    return datetime.fromisoformat(text) if text else None
