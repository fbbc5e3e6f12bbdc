"""A dock gets its credential."""

import secrets
from dataclasses import dataclass
from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.models import Dock
from evidence_store.unit_of_work import UnitOfWork
from integrity.canonical import JsonValue
from integrity.hashing import sha256
from service.access.permission import require
from service.access.policy import Action
from service.context import ServiceContext
from service.docks.errors import DockNotFoundError
from service.errors import UnknownAgencyError


@dataclass(frozen=True, slots=True)
class DockCredential:
    """A dock's id and its token; the token is shown once."""

    dock_id: UUID
    token: str


def register_dock(context: ServiceContext, name: str, *, agency_code: str, actor: Actor) -> DockCredential:
    """Register a dock within the actor's agency; it leaves files on the recorder.

    Raises:
        NotPermittedError: This role may not.
        UnknownAgencyError: No such agency below the actor's.
    """
    require(Action.MANAGE_DOCKS, actor)
    token = secrets.token_urlsafe(32)
    with context.unit_of_work() as work:
        agency = work.agencies.by_code(agency_code)
        if agency is None or not agency.path.startswith(actor.scope.agency_path):
            raise UnknownAgencyError(agency_code)
        dock = make_dock(context, work, name, agency_id=agency.id, token=token)
        work.custody.append(
            "dock", dock.id, "dock.registered", actor=actor, at=dock.created_at, details={"agency": agency_code, **registration(dock)}
        )
        return DockCredential(dock.id, token)


def set_keep_on_recorder(context: ServiceContext, dock_id: UUID, *, keep: bool, actor: Actor) -> None:
    """Say whether a dock leaves files on recorders even when the wipe gate would let them go; on record in the dock's chain.

    Raises:
        NotPermittedError: This role may not.
        DockNotFoundError: No such dock within the actor's agency.
    """
    require(Action.MANAGE_DOCKS, actor)
    with context.unit_of_work() as work:
        dock = work.docks.find(dock_id, actor.scope, for_update=True)
        if dock is None:
            raise DockNotFoundError(dock_id)
        if dock.keep_on_recorder != keep:
            dock.keep_on_recorder = keep
            work.custody.append("dock", dock.id, "dock.changed", actor=actor, at=context.clock.now(), details={"keep_on_recorder": keep})


def no_token(dock_id: UUID) -> bytes:
    """What stands for the digest of a token that no dock holds: a rebuilt database knows no credentials."""
    return b"none " + dock_id.bytes


def registration(dock: Dock) -> dict[str, JsonValue]:
    """What the event of a dock's registration tells of it; never its token."""
    return {"name": dock.name, "agency_id": str(dock.agency_id), "keep_on_recorder": dock.keep_on_recorder, "is_demo": dock.is_demo}


def make_dock(context: ServiceContext, work: UnitOfWork, name: str, *, agency_id: UUID, token: str, dock_id: UUID | None = None) -> Dock:
    """Add the row of a dock, in the caller's transaction. A demonstration's docks are demonstration docks."""
    dock = Dock(
        id=dock_id or context.new_id(),
        name=name,
        agency_id=agency_id,
        token_sha256=sha256(token.encode()),
        keep_on_recorder=True,
        is_demo=context.settings.is_demo,
        created_at=context.clock.now(),
    )
    work.docks.add(dock)
    return dock
