"""From a dock's token to the dock, and the version of the protocol it speaks."""

from evidence_store.actor import Actor, ActorKind, Scope
from integrity.hashing import sha256
from service.context import ServiceContext
from service.docks.errors import UnknownDockError
from service.ingest.errors import DockProtocolUnsupportedError, RealDockRefusedError
from service.ingest.policy import accepted_protocols


def which_dock(context: ServiceContext, token: str) -> Actor:
    """Find the dock that holds a token.

    Raises:
        UnknownDockError: None does.
        RealDockRefusedError: This is a demonstration, and the dock is a real one.
    """
    with context.unit_of_work() as work:
        found = work.docks.by_token(sha256(token.encode()))
    if found is None:
        raise UnknownDockError
    dock, agency = found
    if context.settings.is_demo and not dock.is_demo:
        raise RealDockRefusedError
    return Actor(ActorKind.DOCK, str(dock.id), dock.name, None, agency.id, Scope(agency.path, dock_id=dock.id))


def agree_on_protocol(version: str) -> int:
    """Accept the version of the dock protocol that a dock speaks.

    Raises:
        DockProtocolUnsupportedError: It is neither the current one nor the one before it.
    """
    accepted = accepted_protocols()
    if version not in {str(number) for number in accepted}:
        raise DockProtocolUnsupportedError(version, accepted)
    return int(version)
