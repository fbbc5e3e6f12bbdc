"""Runs of the audit of the custody log."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from evidence_store.models.base import Base


class LogAuditRun(Base):
    """One audit of the custody log; insert-only.

    Attributes:
        events: Events it looked at.
        faults: How many rows, or objects, are not what was signed.
        first_faults: ``[{table, row, column, reason}]``, the first of them.
    """

    __tablename__ = "log_audit_run"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    finished_at: Mapped[datetime]
    events: Mapped[int]
    faults: Mapped[int]
    first_faults: Mapped[list[dict[str, Any]]]
