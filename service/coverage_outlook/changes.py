"""Why did it change: between two days as they are known now, or between a frozen figure and the one it replaces."""

from datetime import date
from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.coverage_facts import FactsAt
from service.access.permission import require
from service.access.policy import Action
from service.context import ServiceContext
from service.coverage.errors import SnapshotNotFoundError
from service.coverage.explain import Explanation, explain_change
from service.coverage.measure import known_now


def explain_days(context: ServiceContext, earlier: date, later: date, *, actor: Actor, agency_code: str | None = None) -> Explanation:
    """Explain how an agency's figure came from that of an earlier day, both from what is known now.

    Raises:
        NotPermittedError: This role may not.
        UnknownAgencyError: No such agency within the actor's.
        UnacceptableValueError: The earlier day is not before the later.
    """
    require(Action.READ_COVERAGE, actor)
    with context.unit_of_work() as work:
        known = known_now(context, work)
    return explain_change(context, FactsAt(earlier, known), FactsAt(later, known), actor=actor, agency_code=agency_code)


def explain_edition(context: ServiceContext, snapshot_id: UUID, *, actor: Actor, agency_code: str | None = None) -> Explanation:
    """Explain how a frozen figure came from the one it replaces: the same day, with later knowledge.

    Raises:
        NotPermittedError: This role may not.
        UnknownAgencyError: No such agency within the actor's.
        SnapshotNotFoundError: There is none of this id, or it replaces none.
    """
    require(Action.READ_COVERAGE, actor)
    with context.unit_of_work() as work:
        snapshot = work.snapshots.get(snapshot_id)
        replaced = work.snapshots.get(snapshot.replaces_id) if snapshot is not None and snapshot.replaces_id else None
    if snapshot is None or replaced is None:
        raise SnapshotNotFoundError(f"{snapshot_id} that replaces another")
    earlier, later = FactsAt(replaced.day, replaced.known_until), FactsAt(snapshot.day, snapshot.known_until)
    return explain_change(context, earlier, later, actor=actor, agency_code=agency_code)
