"""Who counts towards coverage on a day, as far as it was known at an instant: sets of rows, which ``service.coverage`` makes figures of.

Every query begins with the same named sets, :data:`FACT_SETS`: the facts of a day as they were known at an instant.
"""

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from evidence_store.coverage_facts import CountedGroup, CountedRow, FactsAt, Holding, PlaceRow, SuccessionRow
from evidence_store.models import RosterChange
from evidence_store.models.officer import CertificateState
from evidence_store.models.recorder import RecorderState

_BATCH_ROWS = 5_000
EVERYTHING = datetime(9999, 12, 31, tzinfo=UTC)
"""The instant as known at which everything that stands now is known."""


def known_at(alias: str) -> str:
    """The condition that a fact stood at the instant ``:known``, as SQL."""
    return f"{alias}.recorded_at <= :known AND ({alias}.superseded_at IS NULL OR {alias}.superseded_at > :known)"


def holds_at(alias: str) -> str:
    """The condition that a fact with a span holds on ``:day``, as far as known, as SQL."""
    return f"{alias}.valid_from <= :day AND ({alias}.valid_until IS NULL OR {alias}.valid_until >= :day) AND {known_at(alias)}"


def _latest(alias: str, states: type[StrEnum]) -> str:
    """The last of the states that stood at the instant, as SQL over one subject's rows: its name and, from 1, its number.

    On one day a subject has one state that stands, so day and state are one number, and the greatest needs no sorting of millions of rows.
    """
    names = ", ".join(f"'{state}'" for state in states)
    numbers = " ".join(f"WHEN '{state}' THEN {number}" for number, state in enumerate(states, start=1))
    latest = f"max(({alias}.since - date '1950-01-01') * 8 + CASE {alias}.state {numbers} END) & 7"
    return f"(ARRAY[{names}])[{latest}] AS state, {latest} AS number"


_NUMBERS = {state: number for number, state in enumerate(RecorderState, start=1)}
_POOL_BIT = 1
"""What a pool recorder adds to what an officer has; one of their own adds the bit of the number of its state."""
_IN_SERVICE_BIT = 1 << _NUMBERS[RecorderState.IN_SERVICE]


