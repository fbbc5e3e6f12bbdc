"""What stands beside coverage and is never part of it: whether recorders are used, who holds one outside the denominator, spares, data quality."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from evidence_store.coverage_facts import FactsAt
from evidence_store.repositories.coverage import FACT_SETS, WHOLE_LEDGER, holds_at, known_at, vars_of


@dataclass(frozen=True, slots=True)
class UseWindow:
    """From when to when use counts, UTC.

    Attributes:
        until: What happened from then on does not count.
        recent_after: Use after this instant is recent.
        started_before: Recorders assigned before this day should have been docked by now, Asia/Shanghai.
    """

    until: datetime
    recent_after: datetime
    started_before: date


@dataclass(frozen=True, slots=True)
class UseCount:
    """Officers of one agency who have a recorder that counts, by whether it is used; clips by whether they came within 24 h."""

    agency_id: UUID
    never_docked: int
    usable: int
    recording: int


@dataclass(frozen=True, slots=True)
class HolderRow:
    """Somebody who has a recorder of their own and is not in the denominator, with what their standing on the day is.

    Attributes:
        agency_id: Where they serve, else where the recorder belongs.
        has_post: Whether they serve anywhere on the day.
        certificate_state: State of the certificate that was valid last, or ``None`` without one; ``expired`` and ``not_yet`` follow from dates.
    """

    code: str
    name: str
    agency_id: UUID
    serial: str
    has_post: bool
    is_front_line: bool
    duty_state: str | None
    certificate_state: str | None


@dataclass(frozen=True, slots=True)
class SpareRow:
    """A recorder that nobody has: ordered, delivered or in service."""

    serial: str
    model: str
    agency_id: UUID
    state: str
    since: date


@dataclass(frozen=True, slots=True)
class FaultRow:
    """One thing that is wrong in the roster.

    Attributes:
        kind: What is wrong; words are under ``[coverage.fault]``.
        subject: Officer number, serial number or certificate number.
    """

    kind: str
    agency_id: UUID
    subject: str


_LAST_USE = """
    last_use AS (
      SELECT recorder_id, max(at) AS at FROM (
        SELECT recorder_id, max(opened_at) AS at FROM dock_session WHERE recorder_id IS NOT NULL AND opened_at < :until GROUP BY recorder_id
        UNION ALL
        SELECT recorder_id, max(used_on)::timestamp AT TIME ZONE 'Asia/Shanghai' FROM recorder_use
        WHERE used_on <= :day AND recorded_at <= :known GROUP BY recorder_id
      ) uses GROUP BY recorder_id
    )
"""
_USE = text(
    f"""
    WITH {FACT_SETS}, {_LAST_USE},
    recording AS (
      SELECT DISTINCT officer_id FROM clip
      WHERE officer_id IS NOT NULL AND coalesce(recorded_at, announced_at) >= :recent_after AND coalesce(recorded_at, announced_at) < :until
    ),
    own AS (
      SELECT assigned.officer_id, max(last_use.at) AS used_at, min(assignment.valid_from) AS begun
      FROM assigned
      JOIN assignment ON assignment.recorder_id = assigned.recorder_id AND assignment.officer_id = assigned.officer_id AND {holds_at("assignment")}
      LEFT JOIN last_use ON last_use.recorder_id = assigned.recorder_id
      WHERE assigned.is_exclusive AND assigned.state = 'in_service' GROUP BY assigned.officer_id
    )
    SELECT counted.agency_id,
      count(*) FILTER (WHERE own.used_at IS NULL AND own.begun < :started_before) AS never_docked,
      count(*) FILTER (WHERE own.used_at >= :recent_after) AS usable,
      count(*) FILTER (WHERE recording.officer_id IS NOT NULL) AS recording
    FROM counted
    LEFT JOIN own ON own.officer_id = counted.officer_id
    LEFT JOIN recording ON recording.officer_id = counted.officer_id
    GROUP BY counted.agency_id
    """
)
_CLIPS = text(
    """
    SELECT agency_id, count(*) AS clips, count(*) FILTER (WHERE announced_at - recorded_at <= interval '24 hours') AS within_a_day
    FROM clip
    WHERE recorded_at IS NOT NULL AND import_id IS NULL AND recorded_at >= :recent_after AND recorded_at < :until AND announced_at < :until
    GROUP BY agency_id
    """
)
_OUTSIDE = f"""
    outside AS (
      SELECT assigned.officer_id, assigned.recorder_id, coalesce(post.agency_id, place.agency_id) AS agency_id,
        post.officer_id IS NOT NULL AS has_post, coalesce(post.is_front_line, false) AS is_front_line, post.duty_state
      FROM assigned
      LEFT JOIN counted ON counted.officer_id = assigned.officer_id
      LEFT JOIN officer_post post ON post.officer_id = assigned.officer_id AND {holds_at("post")}
      LEFT JOIN recorder_place place ON place.recorder_id = assigned.recorder_id AND {holds_at("place")}
      WHERE assigned.is_exclusive AND counted.officer_id IS NULL AND assigned.state NOT IN ('lost', 'scrapped', 'ordered')
    )
