"""Findings and proposals as the API tells them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from service.access.reasons import LONGEST_REASON
from service.safekeeping.findings import FindingKind, Severity


class RemovalItem(BaseModel):
    """A proposal to remove a leftover, and how far it has come."""

    id: UUID
    reason: str
    proposed_by: UUID
    proposed_at: datetime
    confirmed_by: UUID | None
    removed_at: datetime | None


class FindingItem(BaseModel):
    """Something that is not as the records say."""

    id: UUID
    kind: FindingKind
    severity: Severity
    subject: str
    clip_id: UUID | None
    details: dict[str, Any]
    first_seen: datetime
    last_seen: datetime
    resolved_at: datetime | None
    removal: RemovalItem | None


class FindingList(BaseModel):
    """Findings, those seen last first."""

    items: list[FindingItem]


class RemovalRequest(BaseModel):
    """Why a leftover is to be removed."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(max_length=LONGEST_REASON)


class RemovalAnswer(BaseModel):
    """A proposal's id."""

    id: UUID
