"""Reports of coverage between levels: what was sent and how far it got, and what was received."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Select, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased, defer

from evidence_store.actor import Scope
from evidence_store.models import Agency, CoverageSnapshot, ReportDelivery, ReportReceived, ReportSent
from evidence_store.repositories.scope import within_agencies

_RECEIVING = (6, 2)
"""Advisory lock of whoever keeps a received report, so that each is compared with all before it."""


@dataclass(frozen=True, slots=True)
class SentRow:
    """A report that was made, without its document; ``delivery`` is ``None`` for one that goes as a file."""

    report: ReportSent
    snapshot: CoverageSnapshot
    delivery: ReportDelivery | None


@dataclass(frozen=True, slots=True)
class ReceivedRow:
    """A report that came, without its document.

    Attributes:
        is_replaced: Whether a later one replaces it.
    """

    report: ReportReceived
    agency: Agency
    is_replaced: bool


class CoverageReports:
    """Reports sent and received."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add_sent(self, report: ReportSent, delivery: ReportDelivery | None) -> None:
        """Keep a report that was made, and that it is to be delivered."""
        self._session.add(report)
        self._session.flush()
        if delivery is not None:
            self._session.add(delivery)
            self._session.flush()

    def sent(self, report_id: UUID) -> ReportSent | None:
        """Find a report that was made."""
        return self._session.get(ReportSent, report_id)

    def sent_of(self, snapshot_id: UUID) -> list[ReportSent]:
        """Reports of a snapshot, oldest first."""
        return list(
            self._session.scalars(select(ReportSent).where(ReportSent.snapshot_id == snapshot_id).order_by(ReportSent.made_at, ReportSent.id))
        )

    def newest_sent(self, agency_id: UUID, day: date) -> ReportSent | None:
        """The newest report of a day's figures, whichever edition."""
        query = select(ReportSent).join(CoverageSnapshot, CoverageSnapshot.id == ReportSent.snapshot_id)
        query = query.where(CoverageSnapshot.agency_id == agency_id, CoverageSnapshot.day == day)
        return self._session.scalars(query.order_by(ReportSent.made_at.desc(), ReportSent.id.desc()).limit(1)).first()

    def reported(self, snapshot_ids: Collection[UUID]) -> set[UUID]:
        """Which of these snapshots a report is delivered of; one that went as a file does not count."""
        query = select(ReportSent.snapshot_id).join(ReportDelivery, ReportDelivery.report_id == ReportSent.id)
        return set(self._session.scalars(query.where(ReportSent.snapshot_id.in_(snapshot_ids))))

    def list_sent(self, *, limit: int) -> list[SentRow]:
        """The newest reports that were made."""
        query = (
            select(ReportSent, CoverageSnapshot, ReportDelivery)
            .join(CoverageSnapshot, CoverageSnapshot.id == ReportSent.snapshot_id)
            .outerjoin(ReportDelivery, ReportDelivery.report_id == ReportSent.id)
            .options(defer(ReportSent.document))
            .order_by(ReportSent.made_at.desc(), CoverageSnapshot.day.desc(), ReportSent.id.desc())
            .limit(limit)
        )
        return [SentRow(row[0], row[1], row[2]) for row in self._session.execute(query)]

    def undelivered(self) -> list[ReportDelivery]:
        """Deliveries that did not arrive yet, oldest report first."""
        query = select(ReportDelivery).join(ReportSent, ReportSent.id == ReportDelivery.report_id).where(ReportDelivery.delivered_at.is_(None))
        return list(self._session.scalars(query.order_by(ReportSent.made_at, ReportSent.id)))

    def delivery(self, report_id: UUID) -> ReportDelivery | None:
        """How far a report got, held until the transaction ends."""
        return self._session.get(ReportDelivery, report_id, with_for_update=True)

    def lock_receiving(self) -> None:
        """Let nobody else keep a received report until this transaction ends."""
        self._session.execute(text("SELECT pg_advisory_xact_lock(:family, :one)"), {"family": _RECEIVING[0], "one": _RECEIVING[1]})

    def add_received(self, report: ReportReceived) -> None:
        """Keep a report that came."""
        self._session.add(report)
        self._session.flush()

    def received(self, report_id: UUID) -> ReportReceived | None:
        """Find a report that came."""
        return self._session.get(ReportReceived, report_id)

    def received_of(self, agency_id: UUID, *, day: date | None = None, snapshot_id: UUID | None = None) -> list[ReportReceived]:
        """Reports about an agency and a day, or of one snapshot, newest first."""
        query = select(ReportReceived).where(ReportReceived.agency_id == agency_id)
        if day is not None:
            query = query.where(ReportReceived.day == day)
        if snapshot_id is not None:
            query = query.where(ReportReceived.snapshot_id == snapshot_id)
        return list(self._session.scalars(query.order_by(ReportReceived.received_at.desc(), ReportReceived.id.desc())))

    def received_before(self, agency_id: UUID, day: date) -> ReportReceived | None:
        """The newest report about an agency and the last day before one."""
        query = select(ReportReceived).where(ReportReceived.agency_id == agency_id, ReportReceived.day < day)
        return self._session.scalars(query.order_by(ReportReceived.day.desc(), ReportReceived.received_at.desc()).limit(1)).first()

    def list_received(self, scope: Scope, *, limit: int) -> list[ReceivedRow]:
        """The newest reports about agencies within a scope, without their documents."""
        query = self._with_agencies(scope).order_by(ReportReceived.received_at.desc(), ReportReceived.id.desc())
        return [ReceivedRow(row[0], row[1], row[2]) for row in self._session.execute(query.limit(limit))]

    def newest_received(self, scope: Scope, day: date) -> list[ReceivedRow]:
        """For each agency within a scope that was reported, the newest report of the last day up to one, without its document."""
        query = self._with_agencies(scope).where(ReportReceived.day <= day).ext(distinct_on(ReportReceived.agency_id))
        query = query.order_by(ReportReceived.agency_id, ReportReceived.day.desc(), ReportReceived.received_at.desc(), ReportReceived.id.desc())
        return [ReceivedRow(row[0], row[1], row[2]) for row in self._session.execute(query)]

    def days_received(self, reporter: str, *, since: date) -> list[tuple[date, datetime]]:
        """Days that a reporter reported since one, each with the instant of the first report, by day."""
        query = text("SELECT day, min(received_at) AS at FROM report_received WHERE reporter = :reporter AND day >= :since GROUP BY day ORDER BY day")
        return [(row.day, row.at) for row in self._session.execute(query, {"reporter": reporter, "since": since})]

    def documents(self, report_ids: Sequence[UUID]) -> dict[UUID, str]:
        """Documents of reports that came, by id."""
        rows = self._session.execute(select(ReportReceived.id, ReportReceived.document).where(ReportReceived.id.in_(report_ids)))
        return {row.id: row.document for row in rows}

    def _with_agencies(self, scope: Scope) -> Select[ReportReceived, Agency, bool]:
        later = aliased(ReportReceived)
        is_replaced = select(later.id).where(later.replaces_id == ReportReceived.id).exists()
        return (
            select(ReportReceived, Agency, is_replaced)
            .join(Agency, Agency.id == ReportReceived.agency_id)
            .options(defer(ReportReceived.document))
            .where(within_agencies(ReportReceived.agency_id, scope))
        )
