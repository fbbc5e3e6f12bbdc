"""The agencies a person may choose from."""

from evidence_store.actor import Actor
from evidence_store.models import Agency
from service.access.permission import require
from service.access.policy import Action
from service.context import ServiceContext


def list_agencies(context: ServiceContext, *, actor: Actor) -> list[Agency]:
    """List the actor's agency and every one below it, by path.

    Raises:
        NotPermittedError: This role may not.
    """
    require(Action.FIND_CLIPS, actor)
    with context.unit_of_work() as work:
        return work.agencies.within(actor.scope)
