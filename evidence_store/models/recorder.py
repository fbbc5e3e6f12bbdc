"""Body-worn cameras, the state they are in, and who has them. Facts hold by whole days in Asia/Shanghai."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from evidence_store.models.base import Base


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
    """A body-worn camera, by its own serial number."""

    __tablename__ = "recorder"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    serial: Mapped[str]
    model: Mapped[str]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    registered_at: Mapped[datetime]


class RecorderStatus(Base):
    """A change of a recorder's state."""

    __tablename__ = "recorder_status"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    recorder_id: Mapped[UUID] = mapped_column(ForeignKey("recorder.id"))
    state: Mapped[str]
    since: Mapped[date]
    recorded_at: Mapped[datetime]


class Assignment(Base):
    """Which officer had which recorder, from one day to another (included; ``None`` while it lasts)."""

    __tablename__ = "assignment"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    recorder_id: Mapped[UUID] = mapped_column(ForeignKey("recorder.id"))
    officer_id: Mapped[UUID] = mapped_column(ForeignKey("officer.id"))
    is_exclusive: Mapped[bool]
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    recorded_at: Mapped[datetime]


class PoolCheckout(Base):
    """Who had a pool recorder, from one moment to another (not included; ``None`` while it lasts), UTC; one officer at a time."""

    __tablename__ = "pool_checkout"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    recorder_id: Mapped[UUID] = mapped_column(ForeignKey("recorder.id"))
    officer_id: Mapped[UUID] = mapped_column(ForeignKey("officer.id"))
    taken_at: Mapped[datetime]
    returned_at: Mapped[datetime | None]
