"""Who counts towards coverage on a day."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class DenominatorRow:
    """An officer of the denominator, with the recorders assigned on the day as ``(is_exclusive, state)``."""

    code: str
    name: str
    agency_code: str
    agency_name: str
    agency_path: str
    certified_since: date
    held: tuple[tuple[bool, str], ...]


_DENOMINATOR = text(
    """
    SELECT officer.code, officer.name, agency.code AS agency_code, agency.name AS agency_name, agency.path AS agency_path,
           certified.since AS certified_since, held.recorders
    FROM officer_post post
    JOIN agency ON agency.id = post.agency_id AND starts_with(agency.path, :path)
    JOIN officer ON officer.id = post.officer_id
    JOIN LATERAL (
      SELECT min(term.valid_from) AS since
      FROM certificate_term term
      LEFT JOIN LATERAL (
        SELECT status.state FROM certificate_status status
        WHERE status.certificate_id = term.certificate_id AND status.since <= :day
        ORDER BY status.since DESC, status.recorded_at DESC LIMIT 1
      ) latest ON true
      WHERE term.officer_id = officer.id AND term.valid_from <= :day AND term.valid_until >= :day
        AND coalesce(latest.state, 'valid') = 'valid'
    ) certified ON certified.since IS NOT NULL
    LEFT JOIN LATERAL (
      SELECT jsonb_agg(jsonb_build_array(assignment.is_exclusive, coalesce(latest.state, 'delivered'))) AS recorders
      FROM assignment
      LEFT JOIN LATERAL (
        SELECT status.state FROM recorder_status status
        WHERE status.recorder_id = assignment.recorder_id AND status.since <= :day
        ORDER BY status.since DESC, status.recorded_at DESC LIMIT 1
      ) latest ON true
      WHERE assignment.officer_id = officer.id AND assignment.valid_from <= :day
        AND (assignment.valid_until IS NULL OR assignment.valid_until >= :day)
    ) held ON true
    WHERE post.is_front_line AND post.duty_state = 'on_duty' AND post.valid_from <= :day AND (post.valid_until IS NULL OR post.valid_until >= :day)
    ORDER BY agency.path, officer.code
    """
)
"""A certificate without a recorded change is valid between its dates; a recorder without one has been delivered and is not in service yet."""


class Coverage:
    """Facts behind the coverage rate."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def denominator(self, agency_path: str, day: date) -> list[DenominatorRow]:
        """List the officers who count on a day (Asia/Shanghai), in an agency and those below it; a post a day makes each appear once."""
        rows = self._session.execute(_DENOMINATOR, {"path": agency_path, "day": day})
        return [
            DenominatorRow(
                row.code,
                row.name,
                row.agency_code,
                row.agency_name,
                row.agency_path,
                row.certified_since,
                tuple((bool(is_exclusive), str(state)) for is_exclusive, state in row.recorders or ()),
            )
            for row in rows
        ]
