"""The dock board: what is plugged in now, and what came lately."""

from evidence_store.actor import Actor
from evidence_store.models import BoardRow
from service.access.permission import require
from service.access.policy import Action
from service.context import ServiceContext

ROWS = 50


def read_board(context: ServiceContext, *, actor: Actor, limit: int = ROWS) -> list[BoardRow]:
    """List sessions within the actor's agency: those under way first, then the newest.

    Raises:
        NotPermittedError: This role may not.
    """
    require(Action.SEE_BOARD, actor)
    with context.unit_of_work() as work:
        return work.docks.board(actor.scope, limit=min(limit, ROWS))
