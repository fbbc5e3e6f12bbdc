"""The first start of a demonstration takes its province in through the roster import, as any province's would be."""

from evidence_store.actor import Actor, ActorKind, Role, Scope
from service.appliance.demo_people import AGENCY_CODES
from service.appliance.demo_roster import make_demo_roster
from service.context import ServiceContext
from service.coverage.measure import DAYS
from service.roster.apply_import import import_roster

_IMPORTER = Actor(ActorKind.USER, "demonstration", "演示数据", Role.ADMINISTRATOR, None, Scope("/"))


def import_demo_province(context: ServiceContext) -> None:
    """Take the demonstration's roster in, with a history up to today; once it is there, later days leave it as it is."""
    with context.unit_of_work() as work:
        if work.agencies.by_code(AGENCY_CODES[0]) is not None:
            return
    today = context.clock.now().astimezone(DAYS).date()
    import_roster(context, make_demo_roster(today), actor=_IMPORTER)