"""
_HOLDERS = text(
    f"""
    WITH {FACT_SETS}, {_OUTSIDE}
    SELECT officer.code, officer.name, outside.agency_id, recorder.serial, outside.has_post, outside.is_front_line, outside.duty_state,
      certificate.state AS certificate_state
    FROM outside
    JOIN officer ON officer.id = outside.officer_id
    JOIN recorder ON recorder.id = outside.recorder_id
    LEFT JOIN LATERAL (
      SELECT CASE
        WHEN coalesce(latest.state, 'valid') <> 'valid' THEN latest.state
        WHEN term.valid_until < :day THEN 'expired' WHEN term.valid_from > :day THEN 'not_yet' ELSE 'valid' END AS state
      FROM certificate_term term LEFT JOIN certificate_state latest ON latest.certificate_id = term.certificate_id
      WHERE term.officer_id = outside.officer_id AND {known_at("term")}
      ORDER BY (term.valid_from <= :day) DESC, term.valid_until DESC LIMIT 1
    ) certificate ON true
    WHERE outside.agency_id = ANY(:agencies)
    ORDER BY officer.code COLLATE "C", recorder.serial COLLATE "C" LIMIT :most
    """
)
_HOLDER_COUNTS = text(f"WITH {FACT_SETS}, {_OUTSIDE} SELECT agency_id, count(*) AS count FROM outside GROUP BY agency_id")
_SPARE = f"""
    spare AS (
      SELECT recorder.id, recorder.serial, recorder.model, place.agency_id, latest.state, latest.since
      FROM recorder
      JOIN recorder_place place ON place.recorder_id = recorder.id AND {holds_at("place")}
      JOIN LATERAL (
        SELECT status.state, status.since FROM recorder_status status
        WHERE status.recorder_id = recorder.id AND status.since <= :day AND {known_at("status")}
        ORDER BY status.since DESC, status.recorded_at DESC LIMIT 1
      ) latest ON latest.state IN ('ordered', 'delivered', 'in_service')
      WHERE NOT EXISTS (SELECT 1 FROM assignment WHERE assignment.recorder_id = recorder.id AND {holds_at("assignment")})
    )
"""
_SPARES = text(
    f"""
    WITH {_SPARE} SELECT serial, model, agency_id, state, since FROM spare WHERE agency_id = ANY(:agencies)
    ORDER BY state, serial COLLATE "C" LIMIT :most
    """
)
_SPARE_COUNTS = text(f"WITH {_SPARE} SELECT agency_id, state, count(*) AS count FROM spare GROUP BY agency_id, state")
_FAULTS = f"""
    faults AS (
      SELECT 'no_certificate' AS kind, post.agency_id, officer.code AS subject
      FROM officer_post post JOIN officer ON officer.id = post.officer_id
      WHERE {holds_at("post")} AND post.is_front_line AND post.duty_state = 'on_duty' AND NOT EXISTS (
        SELECT 1 FROM certificate_term term WHERE term.officer_id = post.officer_id AND {known_at("term")})
      UNION ALL
      SELECT 'closed_agency', post.agency_id, officer.code
      FROM officer_post post JOIN officer ON officer.id = post.officer_id
      WHERE {holds_at("post")} AND NOT EXISTS (SELECT 1 FROM agency_place place WHERE place.agency_id = post.agency_id AND {holds_at("place")})
      UNION ALL
      SELECT 'same_name', agency_id, code FROM (
        SELECT post.agency_id, officer.code, count(*) OVER (PARTITION BY post.agency_id, officer.name) AS alike
        FROM officer_post post JOIN officer ON officer.id = post.officer_id WHERE {holds_at("post")} AND officer.name <> ''
      ) named WHERE alike > 1
      UNION ALL
      SELECT 'no_model', place.agency_id, recorder.serial
      FROM recorder JOIN recorder_place place ON place.recorder_id = recorder.id AND {holds_at("place")} WHERE recorder.model = ''
      UNION ALL
      SELECT 'no_state', place.agency_id, recorder.serial
      FROM recorder JOIN recorder_place place ON place.recorder_id = recorder.id AND {holds_at("place")}
      WHERE NOT EXISTS (SELECT 1 FROM recorder_status status WHERE status.recorder_id = recorder.id AND status.since <= :day AND {known_at("status")})
      UNION ALL
      SELECT 'holder_without_post', place.agency_id, recorder.serial
      FROM assigned JOIN recorder ON recorder.id = assigned.recorder_id
      JOIN recorder_place place ON place.recorder_id = recorder.id AND {holds_at("place")}
      WHERE NOT EXISTS (SELECT 1 FROM officer_post post WHERE post.officer_id = assigned.officer_id AND {holds_at("post")})
      UNION ALL
      SELECT 'gone_but_assigned', place.agency_id, recorder.serial
      FROM assigned JOIN recorder ON recorder.id = assigned.recorder_id
      JOIN recorder_place place ON place.recorder_id = recorder.id AND {holds_at("place")}
      WHERE assigned.state IN ('scrapped', 'sealed', 'ordered')
      UNION ALL
      SELECT 'two_recorders', post.agency_id, officer.code
      FROM (SELECT officer_id FROM assigned WHERE is_exclusive AND state = 'in_service' GROUP BY officer_id HAVING count(*) > 1) twice
      JOIN officer_post post ON post.officer_id = twice.officer_id AND {holds_at("post")} JOIN officer ON officer.id = twice.officer_id
    )
