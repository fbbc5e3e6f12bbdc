"""People who wear recorders, where they serve, and their enforcement certificates. Facts hold by whole days in Asia/Shanghai."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from evidence_store.models.base import Base
from evidence_store.models.fact import Fact, SpanFact


class Officer(Base):
    """A person who wears a recorder.

    Attributes:
        code: The officer number that recorders carry now, usually 6 characters; what it meant on which day is :class:`OfficerCode`'s affair.
    """

    __tablename__ = "officer"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str]
    name: Mapped[str]


class OfficerCode(SpanFact, Base):
    """Whom a number that recorders carry meant, from one day to another (included; ``None`` while it lasts); one officer a day."""

    __tablename__ = "officer_code"

    code: Mapped[str]
    officer_id: Mapped[UUID] = mapped_column(ForeignKey("officer.id"))


class DutyState(StrEnum):
    """Whether an officer is on duty (在岗): employment, not today's shift."""

    ON_DUTY = "on_duty"
    LONG_LEAVE = "long_leave"
    SECONDED_OUT = "seconded_out"
    IN_TRAINING = "in_training"
    SUSPENDED = "suspended"
    RETIRED = "retired"
    OFF_DUTY = "off_duty"


class OfficerPost(SpanFact, Base):
    """Where an officer serves; one agency a day.

    Attributes:
        is_front_line: Whether the post is 一线.
        document_number: What ordered it, where that was told.
    """

    __tablename__ = "officer_post"

    officer_id: Mapped[UUID] = mapped_column(ForeignKey("officer.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    is_front_line: Mapped[bool]
    duty_state: Mapped[str]
    document_number: Mapped[str]
    reason: Mapped[str]


class CertificateState(StrEnum):
    """What may be said of a certificate; *expired* follows from its dates."""

    VALID = "valid"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"


class Certificate(Base):
    """An enforcement certificate, by its number; whose it is and how long is :class:`CertificateTerm`'s affair."""

    __tablename__ = "certificate"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str]


class CertificateTerm(Fact, Base):
    """Whose a certificate is, from its first day to its last, on which it is valid too."""

    __tablename__ = "certificate_term"

    certificate_id: Mapped[UUID] = mapped_column(ForeignKey("certificate.id"))
    officer_id: Mapped[UUID] = mapped_column(ForeignKey("officer.id"))
    valid_from: Mapped[date]
    valid_until: Mapped[date]


class CertificateStatus(Fact, Base):
    """A change of a certificate's state, with the document that ordered it."""

    __tablename__ = "certificate_status"

    certificate_id: Mapped[UUID] = mapped_column(ForeignKey("certificate.id"))
    state: Mapped[str]
    since: Mapped[date]
    reason: Mapped[str]
    document_number: Mapped[str]
