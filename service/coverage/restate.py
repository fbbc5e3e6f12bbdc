"""Corrections of the past make a restated figure beside a frozen one, which stays as it is."""

from datetime import date, timedelta

from evidence_store.models import CoverageSnapshot, SnapshotEdition, SnapshotKind
from service.context import ServiceContext
from service.coverage.due import closing_day
from service.coverage.freeze import WantedEdition, freeze
from service.coverage.measure import day_of, known_now
from service.jobs import job

RESTATED_DAYS = 40
"""Figures of ordinary days are restated so long; those of months and deadlines always."""


@job("coverage.restate")
def restate_snapshots(context: ServiceContext) -> None:
    """Restate every frozen figure that changes recorded since make say something else."""
    with context.unit_of_work() as work:
        known = known_now(context, work)
    for snapshot in outdated(context):
        freeze(context, WantedEdition(snapshot.day, SnapshotEdition.RESTATED, known, snapshot))


def outdated(context: ServiceContext) -> list[CoverageSnapshot]:
    """Frozen figures that a later change of the roster touches, and that are open to restatement, oldest first.

    While late paperwork is still let in, a month's figure waits for its closing date.
    """
    today = day_of(context.clock.now())
    with context.unit_of_work() as work:
        top = work.agencies.top()
        if top is None:
            return []
        newest = work.snapshots.newest_editions(top.id, since=date.min)
        if not newest:
            return []
        changes = work.snapshots.changes_since(min(snapshot.known_until for snapshot in newest))
    touching = [(change.recorded_at, change.touches_from) for change in changes if change.touches_from is not None]
    return [
        snapshot
        for snapshot in newest
        if _is_open(snapshot, today=today, closing_days=context.settings.coverage_closing_days)
        and any(recorded_at > snapshot.known_until and day <= snapshot.day for recorded_at, day in touching)
    ]


def _is_open(snapshot: CoverageSnapshot, *, today: date, closing_days: int) -> bool:
    if snapshot.kind == SnapshotKind.DAILY:
        return today - snapshot.day <= timedelta(days=RESTATED_DAYS)
    closes = closing_day(snapshot.day, closing_days=closing_days)
    return closes is not None and closes < today and snapshot.edition != SnapshotEdition.FIRST
