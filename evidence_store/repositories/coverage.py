"""Who counts towards coverage on a day, as far as it was known at an instant: sets of rows, which ``service.coverage`` makes figures of.

Every query begins with the same named sets, :data:`FACT_SETS`: the facts of a day as they were known at an instant.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from evidence_store.models import RosterChange
from evidence_store.models.officer import CertificateState
from evidence_store.models.recorder import RecorderState

_BATCH_ROWS = 5_000
EVERYTHING = datetime(9999, 12, 31, tzinfo=UTC)
"""The instant as known at which everything that stands now is known."""


@dataclass(frozen=True, slots=True)
class FactsAt:
    """Which facts count.

    Attributes:
        day: Facts that are true on this day, Asia/Shanghai.
        known: As far as they were known at this instant, UTC.
    """

    day: date
    known: datetime


@dataclass(frozen=True, slots=True)
class Holding:
    """What recorders an officer has: of their own by state, and from a pool."""

    in_service: bool = False
    in_repair: bool = False
    lost: bool = False
    otherwise: bool = False
    pool: bool = False


@dataclass(frozen=True, slots=True)
class CountedGroup:
    """Officers of the denominator who serve at one agency and are alike in what they have.

    Attributes:
        is_new: Whether their certificate is younger than the days asked for.
    """

    agency_id: UUID
    holding: Holding
    is_new: bool
    officers: int


@dataclass(frozen=True, slots=True)
class CountedRow:
    """One officer of the denominator.

    Attributes:
        certified_since: First day of the certificate that counts.
        recorders: Of their own, as ``(serial, state)``, by serial.
    """

    officer_id: UUID
    code: str
    name: str
    agency_id: UUID
    certified_since: date
    holding: Holding
    recorders: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """Where an agency stands on the day, or stood last when it is closed by then.

    Attributes:
        path: Its present path, which says whose people may see it.
    """

    agency_id: UUID
    code: str
    name: str
    level: str
    parent_id: UUID | None
    is_open: bool
    path: str


@dataclass(frozen=True, slots=True)
class SuccessionRow:
    """An agency taken over by another, as a whole or in part."""

    predecessor_id: UUID
    successor_id: UUID
    kind: str
    since: date


def known_at(alias: str) -> str:
    """The condition that a fact stood at the instant ``:known``, as SQL."""
    return f"{alias}.recorded_at <= :known AND ({alias}.superseded_at IS NULL OR {alias}.superseded_at > :known)"


def holds_at(alias: str) -> str:
    """The condition that a fact with a span holds on ``:day``, as far as known, as SQL."""
    return f"{alias}.valid_from <= :day AND ({alias}.valid_until IS NULL OR {alias}.valid_until >= :day) AND {known_at(alias)}"


def _latest(alias: str, states: type[StrEnum]) -> str:
    """The last of the states that stood at the instant, as SQL over one subject's rows.

    On one day a subject has one state that stands, so day and state are one number, and the greatest needs no sorting of millions of rows.
    """
    names = ", ".join(f"'{state}'" for state in states)
    numbers = " ".join(f"WHEN '{state}' THEN {number}" for number, state in enumerate(states, start=1))
    return f"(ARRAY[{names}])[max(({alias}.since - date '1950-01-01') * 8 + CASE {alias}.state {numbers} END) & 7]"


FACT_SETS = f"""
    certificate_state AS (
      SELECT status.certificate_id, {_latest("status", CertificateState)} AS state
      FROM certificate_status status WHERE status.since <= :day AND {known_at("status")} GROUP BY status.certificate_id
    ),
    certified AS (
      SELECT term.officer_id, min(term.valid_from) AS since
      FROM certificate_term term LEFT JOIN certificate_state latest ON latest.certificate_id = term.certificate_id
      WHERE {holds_at("term")} AND coalesce(latest.state, 'valid') = 'valid'
      GROUP BY term.officer_id
    ),
    recorder_state AS (
      SELECT status.recorder_id, {_latest("status", RecorderState)} AS state
      FROM recorder_status status WHERE status.since <= :day AND {known_at("status")} GROUP BY status.recorder_id
    ),
    assigned AS (
      SELECT assignment.officer_id, assignment.recorder_id, assignment.is_exclusive, coalesce(latest.state, 'delivered') AS state
      FROM assignment LEFT JOIN recorder_state latest ON latest.recorder_id = assignment.recorder_id
      WHERE {holds_at("assignment")}
    ),
    held AS (
      SELECT officer_id,
        bool_or(is_exclusive AND state = 'in_service') AS in_service,
        bool_or(is_exclusive AND state = 'in_repair') AS in_repair,
        bool_or(is_exclusive AND state = 'lost') AS lost,
        bool_or(is_exclusive AND state NOT IN ('in_service', 'in_repair', 'lost')) AS otherwise,
        bool_or(NOT is_exclusive) AS pool
      FROM assigned GROUP BY officer_id
    ),
    counted AS (
      SELECT post.officer_id, post.agency_id, certified.since,
        coalesce(held.in_service, false) AS in_service, coalesce(held.in_repair, false) AS in_repair, coalesce(held.lost, false) AS lost,
        coalesce(held.otherwise, false) AS otherwise, coalesce(held.pool, false) AS pool
      FROM officer_post post
      JOIN certified ON certified.officer_id = post.officer_id
      LEFT JOIN held ON held.officer_id = post.officer_id
      WHERE post.is_front_line AND post.duty_state = 'on_duty' AND {holds_at("post")}
    )
