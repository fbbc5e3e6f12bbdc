"""What alarms of coverage are raised from, the alarms themselves, and what webhooks are still to be told of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, insert, select, text, update
from sqlalchemy.orm import Session

from evidence_store.actor import Scope
from evidence_store.alarm_facts import GapRow, HolderRow, UndockedRow
from evidence_store.coverage_facts import FactsAt
from evidence_store.models import Agency, CoverageAlarm, Officer, WebhookDelivery
from evidence_store.repositories.coverage import FACT_SETS, holds_at, known_at, vars_of
from evidence_store.repositories.outlook import HASHING
from evidence_store.repositories.scope import within_agencies

_AT_ONCE = 2_000
_ALARMS_LOCK = (6, 2)


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """An alarm as it is listed, with its agency and the officer it is about, if any."""

    alarm: CoverageAlarm
    agency: Agency
    officer_name: str | None


_HOLDERS = text(
    f"""
    WITH {FACT_SETS},
    taken AS (
      SELECT DISTINCT ON (term.officer_id) term.officer_id, latest.state, latest.since
      FROM certificate_term term
      JOIN (
        SELECT DISTINCT ON (status.certificate_id) status.certificate_id, status.state, status.since
        FROM certificate_status status WHERE status.since <= :day AND {known_at("status")}
        ORDER BY status.certificate_id, status.since DESC, status.recorded_at DESC
      ) latest ON latest.certificate_id = term.certificate_id AND latest.state <> 'valid'
      WHERE term.valid_from <= :day AND {known_at("term")} AND term.officer_id NOT IN (SELECT officer_id FROM certified)
      ORDER BY term.officer_id, latest.since DESC
    )
    SELECT officer.code, coalesce(min(post.agency_id::text), min(place.agency_id::text))::uuid AS agency_id, taken.state,
      greatest(taken.since, min(assignment.valid_from)) AS since,
      array_agg(DISTINCT recorder.serial) AS serials
    FROM taken
    JOIN assignment ON assignment.officer_id = taken.officer_id AND assignment.is_exclusive AND {holds_at("assignment")}
    JOIN recorder ON recorder.id = assignment.recorder_id
    JOIN recorder_place place ON place.recorder_id = recorder.id AND {holds_at("place")}
    LEFT JOIN recorder_state ON recorder_state.recorder_id = recorder.id
    JOIN officer ON officer.id = taken.officer_id
    LEFT JOIN officer_post post ON post.officer_id = taken.officer_id AND {holds_at("post")}
    WHERE coalesce(recorder_state.state, 'delivered') NOT IN ('lost', 'scrapped', 'ordered')
    GROUP BY officer.code, taken.state, taken.since ORDER BY officer.code COLLATE "C"
    """
)
_UNDOCKED = text(
    f"""
    WITH {FACT_SETS},
    last_use AS (
      SELECT recorder_id, max(day) AS day FROM (
        SELECT recorder_id, (max(opened_at) AT TIME ZONE 'Asia/Shanghai')::date AS day
        FROM dock_session WHERE recorder_id IS NOT NULL GROUP BY recorder_id
        UNION ALL
        SELECT recorder_id, max(used_on) FROM recorder_use WHERE used_on <= :day GROUP BY recorder_id
      ) uses GROUP BY recorder_id
    ),
    seeing AS (
      SELECT DISTINCT place.agency_id FROM last_use
      JOIN recorder_place place ON place.recorder_id = last_use.recorder_id AND {holds_at("place")}
    ),
    service AS (
      SELECT DISTINCT ON (status.recorder_id) status.recorder_id, status.state, status.since
      FROM recorder_status status WHERE status.since <= :day AND {known_at("status")}
      ORDER BY status.recorder_id, status.since DESC, status.recorded_at DESC
    )
    SELECT recorder.serial, place.agency_id, officer.code AS officer, greatest(assignment.valid_from, service.since) AS begun,
      last_use.day AS last_used
    FROM assignment
    JOIN service ON service.recorder_id = assignment.recorder_id AND service.state = 'in_service'
    JOIN recorder ON recorder.id = assignment.recorder_id
    JOIN recorder_place place ON place.recorder_id = recorder.id AND {holds_at("place")} AND place.agency_id IN (SELECT agency_id FROM seeing)
    JOIN officer ON officer.id = assignment.officer_id
    LEFT JOIN last_use ON last_use.recorder_id = recorder.id
    WHERE assignment.is_exclusive AND {holds_at("assignment")} AND coalesce(last_use.day, assignment.valid_from) <= :seen_until
    ORDER BY recorder.serial COLLATE "C"
    """
)
_GAPS = text(
    f"""
    WITH {FACT_SETS},
    missing AS (
      SELECT counted.officer_id, counted.agency_id, counted.since FROM counted
      WHERE NOT EXISTS (
        SELECT 1 FROM assigned WHERE assigned.officer_id = counted.officer_id AND assigned.is_exclusive AND assigned.state = 'in_service')
    ),
    served AS (
      SELECT post.officer_id, max(post.valid_from) AS since
      FROM officer_post post JOIN missing ON missing.officer_id = post.officer_id
      WHERE post.valid_from <= :day AND post.is_front_line AND post.duty_state = 'on_duty' AND {known_at("post")} AND NOT EXISTS (
        SELECT 1 FROM officer_post earlier
        WHERE earlier.officer_id = post.officer_id AND earlier.valid_until = post.valid_from - 1 AND earlier.is_front_line
          AND earlier.duty_state = 'on_duty' AND {known_at("earlier")})
      GROUP BY post.officer_id
    ),
    given_back AS (
      SELECT assignment.officer_id, max(assignment.valid_until) + 1 AS since
      FROM assignment JOIN missing ON missing.officer_id = assignment.officer_id
      WHERE assignment.is_exclusive AND assignment.valid_until < :day AND {known_at("assignment")} GROUP BY assignment.officer_id
    ),
    broken AS (
      SELECT assignment.officer_id, max(status.since) AS since
      FROM assignment JOIN missing ON missing.officer_id = assignment.officer_id
      JOIN recorder_status status ON status.recorder_id = assignment.recorder_id AND status.since <= :day AND {known_at("status")}
        AND status.state NOT IN ('ordered', 'delivered', 'in_service')
      WHERE assignment.is_exclusive AND {holds_at("assignment")} GROUP BY assignment.officer_id
    )
    SELECT officer.code, missing.agency_id, greatest(missing.since, served.since, given_back.since, broken.since) AS since,
      missing.since AS certified_since
    FROM missing JOIN officer ON officer.id = missing.officer_id
    LEFT JOIN served ON served.officer_id = missing.officer_id
    LEFT JOIN given_back ON given_back.officer_id = missing.officer_id
    LEFT JOIN broken ON broken.officer_id = missing.officer_id
    ORDER BY officer.code COLLATE "C"
    """
)


class Alarms:
    """Alarms of coverage."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def lock(self) -> None:
        """Let nobody else open and end alarms until this transaction ends."""
        self._session.execute(text("SELECT pg_advisory_xact_lock(:family, :one)"), {"family": _ALARMS_LOCK[0], "one": _ALARMS_LOCK[1]})

    def holders(self, at: FactsAt) -> list[HolderRow]:
        """List who has a recorder of their own although their certificate was taken from them, by officer number."""
        self._session.execute(HASHING)
        rows = self._session.execute(_HOLDERS, vars_of(at))
        return [HolderRow(row.code, row.agency_id, row.state, row.since, tuple(row.serials)) for row in rows]

    def undocked(self, at: FactsAt, *, seen_until: date) -> list[UndockedRow]:
        """List recorders in service that somebody has and that were not seen after a day, by serial number."""
        self._session.execute(HASHING)
        return [UndockedRow(**row) for row in self._session.execute(_UNDOCKED, {**vars_of(at), "seen_until": seen_until}).mappings()]

    def gaps(self, at: FactsAt) -> list[GapRow]:
        """List the officers of the gap, with the day it began, by officer number."""
        self._session.execute(HASHING)
        return [GapRow(**row) for row in self._session.execute(_GAPS, vars_of(at)).mappings()]

    def open(self) -> list[CoverageAlarm]:
        """Every alarm that is not over."""
        return list(self._session.scalars(select(CoverageAlarm).where(CoverageAlarm.ended_at.is_(None))))

    def add(self, alarms: Sequence[Mapping[str, Any]], deliveries: Sequence[Mapping[str, Any]]) -> None:
        """Open alarms, and write down whom to tell of them."""
        for model, rows in ((CoverageAlarm, alarms), (WebhookDelivery, deliveries)):
            for start in range(0, len(rows), _AT_ONCE):
                self._session.execute(insert(model), [dict(row) for row in rows[start : start + _AT_ONCE]])

    def end(self, alarm_ids: Collection[UUID], *, at: datetime) -> None:
        """End alarms."""
        self._session.execute(update(CoverageAlarm).where(CoverageAlarm.id == func.any(list(alarm_ids))).values(last_seen=at, ended_at=at))

    def see(self, at: datetime) -> None:
        """Say of every alarm that is not over that it still is not."""
        self._session.execute(update(CoverageAlarm).where(CoverageAlarm.ended_at.is_(None)).values(last_seen=at))

    def count_open(self, scope: Scope) -> int:
        """Count the alarms that are not over, of agencies within a scope."""
        query = select(func.count()).select_from(CoverageAlarm)
        return self._session.scalar(query.where(CoverageAlarm.ended_at.is_(None), within_agencies(CoverageAlarm.agency_id, scope))) or 0

    def listed(self, scope: Scope, *, kind: str | None, agency_path: str, most: int) -> list[AlarmRow]:
        """List alarms that are not over, by agency, then kind and subject.

        Args:
            scope: Only of agencies within it.
            kind: Only of this kind.
            agency_path: Only of the agency with this path and those below it.
            most: No more than so many.
        """
        named = Officer.code == func.substr(CoverageAlarm.subject, len("officer:") + 1)
        query = (
            select(CoverageAlarm, Agency, Officer.name)
            .join(Agency, Agency.id == CoverageAlarm.agency_id)
            .outerjoin(Officer, CoverageAlarm.subject.startswith("officer:") & named)
            .where(*self._conditions(scope, kind, agency_path))
            .order_by(Agency.path, CoverageAlarm.kind, CoverageAlarm.subject)
        )
        return [AlarmRow(alarm, agency, name) for alarm, agency, name in self._session.execute(query.limit(most))]

    def count_by_kind(self, scope: Scope, *, agency_path: str) -> dict[str, int]:
        """Count alarms that are not over by kind; the arguments are those of :meth:`listed`."""
        query = select(CoverageAlarm.kind, func.count()).join(Agency, Agency.id == CoverageAlarm.agency_id)
        rows = self._session.execute(query.where(*self._conditions(scope, None, agency_path)).group_by(CoverageAlarm.kind))
        return {kind: count for kind, count in rows}  # noqa: C416 - dict(rows) loses the types

    def count_newly_certified(self, agency_path: str, *, since: date) -> int:
        """Count the officers of an agency and those below it who have waited for a recorder ever since they were certified, on a day or after it."""
        query = select(func.count()).select_from(CoverageAlarm).join(Agency, Agency.id == CoverageAlarm.agency_id)
        query = query.where(CoverageAlarm.ended_at.is_(None), CoverageAlarm.kind == "without_recorder")
        certified_since = CoverageAlarm.details["certified_since"].astext
        query = query.where(certified_since == CoverageAlarm.details["without_since"].astext, certified_since >= since.isoformat())
        return self._session.scalar(query.where(Agency.path.startswith(agency_path, autoescape=True))) or 0

    def _conditions(self, scope: Scope, kind: str | None, agency_path: str) -> list[ColumnElement[bool]]:
        within = Agency.path.startswith(scope.agency_path, autoescape=True) & Agency.path.startswith(agency_path, autoescape=True)
        listed: list[ColumnElement[bool]] = [CoverageAlarm.ended_at.is_(None), within]
        return listed if kind is None else [*listed, CoverageAlarm.kind == kind]


