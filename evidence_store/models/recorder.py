"""Body-worn cameras, the state they are in, and who has them. Facts hold by whole days in Asia/Shanghai."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from evidence_store.models.base import Base
from evidence_store.models.fact import Fact, SpanFact


class RecorderState(StrEnum):
    """What state a recorder is in."""

    ORDERED = "ordered"
    DELIVERED = "delivered"
    IN_SERVICE = "in_service"
    IN_REPAIR = "in_repair"
    LOST = "lost"
    SEALED = "sealed"
    SCRAPPED = "scrapped"


class Recorder(Base):
    """A body-worn camera, by its own serial number.

    Attributes:
        agency_id: The agency it belongs to now; when it belonged to which is :class:`RecorderPlace`'s affair.
    """

    __tablename__ = "recorder"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    serial: Mapped[str]
    model: Mapped[str]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    registered_at: Mapped[datetime]


class RecorderPlace(SpanFact, Base):
    """Which agency a recorder belongs to; one a day."""

    __tablename__ = "recorder_place"

    recorder_id: Mapped[UUID] = mapped_column(ForeignKey("recorder.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))


class RecorderStatus(Fact, Base):
    """A change of a recorder's state.

    Attributes:
        wipe: How its storage was wiped before it was scrapped: ``method``, ``document_number``, ``wiped_on``; ``None`` for any other state.
    """

    __tablename__ = "recorder_status"

    recorder_id: Mapped[UUID] = mapped_column(ForeignKey("recorder.id"))
    state: Mapped[str]
    since: Mapped[date]
    document_number: Mapped[str]
    reason: Mapped[str]
    wipe: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))


class RecorderUse(Base):
    """A day on which a recorder was in use, as somebody else's platform says."""

    __tablename__ = "recorder_use"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    recorder_id: Mapped[UUID] = mapped_column(ForeignKey("recorder.id"))
    used_on: Mapped[date]
    source: Mapped[str]
    recorded_at: Mapped[datetime]
    change_id: Mapped[UUID] = mapped_column(ForeignKey("roster_change.id"))


class Assignment(SpanFact, Base):
    """Which officer had which recorder."""

    __tablename__ = "assignment"

    recorder_id: Mapped[UUID] = mapped_column(ForeignKey("recorder.id"))
    officer_id: Mapped[UUID] = mapped_column(ForeignKey("officer.id"))
    is_exclusive: Mapped[bool]


class PoolCheckout(Base):
    """Who had a pool recorder, from one moment to another (not included; ``None`` while it lasts), UTC; one officer at a time."""

    __tablename__ = "pool_checkout"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    recorder_id: Mapped[UUID] = mapped_column(ForeignKey("recorder.id"))
    officer_id: Mapped[UUID] = mapped_column(ForeignKey("officer.id"))
    taken_at: Mapped[datetime]
    returned_at: Mapped[datetime | None]
