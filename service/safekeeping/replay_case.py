"""A case's row, and the clips linked to it, as its chain of custody tells them. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from service.safekeeping.events import PastEvent, replay


@dataclass(slots=True)
class ReplayedCase:
    """What a chain tells: columns of the case's row, and of each link's, by the link's id."""

    values: dict[str, Any] = field(default_factory=dict)
    links: dict[UUID, dict[str, Any]] = field(default_factory=dict)


def replay_case(case_id: UUID, events: Iterable[PastEvent]) -> ReplayedCase:
    """Replay a case's chain, from its first event on.

    Raises:
        ValueError: An event lacks what every event of its kind tells.
    """
    case = ReplayedCase({"id": case_id})
    replay(events, partial(_tell, case), f"case {case_id}")
    return case


def _tell(case: ReplayedCase, event: PastEvent) -> None:
    told, who = event.details, event.actor_id
    if event.action == "case.opened":
        case.values |= {"agency_id": UUID(told["agency_id"]), "number": told["number"], "title": told["title"]}
        case.values |= {"opened_at": event.at, "opened_by": UUID(who)}
    elif event.action == "clip.linked":
        link_id = UUID(told["link_id"])
        linked = {"id": link_id, "case_id": case.values["id"], "clip_id": UUID(told["clip_id"]), "purpose": told["purpose"]}
        open_end = {"unlinked_at": None, "unlinked_by": None, "unlink_reason": None}
        case.links[link_id] = {**linked, "linked_at": event.at, "linked_by": UUID(who), **open_end}
    elif event.action == "clip.unlinked":
        case.links[UUID(told["link_id"])] |= {"unlinked_at": event.at, "unlinked_by": UUID(who), "unlink_reason": told["reason"]}
