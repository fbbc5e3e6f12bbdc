"""A plugging-in's row, and the files of its listing, as its chain of custody tells them. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from service.safekeeping.events import PastEvent, replay, told_id, told_time


@dataclass(slots=True)
class ReplayedSession:
    """What a chain tells; the last progress a dock reported is in no event.

    Attributes:
        values: Columns of the session's row; empty where the chain tells of something else than its opening.
        files: Columns of each file's row, by its place in the listing.
    """

    values: dict[str, Any] = field(default_factory=dict)
    files: dict[int, dict[str, Any]] = field(default_factory=dict)


def replay_session(session_id: UUID, events: Iterable[PastEvent]) -> ReplayedSession:
    """Replay a session's chain, from its first event on.

    Raises:
        ValueError: An event lacks what every event of its kind tells.
    """
    session = ReplayedSession({"id": session_id})
    replay(events, partial(_tell, session), f"session {session_id}")
    return session


def _tell(session: ReplayedSession, event: PastEvent) -> None:
    tell = _TELL.get(event.action)
    if tell is not None:
        tell(session, event)


def _opened(session: ReplayedSession, event: PastEvent) -> None:
    told = event.details
    session.values |= {name: told[name] for name in ("slot", "software", "protocol", "identity", "clock", "dock_clock", "condition")}
    session.values |= {
        "dock_id": UUID(told["dock_id"]),
        "recorder_id": told_id(told, "recorder_id"),
        "adoption_id": told_id(told, "adoption_id"),
        "plugged_at": told_time(told, "plugged_at"),
        "opened_at": event.at,
        "is_contested": False,
        "clock_set": None,
        "listed_at": None,
        "listing_sha256": None,
        "listing_complete": None,
        "listing_failure": None,
        "file_count": None,
        "ended_at": None,
        "outcome": None,
    }


def _listed(session: ReplayedSession, event: PastEvent) -> None:
    told = event.details
    session.values |= {
        "listed_at": event.at,
        "listing_sha256": told["listing_sha256"],
        "listing_complete": told["is_complete"],
        "listing_failure": told["failure"],
        "file_count": told["file_count"],
    }
    for position, entry in enumerate(told["files"], start=told["first"]):
        session.files[position] = _file(entry)


def _reassigned(session: ReplayedSession, event: PastEvent) -> None:
    session.files[event.details["position"]] = _file(event.details["file"])


def _file(entry: dict[str, Any]) -> dict[str, Any]:
    return {"clip_id": UUID(entry["clip_id"]), "action": entry["action"], "listed": entry.get("listed"), "failure": None, "release_ordered_at": None}


def _contested(session: ReplayedSession, _event: PastEvent) -> None:
    session.values["is_contested"] = True


def _clock_set(session: ReplayedSession, event: PastEvent) -> None:
    session.values["clock_set"] = {name: event.details[name] for name in ("set_to", "done_at", "after")}


def _ended(session: ReplayedSession, event: PastEvent) -> None:
    session.values |= {"ended_at": event.at, "outcome": event.details["outcome"]}


_TELL: dict[str, Callable[[ReplayedSession, PastEvent], None]] = {
    "session.opened": _opened,
    "session.listed": _listed,
    "file.reassigned": _reassigned,
    "identity.contested": _contested,
    "clock.set": _clock_set,
    "session.ended": _ended,
}
