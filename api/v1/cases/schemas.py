"""Cases as they are told to programs."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.v1.clips.schemas import AgencyRef, ClipItem


class CaseRequest(BaseModel):
    """A case to be opened; without an agency, in one's own."""

    model_config = ConfigDict(extra="forbid")

    number: str = Field(max_length=64)
    title: str = Field(max_length=200)
    agency: str | None = Field(default=None, max_length=64)


class CaseCreated(BaseModel):
    """The new case."""

    id: UUID


class CaseItem(BaseModel):
    """A case in a list."""

    id: UUID
    number: str
    title: str
    agency: AgencyRef
    opened_at: datetime
    clip_count: int


class CaseList(BaseModel):
    """Cases, newest first."""

    items: list[CaseItem]


class LinkedClip(BaseModel):
    """A clip of a case, and why it was linked."""

    clip: ClipItem
    purpose: str
    linked_at: datetime


class CaseAnswer(BaseModel):
    """A case with its clips."""

    id: UUID
    number: str
    title: str
    agency: AgencyRef
    opened_at: datetime
    clips: list[LinkedClip]


class LinkRequest(BaseModel):
    """Why a clip belongs to a case."""

    model_config = ConfigDict(extra="forbid")

    purpose: str = Field(max_length=500)
    reason: str | None = Field(default=None, max_length=500)


class UnlinkRequest(BaseModel):
    """Why a clip no longer belongs to a case, as ``reason`` or, where that is missing, as ``purpose``."""

    model_config = ConfigDict(extra="forbid")

    purpose: str | None = Field(default=None, max_length=500)
    reason: str | None = Field(default=None, max_length=500)
