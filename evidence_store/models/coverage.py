"""Frozen figures of coverage, targets and alarms."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from evidence_store.models.base import Base
from evidence_store.models.fact import Fact


class SnapshotKind(StrEnum):
    """What a day is to those who report it."""

    DAILY = "daily"
    MONTHLY = "monthly"
    DEADLINE = "deadline"


class SnapshotEdition(StrEnum):
    """From what knowledge the figures of a day were frozen.

    ``first``: what was known at the cut-off. ``late_paperwork`` (补录): what was known at the closing date. ``restated``: what later corrections say.
    """

    FIRST = "first"
    LATE_PAPERWORK = "late_paperwork"
    RESTATED = "restated"


class CoverageSnapshot(Base):
    """The figures of one day, frozen.

    Attributes:
        agency_id: The agency whose tree it covers.
        day: The day whose facts count, Asia/Shanghai.
        cut_off: End of that day (24:00), UTC.
        known_until: Facts recorded up to then count, UTC; the cut-off itself in a first edition, however late it was made.
        is_late: Whether a first edition was made more than a day after its cut-off.
        replaces_id: The edition before, which stays as it is.
        roster_sha256: Digest of the roster behind the figures, officer by officer (docs/formats/coverage-snapshot.md), hexadecimal.
        figures_sha256: Digest of the figures of every agency, hexadecimal.
        object_key: Where both lie in the object store, in a file whose digest is `object_sha256`.
    """

    __tablename__ = "coverage_snapshot"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    kind: Mapped[str]
    edition: Mapped[str]
    day: Mapped[date]
    cut_off: Mapped[datetime]
    known_until: Mapped[datetime]
    made_at: Mapped[datetime]
    is_late: Mapped[bool]
    replaces_id: Mapped[UUID | None] = mapped_column(ForeignKey("coverage_snapshot.id"))
    method: Mapped[str]
    numerator: Mapped[int]
    denominator: Mapped[int]
    roster_sha256: Mapped[str]
    figures_sha256: Mapped[str]
    object_key: Mapped[str]
    object_version: Mapped[str]
    object_sha256: Mapped[str]
    retain_until: Mapped[datetime]


class CoverageFigure(Base):
    """What one agency and all below it amount to in a snapshot; ``own_…`` is the agency alone.

    Attributes:
        gap: Officers without a recorder that counts, by reason, of the agency and all below it.
        beside: Companions that are never part of the rate, of the agency and all below it.
    """

    __tablename__ = "coverage_figure"

    snapshot_id: Mapped[UUID] = mapped_column(ForeignKey("coverage_snapshot.id"), primary_key=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"), primary_key=True)
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("agency.id"))
    code: Mapped[str]
    name: Mapped[str]
    level: Mapped[str]
    numerator: Mapped[int]
    denominator: Mapped[int]
    own_numerator: Mapped[int]
    own_denominator: Mapped[int]
    gap: Mapped[dict[str, int]] = mapped_column(JSONB)
    beside: Mapped[dict[str, Any]]


class CoverageTarget(Fact, Base):
    """What share of its officers an agency, and those below it without a target of their own, is to have equipped on a day."""

    __tablename__ = "coverage_target"

    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    due_on: Mapped[date]
    share: Mapped[Decimal]
    document_number: Mapped[str]


class CoverageAlarm(Base):
    """Something that an administrator is to look after, from when it was first seen until it is over.

    Attributes:
        subject: What it is about, for instance ``officer:100234``.
        since: First day on which it was so.
    """

    __tablename__ = "coverage_alarm"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject: Mapped[str]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    since: Mapped[date]
    details: Mapped[dict[str, Any]]
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class WebhookDelivery(Base):
    """What one webhook is told of one alarm, until it has taken it."""

    __tablename__ = "webhook_delivery"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    alarm_id: Mapped[UUID] = mapped_column(ForeignKey("coverage_alarm.id"))
    what: Mapped[str]
    webhook: Mapped[str]
    body: Mapped[str]
    made_at: Mapped[datetime]
    attempts: Mapped[int]
    next_try_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    failure: Mapped[str | None]
