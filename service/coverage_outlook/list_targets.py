"""The targets an agency follows, and every one it was ever given itself."""

from dataclasses import dataclass

from evidence_store.actor import Actor
from evidence_store.coverage_facts import FactsAt, PlaceRow
from evidence_store.models import CoverageTarget
from service.access.permission import require
from service.access.policy import Action
from service.context import ServiceContext
from service.coverage.measure import day_of, find_agency, known_now, tree_at
from service.coverage_outlook.outlook import targets_by_agency, targets_in_tree
from service.coverage_outlook.targets import Target


@dataclass(frozen=True, slots=True)
class TargetList:
    """The targets of an agency.

    Attributes:
        above: Agencies above it, from the top, as far as the asker may see them.
        followed: What it follows today, by day, its own and those of agencies above.
        history: What it was given itself, superseded or not, by day and then in the order it was recorded.
    """

    agency: PlaceRow
    above: tuple[PlaceRow, ...]
    followed: tuple[Target, ...]
    history: tuple[CoverageTarget, ...]


def list_targets(context: ServiceContext, *, actor: Actor, agency_code: str | None = None) -> TargetList:
    """List an agency's targets.

    Raises:
        NotPermittedError: This role may not.
        UnknownAgencyError: No such agency within the actor's.
    """
    require(Action.READ_COVERAGE, actor)
    with context.unit_of_work() as work:
        agency = find_agency(work, agency_code, actor=actor)
        tree = tree_at(work, FactsAt(day_of(context.clock.now()), known_now(context, work)), asked=agency)
        above = tuple(place for place in tree.above(agency.id) if place.path.startswith(actor.scope.agency_path))
        followed = targets_in_tree(targets_by_agency(work), tree, agency.id)
        history = tuple(work.outlook.target_history(agency.id))
    return TargetList(tree.node(agency.id), above, followed, history)
