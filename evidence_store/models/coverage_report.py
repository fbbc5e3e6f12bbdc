"""Reports of coverage that one level sends to the next."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from evidence_store.models.base import Base


class ReportSent(Base):
    """A report of a snapshot, signed (docs/formats/coverage-report.md)."""

    __tablename__ = "report_sent"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    snapshot_id: Mapped[UUID] = mapped_column(ForeignKey("coverage_snapshot.id"))
    replaces_id: Mapped[UUID | None] = mapped_column(ForeignKey("report_sent.id"))
    document: Mapped[str]
    made_at: Mapped[datetime]


class ReportDelivery(Base):
    """How far a report got to the level above."""

    __tablename__ = "report_delivery"

    report_id: Mapped[UUID] = mapped_column(ForeignKey("report_sent.id"), primary_key=True)
    attempts: Mapped[int]
    tried_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    failure: Mapped[str | None]


class ReportReceived(Base):
    """A report that a level below sent, whose signature was good.

    Attributes:
        reporter: Name of the reporter in the settings.
        agency_id: The agency of one's own tree that it is about.
        snapshot_id: The reporter's own snapshot.
        faults: Where it contradicts itself, or a report before it.
    """

    __tablename__ = "report_received"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    reporter: Mapped[str]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    day: Mapped[date]
    snapshot_id: Mapped[UUID]
    replaces_id: Mapped[UUID | None] = mapped_column(ForeignKey("report_received.id"))
    edition: Mapped[str]
    method: Mapped[str]
    numerator: Mapped[int]
    denominator: Mapped[int]
    faults: Mapped[list[dict[str, Any]]]
    document: Mapped[str]
    received_at: Mapped[datetime]
