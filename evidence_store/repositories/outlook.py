"""What the outlook of coverage is made of: targets, recorders on their way and how long such took, frozen figures added up over today's agencies."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from evidence_store.coverage_facts import FactsAt
from evidence_store.models import Agency, CoverageFigure, CoverageTarget, Officer
from evidence_store.repositories.coverage import holds_at, known_at, vars_of

OBSERVED = timedelta(days=730)
"""How far back steps of recorders are looked at."""
HASHING = text("SET LOCAL work_mem = '256MB'; SET LOCAL enable_nestloop = off")
"""For queries over many facts: estimates of how many stand on a day are far off, and hashing is right whatever they say."""


@dataclass(frozen=True, slots=True)
class TargetRow:
    """A target that stands, and the agency it was set for."""

    agency_id: UUID
    agency_code: str
    due_on: date
    share: Decimal
    document_number: str


_WAITING = text(
    f"""
    WITH free AS MATERIALIZED (
      SELECT place.recorder_id FROM recorder_place place
      WHERE {holds_at("place")} AND place.agency_id = ANY(:agencies)
        AND NOT EXISTS (SELECT 1 FROM assignment WHERE assignment.recorder_id = place.recorder_id AND {holds_at("assignment")})
    ),
    latest AS (
      SELECT DISTINCT ON (status.recorder_id) status.state, status.since
      FROM recorder_status status JOIN free ON free.recorder_id = status.recorder_id
      WHERE status.since <= :day AND {known_at("status")}
      ORDER BY status.recorder_id, status.since DESC, status.recorded_at DESC
    )
    SELECT state, since, count(*) AS count FROM latest WHERE state IN ('ordered', 'delivered', 'in_service')
    GROUP BY state, since ORDER BY since, state
    """
)
_LEAD_TIMES = text(
    f"""
    WITH steps AS MATERIALIZED (
      SELECT status.recorder_id,
        min(status.since) FILTER (WHERE status.state = 'ordered') AS ordered,
        min(status.since) FILTER (WHERE status.state = 'delivered') AS delivered
      FROM recorder_status status
      JOIN recorder_place place ON place.recorder_id = status.recorder_id AND {holds_at("place")} AND place.agency_id = ANY(:agencies)
      WHERE status.state IN ('ordered', 'delivered') AND status.since <= :day AND {known_at("status")} GROUP BY status.recorder_id
    ),
    given AS MATERIALIZED (
      SELECT steps.recorder_id, min(assignment.valid_from) AS since
      FROM steps JOIN assignment ON assignment.recorder_id = steps.recorder_id
        AND assignment.is_exclusive AND assignment.valid_from <= :day AND {known_at("assignment")}
      GROUP BY steps.recorder_id
    )
    SELECT
      percentile_disc(0.5) WITHIN GROUP (ORDER BY steps.delivered - steps.ordered)
        FILTER (WHERE steps.delivered >= steps.ordered AND steps.delivered > :observed_after) AS ordered_to_delivered,
      percentile_disc(0.5) WITHIN GROUP (ORDER BY given.since - steps.delivered)
        FILTER (WHERE given.since >= steps.delivered AND given.since > :observed_after) AS delivered_to_assigned
    FROM steps LEFT JOIN given ON given.recorder_id = steps.recorder_id
    """
)


class Outlook:
    """What the outlook of coverage is made of."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def targets(self) -> list[TargetRow]:
        """Every target that stands now, by day."""
        query = (
            select(CoverageTarget, Agency.code)
            .join(Agency, Agency.id == CoverageTarget.agency_id)
            .where(CoverageTarget.superseded_at.is_(None))
            .order_by(CoverageTarget.due_on, Agency.code)
        )
        return [TargetRow(row.agency_id, code, row.due_on, row.share, row.document_number) for row, code in self._session.execute(query)]

    def target_history(self, agency_id: UUID) -> list[CoverageTarget]:
        """Every target that an agency was ever given, by day, then in the order they were recorded."""
        query = select(CoverageTarget).where(CoverageTarget.agency_id == agency_id)
        return list(self._session.scalars(query.order_by(CoverageTarget.due_on, CoverageTarget.recorded_at)))

    def count_officers(self) -> int:
        """Count the officers that the roster ever had."""
        return self._session.scalar(select(func.count()).select_from(Officer)) or 0

    def waiting(self, at: FactsAt, agencies: Collection[UUID]) -> list[tuple[str, date, int]]:
        """Count the recorders of some agencies that nobody has, by state and since when they are in it."""
        self._session.execute(HASHING)
        rows = self._session.execute(_WAITING, {**vars_of(at), "agencies": list(agencies)})
        return [(row.state, row.since, row[2]) for row in rows]

    def lead_times(self, at: FactsAt, agencies: Collection[UUID]) -> tuple[int | None, int | None]:
        """Median days from ordered to delivered, and from delivered to assigned, of the recorders of some agencies within two years."""
        values = {**vars_of(at), "agencies": list(agencies), "observed_after": at.day - OBSERVED}
        self._session.execute(HASHING)
        row = self._session.execute(_LEAD_TIMES, values).one()
        return row.ordered_to_delivered, row.delivered_to_assigned

    def frozen_sums(self, snapshot_ids: Collection[UUID], agencies: Collection[UUID]) -> dict[UUID, tuple[int, int]]:
        """Add up the figures that some agencies had for themselves in snapshots: numerator and denominator by snapshot."""
        query = (
            select(CoverageFigure.snapshot_id, func.sum(CoverageFigure.own_numerator), func.sum(CoverageFigure.own_denominator))
            .where(CoverageFigure.snapshot_id == func.any(list(snapshot_ids)), CoverageFigure.agency_id == func.any(list(agencies)))
            .group_by(CoverageFigure.snapshot_id)
        )
        return {snapshot_id: (int(numerator), int(denominator)) for snapshot_id, numerator, denominator in self._session.execute(query)}
