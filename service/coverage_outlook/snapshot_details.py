"""A frozen figure with its other editions, and where the custody log has it."""

from dataclasses import dataclass
from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.models import CoverageSnapshot
from service.context import ServiceContext
from service.coverage.freeze import SUBJECT
from service.coverage.frozen import FrozenCoverage, read_snapshot


@dataclass(frozen=True, slots=True)
class SnapshotDetails:
    """A frozen figure.

    Attributes:
        editions: Every edition of its day, in the order they were made.
        leaf_hash: Hash of its event in the custody log, hexadecimal; empty when no event tells of it.
        leaf_index: Where that event stands in the log; ``None`` until it is taken in.
    """

    frozen: FrozenCoverage
    editions: tuple[CoverageSnapshot, ...]
    leaf_hash: str
    leaf_index: int | None


def read_details(context: ServiceContext, snapshot_id: UUID, *, actor: Actor, agency_code: str | None = None) -> SnapshotDetails:
    """Read a frozen figure with all about it.

    Raises:
        NotPermittedError: This role may not.
        UnknownAgencyError: No such agency within the actor's.
        SnapshotNotFoundError: There is none of this id, or the agency was not there.
    """
    frozen = read_snapshot(context, snapshot_id, actor=actor, agency_code=agency_code)
    with context.unit_of_work() as work:
        editions = tuple(work.snapshots.editions(frozen.snapshot.agency_id, frozen.snapshot.day))
        chain = work.custody.chain(SUBJECT, snapshot_id)
    event, leaf_index = chain[0] if chain else (None, None)
    return SnapshotDetails(frozen, editions, event.leaf_hash.hex() if event is not None else "", leaf_index)
