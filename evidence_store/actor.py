"""Who asks, and which rows they may see: values without rules."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What a person may do; the rules are in ``service.access.policy``."""

    DUTY_OFFICER = "duty_officer"
    REVIEWER = "reviewer"
    ADMINISTRATOR = "administrator"


class ActorKind(StrEnum):
    """What kind of party acts."""

    USER = "user"
    DOCK = "dock"
    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which rows an actor may see.

    Attributes:
        agency_path: Path of the agency they belong to; rows of it and of every agency below it are theirs.
        officer_id: When set, only rows of this officer.
        dock_id: When set, only rows of this dock.
    """

    agency_path: str
    officer_id: UUID | None = None
    dock_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks.

    Attributes:
        kind: User, dock or worker.
        id: Identifier of the account or dock, or the worker's name.
        name: As it is written in the custody log.
        role: A person's role; ``None`` for docks and workers.
        agency_id: Agency of the account or dock; ``None`` for workers.
        scope: Which rows they may see.
    """

    kind: ActorKind
    id: str
    name: str
    role: Role | None
    agency_id: UUID | None
    scope: Scope


WORKER = Actor(ActorKind.WORKER, "worker", "worker", None, None, Scope("/"))
"""The service acting by itself; sees every row."""
