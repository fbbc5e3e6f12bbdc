"""Refuses what the policy does not allow."""

import logging

from evidence_store.actor import Actor
from service.access.policy import Action, is_allowed
from service.errors import NotPermittedError

_LOG = logging.getLogger(__name__)


def require(action: Action, actor: Actor) -> None:
    """Go on only if this person's role allows it; docks and workers have no role and are refused.

    Raises:
        NotPermittedError: It does not.
    """
    if actor.role is None or not is_allowed(actor.role, action):
        _LOG.warning("refused", extra={"action": str(action), "actor_kind": str(actor.kind), "actor_id": actor.id})
        raise NotPermittedError(str(action), str(actor.role or actor.kind))
