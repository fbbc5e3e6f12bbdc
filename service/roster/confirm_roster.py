"""Each month somebody says that an agency's roster is right; each level sees who below it has not."""

from dataclasses import dataclass
from datetime import date, datetime

from evidence_store.actor import Actor
from evidence_store.models import Agency, RosterConfirmation
from evidence_store.unit_of_work import UnitOfWork
from service.access.permission import require
from service.access.policy import Action
from service.context import ServiceContext
from service.coverage.measure import day_of
from service.errors import UnknownAgencyError


@dataclass(frozen=True, slots=True)
class AgencyConfirmation:
    """Whether an agency's roster is confirmed for a month; ``confirmed_at`` is ``None`` where it is not."""

    agency: Agency
    confirmed_by: str = ""
    confirmed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MonthOfConfirmations:
    """Who confirmed a month, named by its first day; of every agency that is open today, by path."""

    month: date
    agencies: tuple[AgencyConfirmation, ...]

    @property
    def confirmed(self) -> int:
        """How many did."""
        return sum(one.confirmed_at is not None for one in self.agencies)


def confirm_roster(context: ServiceContext, *, actor: Actor, agency_code: str | None = None) -> AgencyConfirmation:
    """Say that an agency's roster is right for this month (Asia/Shanghai); said again, the first time stands.

    Args:
        context: What the service needs.
        actor: Who says so.
        agency_code: Which agency within the actor's; their own when not given.

    Raises:
        NotPermittedError: This role may not.
        UnknownAgencyError: No such agency within the actor's.
    """
    require(Action.CHANGE_ROSTER, actor)
    now = context.clock.now()
    month = day_of(now).replace(day=1)
    with context.unit_of_work() as work:
        agency = _agency(work, agency_code, actor)
        work.snapshots.lock_ledger()
        known = work.roster.confirmed(month).get(agency.id)
        if known is None:
            known = RosterConfirmation(agency_id=agency.id, month=month, confirmed_by=actor.name, confirmed_at=now)
            work.roster.confirm(known)
            work.custody.append("agency", agency.id, "roster.confirmed", actor=actor, at=now, details={"month": month.isoformat()})
        return AgencyConfirmation(agency, known.confirmed_by, known.confirmed_at)


def list_confirmations(context: ServiceContext, *, actor: Actor) -> MonthOfConfirmations:
    """Tell who has confirmed this month, of the actor's agency and every one below it.

    Raises:
        NotPermittedError: This role may not.
    """
    require(Action.CHANGE_ROSTER, actor)
    today = day_of(context.clock.now())
    month = today.replace(day=1)
    with context.unit_of_work() as work:
        confirmed, is_open = work.roster.confirmed(month), work.roster.places_on(today)
        agencies = [agency for agency in work.agencies.within(actor.scope) if agency.id in is_open]
    told = (
        AgencyConfirmation(agency, confirmed[agency.id].confirmed_by, confirmed[agency.id].confirmed_at)
        if agency.id in confirmed
        else AgencyConfirmation(agency)
        for agency in agencies
    )
    return MonthOfConfirmations(month, tuple(told))


def _agency(work: UnitOfWork, code: str | None, actor: Actor) -> Agency:
    agencies = work.agencies.within(actor.scope)
    found = agencies[0] if code is None and agencies else next((agency for agency in agencies if agency.code == code), None)
    if found is None:
        raise UnknownAgencyError(code or "")
    return found
