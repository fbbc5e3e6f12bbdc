"""Runs of the lock probe: whether the object store refused what it must refuse."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from evidence_store.models.base import Base


class LockProbeRun(Base):
    """One run of the lock probe.

    Attributes:
        steps: ``[{attempt, is_refused, answer, is_intact}]`` in order.
    """

    __tablename__ = "lock_probe_run"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    store: Mapped[str]
    finished_at: Mapped[datetime]
    is_passed: Mapped[bool]
    steps: Mapped[list[dict[str, Any]]]
