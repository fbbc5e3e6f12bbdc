"""Matters that clips are gathered for."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from evidence_store.models.base import Base


class Case(Base):
    """A matter that clips are gathered for; its number is unique within its agency."""

    __tablename__ = "evidence_case"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    number: Mapped[str]
    title: Mapped[str]
    opened_at: Mapped[datetime]
    opened_by: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))


class CaseClip(Base):
    """A clip's place in a case, from linking to unlinking; a link that ended stays as a row."""

    __tablename__ = "case_clip"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("evidence_case.id"))
    clip_id: Mapped[UUID] = mapped_column(ForeignKey("clip.id"))
    purpose: Mapped[str]
    linked_at: Mapped[datetime]
    linked_by: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    unlinked_at: Mapped[datetime | None]
    unlinked_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    unlink_reason: Mapped[str | None]
