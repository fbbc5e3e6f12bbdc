"""For whom somebody acts: a duty officer for nobody but themselves, an administrator for any officer within their agency."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from evidence_store.actor import Actor
from evidence_store.models import Officer
from evidence_store.unit_of_work import UnitOfWork
from service.roster.errors import OfficerNotFoundError

_DAYS = ZoneInfo("Asia/Shanghai")


def officer_to_act_for(work: UnitOfWork, code: str | None, *, actor: Actor, now: datetime) -> Officer:
    """Find the officer whom an actor means.

    Args:
        work: The transaction.
        code: Officer number; a duty officer may leave it out.
        actor: Who asks.
        now: The service's clock, UTC; the officer serves within the actor's agency on this day.

    Raises:
        OfficerNotFoundError: No such officer within the actor's agency, or another than the duty officer who asks.
    """
    own: UUID | None = actor.scope.officer_id
    officer = work.officers.by_code(code) if code is not None else work.officers.get(own) if own else None
    if officer is None or own not in {None, officer.id}:
        raise OfficerNotFoundError(code or "")
    if own is None:
        agency_id = work.officers.agency_on(officer.id, now.astimezone(_DAYS).date())
        if agency_id is None or agency_id not in {agency.id for agency in work.agencies.within(actor.scope)}:
            raise OfficerNotFoundError(code or "")
    return officer