"""
"""A certificate without a recorded state is valid between its dates; a recorder without one has been delivered and is not in service yet."""
_HOLDING = "counted.in_service, counted.in_repair, counted.lost, counted.otherwise, counted.pool"
_COUNTS = text(
    f"""
    WITH {FACT_SETS.replace("counted AS (", "counted AS MATERIALIZED (")},
    named AS (
      SELECT counted.*, officer.code, officer.name FROM counted JOIN officer ON officer.id = counted.officer_id
      WHERE NOT counted.in_service AND counted.agency_id = ANY(:within)
      ORDER BY officer.code COLLATE "C" LIMIT :most
    ),
    own AS (
      SELECT assigned.officer_id, array_agg(recorder.serial ORDER BY recorder.serial COLLATE "C") AS serials,
        array_agg(assigned.state ORDER BY recorder.serial COLLATE "C") AS states
      FROM named JOIN assigned ON assigned.officer_id = named.officer_id AND assigned.is_exclusive
      JOIN recorder ON recorder.id = assigned.recorder_id GROUP BY assigned.officer_id
    )
    SELECT counted.agency_id, {_HOLDING}, counted.since > :new_after AS is_new, count(*) AS officers,
      NULL::uuid AS officer_id, NULL AS code, NULL AS name, NULL::date AS since, NULL::text[] AS serials, NULL::text[] AS states
    FROM counted GROUP BY counted.agency_id, {_HOLDING}, counted.since > :new_after
    UNION ALL
    SELECT counted.agency_id, {_HOLDING}, counted.since > :new_after, 1,
      counted.officer_id, counted.code, counted.name, counted.since, own.serials, own.states
    FROM named counted LEFT JOIN own ON own.officer_id = counted.officer_id
    """
)
_WHOLE_LEDGER = "SET LOCAL work_mem = '256MB'; SET LOCAL enable_nestloop = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_sort = off"
"""For queries over everybody: estimates of how many facts stand on a day are far off, and hashing is right whatever they say."""
_ROSTER = text(
    f"""
    WITH {FACT_SETS},
    own AS (
      SELECT assigned.officer_id, array_agg(recorder.serial ORDER BY recorder.serial COLLATE "C") AS serials,
        array_agg(assigned.state ORDER BY recorder.serial COLLATE "C") AS states
      FROM assigned JOIN recorder ON recorder.id = assigned.recorder_id WHERE assigned.is_exclusive GROUP BY assigned.officer_id
    )
    SELECT counted.officer_id, officer.code, officer.name, counted.agency_id, counted.since, {_HOLDING}, own.serials, own.states
    FROM counted JOIN officer ON officer.id = counted.officer_id LEFT JOIN own ON own.officer_id = counted.officer_id
    WHERE (NOT :only_missing OR NOT counted.in_service) AND (CAST(:agencies AS uuid[]) IS NULL OR counted.agency_id = ANY(:agencies))
    ORDER BY officer.code COLLATE "C"
    """
)
_TREE = text(
    f"""
    SELECT DISTINCT ON (place.agency_id) place.agency_id, agency.code, place.name, place.level, place.parent_id, agency.path,
      (place.valid_until IS NULL OR place.valid_until >= :day) AS is_open
    FROM agency_place place JOIN agency ON agency.id = place.agency_id
    WHERE place.valid_from <= :day AND {known_at("place")}
    ORDER BY place.agency_id, place.valid_from DESC
    """
)
_SUCCESSIONS = text(
    f"""
    SELECT succession.predecessor_id, succession.successor_id, succession.kind, succession.since
    FROM agency_succession succession WHERE succession.since <= :day AND {known_at("succession")}
    ORDER BY succession.since, succession.recorded_at, succession.id
    """
)


class Coverage:
    """Facts behind the coverage rate."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def groups(self, at: FactsAt, *, new_after: date) -> list[CountedGroup]:
        """Count the officers of the denominator by agency and by what they have.

        Args:
            at: Which facts count.
            new_after: Certificates that began after this day are new.
        """
        return self.count(at, new_after=new_after, within=(), most=0)[0]

    def count(self, at: FactsAt, *, new_after: date, within: Collection[UUID], most: int) -> tuple[list[CountedGroup], list[CountedRow]]:
        """Count likewise, and name the first of those without a recorder of their own in service, by officer number.

        Args:
            at: Which facts count.
            new_after: Certificates that began after this day are new.
            within: Agencies whose officers are named.
            most: How many are named at most.
        """
        self._session.execute(text(_WHOLE_LEDGER))
        rows = self._session.execute(_COUNTS, {**vars_of(at), "new_after": new_after, "within": list(within), "most": most}).all()
        groups = [CountedGroup(row.agency_id, _holding(row), row.is_new, row.officers) for row in rows if row.officer_id is None]
        named = [_counted(row) for row in rows if row.officer_id is not None]
        return groups, sorted(named, key=lambda row: row.code.encode())

    def roster(self, at: FactsAt, *, agencies: Collection[UUID] | None = None, only_missing: bool = False) -> Iterator[CountedRow]:
        """Read the officers of the denominator by officer number, in pieces; the transaction must last as long.

        Args:
            at: Which facts count.
            agencies: Only those who serve at one of these.
            only_missing: Only those without a recorder of their own in service.
        """
        self._session.execute(text(_WHOLE_LEDGER))
        values = {**vars_of(at), "agencies": None if agencies is None else list(agencies), "only_missing": only_missing}
        for row in self._session.execute(_ROSTER, values, execution_options={"yield_per": _BATCH_ROWS}):
            yield _counted(row)

    def tree(self, at: FactsAt) -> list[PlaceRow]:
        """List where every agency stands, or stood last when it is closed."""
        rows = self._session.execute(_TREE, vars_of(at))
        return [PlaceRow(row.agency_id, row.code, row.name, row.level, row.parent_id, row.is_open, row.path) for row in rows]

    def first_recorded(self) -> datetime | None:
        """Since when anything is known: the instant of the first change of the roster, UTC."""
        return self._session.scalar(select(func.min(RosterChange.recorded_at)))

    def successions(self, at: FactsAt) -> list[SuccessionRow]:
        """List which agencies took over which until the day, oldest first."""
        rows = self._session.execute(_SUCCESSIONS, vars_of(at))
        return [SuccessionRow(row.predecessor_id, row.successor_id, row.kind, row.since) for row in rows]


def vars_of(at: FactsAt) -> dict[str, Any]:
    """The parameters that every query over facts takes."""
    return {"day": at.day, "known": at.known}


def _holding(row: Any) -> Holding:
    return Holding(row.in_service, row.in_repair, row.lost, row.otherwise, row.pool)


def _counted(row: Any) -> CountedRow:
    recorders = tuple(zip(row.serials or (), row.states or (), strict=True))
    return CountedRow(row.officer_id, row.code, row.name, row.agency_id, row.since, _holding(row), recorders)
