"""Frozen figures of coverage."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, insert, select, text
from sqlalchemy.orm import Session, aliased

from evidence_store.models import CoverageFigure, CoverageSnapshot, RosterChange, SnapshotEdition

LEDGER_LOCK = (6, 1)
"""Advisory lock of whoever changes the roster or freezes its figures."""


class Snapshots:
    """Snapshots of coverage and the changes of the roster they stand between."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def lock_ledger(self) -> None:
        """Let no change of the roster be under way until this transaction ends."""
        self._session.execute(text("SELECT pg_advisory_xact_lock(:family, :one)"), {"family": LEDGER_LOCK[0], "one": LEDGER_LOCK[1]})

    def known_until(self) -> datetime | None:
        """Latest instant that a frozen figure or a change of the roster stands for; what is recorded from now on is later."""
        frozen = self._session.scalar(select(func.max(CoverageSnapshot.known_until)))
        changed = self._session.scalar(select(func.max(RosterChange.recorded_at)))
        return max((moment for moment in (frozen, changed) if moment is not None), default=None)

    def add(self, snapshot: CoverageSnapshot, figures: Sequence[CoverageFigure]) -> None:
        """Keep a snapshot with the figures of every agency."""
        self._session.add(snapshot)
        self._session.flush()
        columns = [column.key for column in CoverageFigure.__table__.columns]
        for start in range(0, len(figures), 1_000):
            rows = [{name: getattr(figure, name) for name in columns} for figure in figures[start : start + 1_000]]
            self._session.execute(insert(CoverageFigure), rows)

    def get(self, snapshot_id: UUID) -> CoverageSnapshot | None:
        """Find a snapshot by its id."""
        return self._session.get(CoverageSnapshot, snapshot_id)

    def first_days(self, agency_id: UUID, *, since: date) -> set[date]:
        """Days from one on whose first edition is there."""
        query = select(CoverageSnapshot.day).where(
            CoverageSnapshot.agency_id == agency_id, CoverageSnapshot.edition == SnapshotEdition.FIRST, CoverageSnapshot.day >= since
        )
        return set(self._session.scalars(query))

    def newest_editions(self, agency_id: UUID, *, since: date, until: date | None = None) -> list[CoverageSnapshot]:
        """For each day from one to another, the edition that no other replaces, by day."""
        query = select(CoverageSnapshot).where(CoverageSnapshot.agency_id == agency_id, CoverageSnapshot.day >= since, _is_newest())
        if until is not None:
            query = query.where(CoverageSnapshot.day <= until)
        return list(self._session.scalars(query.order_by(CoverageSnapshot.day)))

    def editions(self, agency_id: UUID, day: date) -> list[CoverageSnapshot]:
        """Every edition of a day, in the order they were made."""
        query = select(CoverageSnapshot).where(CoverageSnapshot.agency_id == agency_id, CoverageSnapshot.day == day)
        return list(self._session.scalars(query.order_by(CoverageSnapshot.known_until, CoverageSnapshot.made_at)))

    def latest(self, agency_id: UUID, *, limit: int, before: date | None = None) -> list[CoverageSnapshot]:
        """Snapshots of the newest days, newest first, every edition."""
        query = select(CoverageSnapshot).where(CoverageSnapshot.agency_id == agency_id)
        if before is not None:
            query = query.where(CoverageSnapshot.day < before)
        return list(self._session.scalars(query.order_by(CoverageSnapshot.day.desc(), *_NEWEST_FIRST).limit(limit)))

    def newest_on_or_before(self, agency_id: UUID, day: date) -> CoverageSnapshot | None:
        """The newest edition of the last frozen day up to one."""
        query = select(CoverageSnapshot).where(CoverageSnapshot.agency_id == agency_id, CoverageSnapshot.day <= day, _is_newest())
        return self._session.scalars(query.order_by(CoverageSnapshot.day.desc()).limit(1)).one_or_none()

    def figure(self, snapshot_id: UUID, agency_id: UUID) -> CoverageFigure | None:
        """The figure of one agency in a snapshot."""
        return self._session.get(CoverageFigure, (snapshot_id, agency_id))

    def figures_below(self, snapshot_id: UUID, agency_id: UUID) -> list[CoverageFigure]:
        """The figures of the agencies directly below one in a snapshot, by code."""
        return self._figures(select(CoverageFigure).where(CoverageFigure.snapshot_id == snapshot_id, CoverageFigure.parent_id == agency_id))

    def all_figures(self, snapshot_id: UUID) -> list[CoverageFigure]:
        """The figures of every agency in a snapshot, by code."""
        return self._figures(select(CoverageFigure).where(CoverageFigure.snapshot_id == snapshot_id))

    def figures_over_time(self, snapshot_ids: Collection[UUID], agency_id: UUID) -> dict[UUID, CoverageFigure]:
        """The figure of one agency in each of several snapshots, by snapshot."""
        query = select(CoverageFigure).where(CoverageFigure.agency_id == agency_id, CoverageFigure.snapshot_id.in_(snapshot_ids))
        return {figure.snapshot_id: figure for figure in self._session.scalars(query)}

    def _figures(self, query: Select[CoverageFigure]) -> list[CoverageFigure]:
        return list(self._session.scalars(query.order_by(CoverageFigure.code)))

    def changes_since(self, moment: datetime) -> list[RosterChange]:
        """Changes of the roster recorded after an instant, oldest first."""
        return list(self._session.scalars(select(RosterChange).where(RosterChange.recorded_at > moment).order_by(RosterChange.recorded_at)))


_NEWEST_FIRST = (CoverageSnapshot.known_until.desc(), CoverageSnapshot.made_at.desc())


def _is_newest() -> ColumnElement[bool]:
    later = aliased(CoverageSnapshot)
    return ~select(later.id).where(later.replaces_id == CoverageSnapshot.id).exists()
