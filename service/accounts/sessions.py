"""From a token to who holds it."""

from evidence_store.actor import Actor, ActorKind, Role, Scope
from integrity.hashing import sha256
from service.accounts.errors import NotSignedInError
from service.context import ServiceContext


def who_holds(context: ServiceContext, token: str) -> Actor:
    """Find the person who holds a token.

    Raises:
        NotSignedInError: Nobody does, it has expired, or the account is disabled.
    """
    with context.unit_of_work() as work:
        found = work.accounts.by_token(sha256(token.encode()), context.clock.now())
    if found is None:
        raise NotSignedInError
    account, agency = found
    role = Role(account.role)
    officer_id = account.officer_id if role is Role.DUTY_OFFICER else None
    return Actor(ActorKind.USER, str(account.id), account.username, role, agency.id, Scope(agency.path, officer_id=officer_id))
