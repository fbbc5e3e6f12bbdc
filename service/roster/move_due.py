"""Whose people see an agency's footage, and which agency a recorder belongs to, follow the places that hold today."""

from datetime import datetime
from uuid import UUID

from evidence_store.actor import WORKER, Actor
from evidence_store.coverage_facts import FactsAt
from evidence_store.models import Agency
from evidence_store.repositories.coverage import EVERYTHING
from evidence_store.unit_of_work import UnitOfWork
from service.context import ServiceContext
from service.coverage.measure import day_of
from service.coverage.tree import AgencyTree
from service.jobs import job
from service.roster.tell_added import agency_members


@job("roster.move_due")
def move_due_daily(context: ServiceContext) -> None:
    """Let the places that hold from today on take effect."""
    with context.unit_of_work() as work:
        work.snapshots.lock_ledger()
        move_due(work, actor=WORKER, now=context.clock.now())


def move_due(work: UnitOfWork, *, actor: Actor, now: datetime) -> None:
    """Move agencies and recorders to where they belong on the day; each move is on record.

    A closed agency stays where it was, or moves below the one that took it over, so that its footage never lies where nobody looks.
    """
    at = FactsAt(day_of(now), EVERYTHING)
    tree = AgencyTree(work.coverage.tree(at), work.coverage.successions(at))
    agencies = {agency.id: agency for agency in work.roster.agencies()}
    for place in tree.nodes():
        agency, above = agencies[place.agency_id], tree.above(place.agency_id)
        parent = agencies[above[-1].agency_id] if above else None
        path = f"{parent.path if parent else '/'}{agency.code}/"
        if (agency.parent_id, agency.name, agency.level, agency.path) != (parent.id if parent else None, place.name, place.level, path):
            agency.parent_id, agency.name, agency.level, agency.path = parent.id if parent else None, place.name, place.level, path
            work.custody.append("agency", agency.id, "agency.moved", actor=actor, at=now, details=agency_members(agency))
    work.flush()
    _carry_along(work, agencies, tree, actor=actor, now=now)
    for recorder, agency_id in work.roster.misplaced_recorders(at.day):
        recorder.agency_id = agency_id
        details = {"agency_id": str(agency_id), "serial": recorder.serial}
        work.custody.append("recorder", recorder.id, "recorder.moved", actor=actor, at=now, details=details)


def _carry_along(work: UnitOfWork, agencies: dict[UUID, Agency], tree: AgencyTree, *, actor: Actor, now: datetime) -> None:
    """Agencies without a place yet, whose day is to come, stay below the one they hang under, wherever that moved."""
    for agency in agencies.values():
        if agency.id in tree or agency.parent_id is None:
            continue
        path = f"{agencies[agency.parent_id].path}{agency.code}/"
        if agency.path != path:
            agency.path = path
            work.custody.append("agency", agency.id, "agency.moved", actor=actor, at=now, details=agency_members(agency))
    work.flush()
