"""People who wear recorders, where they serve, and their enforcement certificates. Facts hold by whole days in Asia/Shanghai."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from evidence_store.models.base import Base


class Officer(Base):
    """A person who wears a recorder.

    Attributes:
        code: The officer number that recorders carry now, usually 6 characters; what it meant on which day is :class:`OfficerCode`'s affair.
    """

    __tablename__ = "officer"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str]
    name: Mapped[str]


class OfficerCode(Base):
    """Whom a number that recorders carry meant, from one day to another (included; ``None`` while it lasts); one officer a day."""

    __tablename__ = "officer_code"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str]
    officer_id: Mapped[UUID] = mapped_column(ForeignKey("officer.id"))
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    recorded_at: Mapped[datetime]


class OfficerPost(Base):
    """Where an officer serves, from one day to another.

    Attributes:
        is_front_line: Whether the post is 一线.
        is_on_duty: 在岗: employment status, not today's shift.
        valid_from: First day.
        valid_until: Last day, included; ``None`` while it lasts.
        recorded_at: Since when we know it, UTC.
    """

    __tablename__ = "officer_post"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    officer_id: Mapped[UUID] = mapped_column(ForeignKey("officer.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    is_front_line: Mapped[bool]
    is_on_duty: Mapped[bool]
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    recorded_at: Mapped[datetime]


class CertificateState(StrEnum):
    """What may be said of a certificate; *expired* follows from its dates."""

    VALID = "valid"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"


class Certificate(Base):
    """An officer's enforcement certificate, valid on its last day too."""

    __tablename__ = "certificate"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    officer_id: Mapped[UUID] = mapped_column(ForeignKey("officer.id"))
    number: Mapped[str]
    valid_from: Mapped[date]
    valid_until: Mapped[date]
    recorded_at: Mapped[datetime]


class CertificateStatus(Base):
    """A change of a certificate's state, with the document that ordered it."""

    __tablename__ = "certificate_status"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    certificate_id: Mapped[UUID] = mapped_column(ForeignKey("certificate.id"))
    state: Mapped[str]
    since: Mapped[date]
    reason: Mapped[str]
    document_number: Mapped[str]
    recorded_at: Mapped[datetime]
