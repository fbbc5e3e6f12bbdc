"""Clips as they are told to programs."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from evidence_store.models import ClipRow
from integrity.plain import from_plain
from integrity.provenance import Provenance
from service.custody.read_chain import Chain
from service.ingest.clip_times import times_of


class AgencyRef(BaseModel):
    """An agency by code and name."""

    code: str
    name: str


class OfficerRef(BaseModel):
    """An officer by number and name."""

    code: str
    name: str


class RecorderRef(BaseModel):
    """A recorder by the serial number it gave, and whether it is registered."""

    serial: str | None
    is_registered: bool


class ClipItem(BaseModel):
    """A clip; times in UTC.

    ``recorded_at`` is by the recorder's uncorrected clock, ``clock_offset_s`` recorder minus dock, ``dock_offset_s`` dock minus service,
    ``corrected_at`` what the service's clock would have shown, ``null`` where an offset is unknown, ``gps_offset_s`` recorder minus GPS by the clip's
    own track (docs/formats/media.md), ``gps_at`` what GPS time was when it was recorded, ``null`` where that or the track's zone is unknown.
    """

    id: UUID
    state: str
    quarantine: str | None
    flags: list[str]
    size_bytes: int | None
    sha256: str | None
    sm3: str | None
    recorded_at: datetime | None
    received_at: datetime | None
    clock_offset_s: float | None
    clock_uncertainty_s: float | None
    dock_offset_s: float | None
    dock_uncertainty_s: float | None
    corrected_at: datetime | None
    corrected_uncertainty_s: float | None
    gps_offset_s: float | None
    gps_uncertainty_s: float | None
    gps_at: datetime | None
    original_name: str
    path: str
    kind: str
    is_key: bool
    recorder: RecorderRef
    officer: OfficerRef | None
    agency: AgencyRef
    duration_s: float | None
    media: dict[str, Any] | None
    imported: Provenance | None
    category: str | None


class ClipList(BaseModel):
    """A page of clips, newest first."""

    items: list[ClipItem]
    next_cursor: str | None


class ViewRequest(BaseModel):
    """Why someone wants to watch."""

    model_config = ConfigDict(extra="forbid")

    purpose: str = Field(max_length=200)


class ViewAnswer(BaseModel):
    """Leave to watch, until when, and where."""

    view_id: UUID
    clip_id: UUID
    expires_at: datetime
    url: str


class CustodyEntry(BaseModel):
    """One event of a chain; ``canonical`` is the text whose hash is the leaf."""

    seq: int
    action: str
    at: datetime
    actor_kind: str
    actor_name: str | None
    details: dict[str, Any]
    leaf_index: int | None
    leaf_hash: str
    canonical: str


class CustodyAnswer(BaseModel):
    """A clip's chain of custody with the newest time-stamped checkpoint."""

    events: list[CustodyEntry]
    checkpoint: str | None
    checkpoint_size: int
    stamped_at: datetime | None


def clip_item(row: ClipRow) -> ClipItem:
    """Tell a clip."""
    clip = row.clip
    times = times_of(clip)
    return ClipItem(
        id=clip.id,
        state=clip.state,
        quarantine=clip.quarantine,
        flags=clip.flags,
        size_bytes=clip.size_bytes,
        sha256=clip.sha256,
        sm3=clip.sm3,
        recorded_at=clip.recorded_at,
        received_at=clip.received_at,
        clock_offset_s=clip.clock_offset_s,
        clock_uncertainty_s=clip.clock_uncertainty_s,
        dock_offset_s=clip.dock_offset_s,
        dock_uncertainty_s=clip.dock_uncertainty_s,
        corrected_at=times.corrected_at,
        corrected_uncertainty_s=times.uncertainty_s,
        gps_offset_s=times.gps_offset_s,
        gps_uncertainty_s=times.gps_uncertainty_s,
        gps_at=times.gps_at,
        original_name=clip.original_name,
        path=clip.path,
        kind=clip.kind,
        is_key=clip.is_key,
        recorder=RecorderRef(serial=clip.claimed_serial, is_registered=row.recorder is not None),
        officer=OfficerRef(code=row.officer.code, name=row.officer.name) if row.officer else None,
        agency=AgencyRef(code=row.agency.code, name=row.agency.name),
        duration_s=clip.duration_s,
        media=clip.media,
        imported=from_plain(Provenance, clip.provenance) if clip.provenance else None,
        category=clip.category,
    )


def custody_answer(chain: Chain) -> CustodyAnswer:
    """Tell a chain."""
    events = [
        CustodyEntry(
            seq=entry.seq,
            action=entry.action,
            at=entry.at,
            actor_kind=entry.actor_kind,
            actor_name=entry.actor_name,
            details=entry.details,
            leaf_index=entry.leaf_index,
            leaf_hash=entry.leaf_hash.hex(),
            canonical=entry.canonical.decode(),
        )
        for entry in chain.entries
    ]
    return CustodyAnswer(events=events, checkpoint=chain.checkpoint, checkpoint_size=chain.checkpoint_size, stamped_at=chain.stamped_at)
