"""Read what was frozen: the figure of an agency and those directly below it, and every edition of the newest days."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.models import Agency, CoverageFigure, CoverageSnapshot
from evidence_store.unit_of_work import UnitOfWork
from service.access.permission import require
from service.access.policy import Action
from service.context import ServiceContext
from service.coverage.errors import SnapshotNotFoundError
from service.coverage.measure import day_of, find_agency

MOST_SNAPSHOTS = 400


@dataclass(frozen=True, slots=True)
class FrozenCoverage:
    """The figures of an agency in one snapshot.

    Attributes:
        parts: The agencies directly below, by code.
    """

    snapshot: CoverageSnapshot
    figure: CoverageFigure
    parts: tuple[CoverageFigure, ...]


@dataclass(frozen=True, slots=True)
class FrozenPoint:
    """The figure of an agency on one frozen day."""

    snapshot: CoverageSnapshot
    figure: CoverageFigure


def read_frozen(context: ServiceContext, *, actor: Actor, agency_code: str | None = None, day: date | None = None) -> FrozenCoverage:
    """Read the newest edition of the last frozen day up to one; of all days when none is given.

    Raises:
        NotPermittedError: This role may not.
        UnknownAgencyError: No such agency within the actor's.
        SnapshotNotFoundError: Nothing was frozen by then, or the agency was not there.
    """
    require(Action.READ_COVERAGE, actor)
    with context.unit_of_work() as work:
        agency, top = _agency_and_top(work, agency_code, actor)
        snapshot = work.snapshots.newest_on_or_before(top.id, day or day_of(context.clock.now()))
        if snapshot is None:
            raise SnapshotNotFoundError(f"up to {day}" if day else "yet")
        return _read(work, snapshot, agency.id)


def read_snapshot(context: ServiceContext, snapshot_id: UUID, *, actor: Actor, agency_code: str | None = None) -> FrozenCoverage:
    """Read one snapshot.

    Raises:
        NotPermittedError: This role may not.
        UnknownAgencyError: No such agency within the actor's.
        SnapshotNotFoundError: There is none of this id, or the agency was not there.
    """
    require(Action.READ_COVERAGE, actor)
    with context.unit_of_work() as work:
        agency, _ = _agency_and_top(work, agency_code, actor)
        snapshot = work.snapshots.get(snapshot_id)
        if snapshot is None:
            raise SnapshotNotFoundError(str(snapshot_id))
        return _read(work, snapshot, agency.id)


def list_snapshots(context: ServiceContext, *, actor: Actor, agency_code: str | None = None, limit: int = MOST_SNAPSHOTS) -> list[FrozenPoint]:
    """List the snapshots of the newest days with an agency's figure in each, every edition, newest first.

    Raises:
        NotPermittedError: This role may not.
        UnknownAgencyError: No such agency within the actor's.
    """
    require(Action.READ_COVERAGE, actor)
    with context.unit_of_work() as work:
        agency, top = _agency_and_top(work, agency_code, actor)
        snapshots = work.snapshots.latest(top.id, limit=limit)
        figures = work.snapshots.figures_over_time([snapshot.id for snapshot in snapshots], agency.id)
    return [FrozenPoint(snapshot, figures[snapshot.id]) for snapshot in snapshots if snapshot.id in figures]


def _agency_and_top(work: UnitOfWork, code: str | None, actor: Actor) -> tuple[Agency, Agency]:
    agency, top = find_agency(work, code, actor=actor), work.agencies.top()
    return agency, top or agency


def _read(work: UnitOfWork, snapshot: CoverageSnapshot, agency_id: UUID) -> FrozenCoverage:
    figure = work.snapshots.figure(snapshot.id, agency_id)
    if figure is None:
        raise SnapshotNotFoundError(f"of {snapshot.day} for this agency")
    return FrozenCoverage(snapshot, figure, tuple(work.snapshots.figures_below(snapshot.id, agency_id)))