class Webhooks:
    """What webhooks are still to be told; a telling is given up when its next try would come more than seven days after it was made."""

    LONGEST = timedelta(days=7)

    def __init__(self, session: Session) -> None:
        self._session = session

    def next_due(self, now: datetime, *, but_not: Collection[str]) -> WebhookDelivery | None:
        """The telling that is due longest, and that nobody else is at; locked until this transaction ends.

        Args:
            now: Due by then.
            but_not: Webhooks that are left alone for now.
        """
        query = self._undelivered().where(WebhookDelivery.next_try_at <= now, WebhookDelivery.webhook.notin_(but_not))
        query = query.where(WebhookDelivery.next_try_at <= WebhookDelivery.made_at + self.LONGEST)
        return self._session.scalars(query.order_by(WebhookDelivery.next_try_at).limit(1).with_for_update(skip_locked=True)).one_or_none()

    def get(self, delivery_id: UUID) -> WebhookDelivery | None:
        """Find a telling by its id."""
        return self._session.get(WebhookDelivery, delivery_id)

    def given_up(self, *, since: datetime, most: int) -> list[WebhookDelivery]:
        """List tellings made since an instant that were given up, newest first."""
        query = self._undelivered().where(WebhookDelivery.made_at >= since, WebhookDelivery.next_try_at > WebhookDelivery.made_at + self.LONGEST)
        return list(self._session.scalars(query.order_by(WebhookDelivery.made_at.desc()).limit(most)))

    def waiting(self) -> tuple[int, datetime | None]:
        """How many tellings wait, and since when the oldest does, UTC."""
        query = select(func.count(), func.min(WebhookDelivery.made_at)).where(
            WebhookDelivery.delivered_at.is_(None), WebhookDelivery.next_try_at <= WebhookDelivery.made_at + self.LONGEST
        )
        count, oldest = self._session.execute(query).one()
        return count, oldest

    def _undelivered(self) -> Select[WebhookDelivery]:
        return select(WebhookDelivery).where(WebhookDelivery.delivered_at.is_(None))