"""
_FAULT_ROWS = text(
    f"""
    WITH {FACT_SETS}, {_FAULTS} SELECT kind, agency_id, subject FROM faults WHERE agency_id = ANY(:agencies)
    ORDER BY kind, subject COLLATE "C" LIMIT :most
    """
)
_FAULT_COUNTS = text(f"WITH {FACT_SETS}, {_FAULTS} SELECT agency_id, count(DISTINCT subject) AS count FROM faults GROUP BY agency_id")
_SUBJECT_COUNTS = text(
    f"""
    SELECT agency_id, count(*) AS count FROM (
      SELECT post.agency_id FROM officer_post post WHERE {holds_at("post")}
      UNION ALL SELECT place.agency_id FROM recorder_place place WHERE {holds_at("place")}
    ) subjects GROUP BY agency_id
    """
)


class CompanionFacts:
    """Facts that stand beside coverage."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def use(self, at: FactsAt, window: UseWindow) -> list[UseCount]:
        """Count, by agency, how the recorders of those who count are used."""
        values = {
            **vars_of(at),
            "until": window.until,
            "recent_after": window.recent_after,
            "started_before": window.started_before,
        }
        self._session.execute(text(WHOLE_LEDGER))
        return [UseCount(row.agency_id, row.never_docked, row.usable, row.recording) for row in self._session.execute(_USE, values)]

    def clips(self, window: UseWindow) -> list[tuple[UUID, int, int]]:
        """Count, by agency, the clips of the window and those of them that were docked within 24 h."""
        rows = self._session.execute(_CLIPS, {"recent_after": window.recent_after, "until": window.until})
        return [(row.agency_id, row.clips, row.within_a_day) for row in rows]

    def holders_outside(self, at: FactsAt, agencies: Collection[UUID], *, most: int) -> list[HolderRow]:
        """List who has a recorder of their own and is not in the denominator, by officer number."""
        return [HolderRow(**row) for row in self._mappings(_HOLDERS, at, agencies, most)]

    def spares(self, at: FactsAt, agencies: Collection[UUID], *, most: int) -> list[SpareRow]:
        """List recorders that nobody has, by state and serial number."""
        return [SpareRow(**row) for row in self._mappings(_SPARES, at, agencies, most)]

    def faults(self, at: FactsAt, agencies: Collection[UUID], *, most: int) -> list[FaultRow]:
        """List what is wrong in the roster, by kind."""
        return [FaultRow(**row) for row in self._mappings(_FAULT_ROWS, at, agencies, most)]

    def holder_counts(self, at: FactsAt) -> dict[UUID, int]:
        """Count those who hold a recorder outside the denominator, by agency."""
        return {row[0]: row[1] for row in self._session.execute(_HOLDER_COUNTS, vars_of(at))}

    def spare_counts(self, at: FactsAt) -> dict[tuple[UUID, str], int]:
        """Count recorders that nobody has, by agency and state."""
        return {(row.agency_id, row.state): row[2] for row in self._session.execute(_SPARE_COUNTS, vars_of(at))}

    def fault_counts(self, at: FactsAt) -> dict[UUID, tuple[int, int]]:
        """Count, by agency, subjects with something wrong, and all subjects."""
        faulty = {row[0]: row[1] for row in self._session.execute(_FAULT_COUNTS, vars_of(at))}
        return {row[0]: (faulty.get(row[0], 0), row[1]) for row in self._session.execute(_SUBJECT_COUNTS, vars_of(at))}

    def _mappings(self, query: Any, at: FactsAt, agencies: Collection[UUID], most: int) -> Iterator[dict[str, Any]]:
        rows = self._session.execute(query, {**vars_of(at), "agencies": list(agencies), "most": most})
        return (dict(row) for row in rows.mappings())
