"""Set a target of coverage on a page: a change of the roster like any other, so that the target before is superseded and never overwritten."""

from datetime import date
from decimal import Decimal

from pydantic import ValidationError

from evidence_store.actor import Actor
from service.context import ServiceContext
from service.errors import UnacceptableValueError
from service.roster.apply_import import ImportResult, RosterSource, import_roster
from service.roster.rows import Roster, TargetFacts


def set_target(
    context: ServiceContext, *, agency_code: str, due_on: date, share: Decimal, document_number: str, actor: Actor, withdrawn: bool = False
) -> ImportResult:
    """Set what share of its officers an agency is to have equipped by the end of a day, or withdraw what was set.

    Args:
        context: What the service needs.
        agency_code: The agency, which those below it without a target for the day follow.
        due_on: The day, Asia/Shanghai.
        share: Over 0, at most 1, with at most six decimals.
        document_number: What ordered it.
        actor: Who sets it.
        withdrawn: Whether nobody is to be held to this day any more.

    Raises:
        NotPermittedError: This role may not.
        RosterRefusedError: No such agency within the actor's.
        UnacceptableValueError: A value is beyond its bounds.
    """
    try:
        target = TargetFacts(agency=agency_code, due_on=due_on, share=share, document_number=document_number, withdrawn=withdrawn)
    except ValidationError as error:
        fault = error.errors()[0]
        raise UnacceptableValueError(str(fault["loc"][-1]), str(fault["msg"])) from error
    return import_roster(context, Roster(targets=(target,)), actor=actor, source=RosterSource("page", "targets"))