FACT_SETS = f"""
    certificate_state AS (
      SELECT status.certificate_id, {_latest("status", CertificateState)}
      FROM certificate_status status WHERE status.since <= :day AND {known_at("status")} GROUP BY status.certificate_id
    ),
    certified AS (
      SELECT term.officer_id, min(term.valid_from) AS since
      FROM certificate_term term LEFT JOIN certificate_state latest ON latest.certificate_id = term.certificate_id
      WHERE {holds_at("term")} AND coalesce(latest.state, 'valid') = 'valid'
      GROUP BY term.officer_id
    ),
    recorder_state AS (
      SELECT status.recorder_id, {_latest("status", RecorderState)}
      FROM recorder_status status WHERE status.since <= :day AND {known_at("status")} GROUP BY status.recorder_id
    ),
    assigned AS (
      SELECT assignment.officer_id, assignment.recorder_id, assignment.is_exclusive,
        coalesce(latest.state, 'delivered') AS state, coalesce(latest.number, {_NUMBERS[RecorderState.DELIVERED]}) AS number
      FROM assignment LEFT JOIN recorder_state latest ON latest.recorder_id = assignment.recorder_id
      WHERE {holds_at("assignment")}
    ),
    held AS (
      SELECT officer_id, bit_or(CASE WHEN is_exclusive THEN 1 << number ELSE {_POOL_BIT} END) AS held FROM assigned GROUP BY officer_id
    ),
    counted AS (
      SELECT post.officer_id, post.agency_id, certified.since, coalesce(held.held, 0) AS held
      FROM officer_post post
      JOIN certified ON certified.officer_id = post.officer_id
      LEFT JOIN held ON held.officer_id = post.officer_id
      WHERE post.is_front_line AND post.duty_state = 'on_duty' AND {holds_at("post")}
    )
"""
"""A certificate without a recorded state is valid between its dates; a recorder without one has been delivered and is not in service yet."""
_COUNTS = text(
    f"""
    WITH {FACT_SETS.replace("counted AS (", "counted AS MATERIALIZED (")}
    SELECT agency_id, held, since > :new_after AS is_new, count(*) AS officers, NULL::uuid AS officer_id
    FROM counted GROUP BY agency_id, held, since > :new_after
    UNION ALL
    (SELECT counted.agency_id, counted.held, counted.since > :new_after, 1, officer.id
     FROM counted JOIN officer ON officer.id = counted.officer_id
     WHERE counted.held & {_IN_SERVICE_BIT} = 0 AND counted.agency_id = ANY(:within)
     ORDER BY officer.code COLLATE "C" LIMIT :most)
    """
)
_NAMED = text(
    f"""
    SELECT officer.id AS officer_id, officer.code, officer.name, post.agency_id, certified.since, own.serials, own.states
    FROM officer
    JOIN officer_post post ON post.officer_id = officer.id AND {holds_at("post")}
    JOIN LATERAL (
      SELECT min(term.valid_from) AS since FROM certificate_term term
      WHERE term.officer_id = officer.id AND {holds_at("term")} AND 'valid' = coalesce((
        SELECT status.state FROM certificate_status status
        WHERE status.certificate_id = term.certificate_id AND status.since <= :day AND {known_at("status")}
        ORDER BY status.since DESC LIMIT 1), 'valid')
    ) certified ON true
    LEFT JOIN LATERAL (
      SELECT array_agg(recorder.serial ORDER BY recorder.serial COLLATE "C") AS serials,
        array_agg(coalesce((
          SELECT status.state FROM recorder_status status
          WHERE status.recorder_id = recorder.id AND status.since <= :day AND {known_at("status")} ORDER BY status.since DESC LIMIT 1
        ), 'delivered') ORDER BY recorder.serial COLLATE "C") AS states
      FROM assignment JOIN recorder ON recorder.id = assignment.recorder_id
      WHERE assignment.officer_id = officer.id AND assignment.is_exclusive AND {holds_at("assignment")}
    ) own ON true
    WHERE officer.id = ANY(:officers) ORDER BY officer.code COLLATE "C"
    """
)
_FEW = "SET LOCAL enable_nestloop = on"
WHOLE_LEDGER = "SET LOCAL work_mem = '256MB'; SET LOCAL enable_nestloop = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_sort = off"
"""For queries over everybody: estimates of how many facts stand on a day are far off, and hashing is right whatever they say."""
_ROSTER = text(
    f"""
    WITH {FACT_SETS},
    own AS (
      SELECT assigned.officer_id, array_agg(recorder.serial ORDER BY recorder.serial COLLATE "C") AS serials,
        array_agg(assigned.state ORDER BY recorder.serial COLLATE "C") AS states
      FROM assigned JOIN recorder ON recorder.id = assigned.recorder_id WHERE assigned.is_exclusive GROUP BY assigned.officer_id
    )
    SELECT counted.officer_id, officer.code, officer.name, counted.agency_id, counted.since, counted.held, own.serials, own.states
    FROM counted JOIN officer ON officer.id = counted.officer_id LEFT JOIN own ON own.officer_id = counted.officer_id
    WHERE (NOT :only_missing OR counted.held & {_IN_SERVICE_BIT} = 0) AND (CAST(:agencies AS uuid[]) IS NULL OR counted.agency_id = ANY(:agencies))
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
        self._session.execute(text(WHOLE_LEDGER))
        rows = self._session.execute(_COUNTS, {**vars_of(at), "new_after": new_after, "within": list(within), "most": most}).all()
        groups = [CountedGroup(row.agency_id, _holding(row.held), row.is_new, row.officers) for row in rows if row.officer_id is None]
        held = {row.officer_id: row.held for row in rows if row.officer_id is not None}
        if not held:
            return groups, []
        self._session.execute(text(_FEW))
        named = self._session.execute(_NAMED, {**vars_of(at), "officers": list(held)})
        return groups, [_counted(row, held[row.officer_id]) for row in named]

    def roster(self, at: FactsAt, *, agencies: Collection[UUID] | None = None, only_missing: bool = False) -> Iterator[CountedRow]:
        """Read the officers of the denominator by officer number, in pieces; the transaction must last as long.

        Args:
            at: Which facts count.
            agencies: Only those who serve at one of these.
            only_missing: Only those without a recorder of their own in service.
        """
        self._session.execute(text(WHOLE_LEDGER))
        values = {**vars_of(at), "agencies": None if agencies is None else list(agencies), "only_missing": only_missing}
        for row in self._session.execute(_ROSTER, values, execution_options={"yield_per": _BATCH_ROWS}):
            yield _counted(row, row.held)

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


@cache
def _holding(held: int) -> Holding:
    own = {state for state, number in _NUMBERS.items() if held >> number & 1}
    known = {RecorderState.IN_SERVICE, RecorderState.IN_REPAIR, RecorderState.LOST}
    in_service, in_repair, lost = (state in own for state in (RecorderState.IN_SERVICE, RecorderState.IN_REPAIR, RecorderState.LOST))
    return Holding(in_service, in_repair, lost, bool(own - known), bool(held & _POOL_BIT))


def _counted(row: Any, held: int) -> CountedRow:
    recorders = tuple(zip(row.serials or (), row.states or (), strict=True))
    return CountedRow(row.officer_id, row.code, row.name, row.agency_id, row.since, _holding(held), recorders)
