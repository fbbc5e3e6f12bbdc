"""The alarms that are not over, as far as somebody may see them."""

from dataclasses import dataclass

from evidence_store.actor import Actor
from evidence_store.models import Agency
from evidence_store.repositories.alarms import AlarmRow
from service.access.permission import require
from service.access.policy import Action
from service.context import ServiceContext
from service.coverage.measure import find_agency
from service.coverage_outlook.alarms import AlarmKind

__all__ = ["AlarmList", "AlarmRow", "count_open_alarms", "list_alarms"]
MOST_ALARMS = 500


@dataclass(frozen=True, slots=True)
class AlarmList:
    """Alarms of an agency and those below it.

    Attributes:
        counts: How many there are of each kind.
        alarms: The first of those asked for, by agency, kind and subject.
    """

    agency: Agency
    counts: dict[AlarmKind, int]
    alarms: tuple[AlarmRow, ...]


def list_alarms(
    context: ServiceContext, *, actor: Actor, kind: AlarmKind | None = None, agency_code: str | None = None, most: int = MOST_ALARMS
) -> AlarmList:
    """List the alarms that are not over.

    Args:
        context: What the service needs.
        actor: Who asks.
        kind: Only of this kind.
        agency_code: Only of this agency and those below it; of the actor's when not given.
        most: No more than so many.

    Raises:
        NotPermittedError: This role may not.
        UnknownAgencyError: No such agency within the actor's.
    """
    require(Action.READ_COVERAGE, actor)
    with context.unit_of_work() as work:
        agency = find_agency(work, agency_code, actor=actor)
        counts = work.alarms.count_by_kind(actor.scope, agency_path=agency.path)
        rows = work.alarms.listed(actor.scope, kind=None if kind is None else str(kind), agency_path=agency.path, most=most)
    return AlarmList(agency, {one: counts.get(str(one), 0) for one in AlarmKind}, tuple(rows))


def count_open_alarms(context: ServiceContext, *, actor: Actor) -> int:
    """Count the alarms that are not over, of the agencies an actor may see.

    Raises:
        NotPermittedError: This role may not.
        StoreUnavailableError: The database is away.
    """
    require(Action.READ_COVERAGE, actor)
    with context.unit_of_work() as work:
        return work.alarms.count_open(actor.scope)
