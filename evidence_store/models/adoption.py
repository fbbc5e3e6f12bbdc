"""Recorders without an identity of their own, adopted by a person."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from evidence_store.models.base import Base


class RecorderAdoption(Base):
    """Somebody said which recorder a medium belongs to; it holds for sessions opened while it lasts.

    Attributes:
        medium: What the medium is known by (``service.ingest.policy.medium_of``).
        session_id: The plugging-in at which it was adopted.
        adopted_at: Since when, the service's clock, UTC.
        ended_at: Until when; ``None`` while it lasts.
    """

    __tablename__ = "recorder_adoption"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    medium: Mapped[str]
    recorder_id: Mapped[UUID] = mapped_column(ForeignKey("recorder.id"))
    session_id: Mapped[UUID] = mapped_column(ForeignKey("dock_session.id", use_alter=True))
    reason: Mapped[str]
    adopted_at: Mapped[datetime]
    adopted_by: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    end_reason: Mapped[str | None]
