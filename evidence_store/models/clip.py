"""Original media files, and the views granted of them."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from evidence_store.models.base import Base
from integrity.receipt import ClipState


class Clip(Base):
    """One original media file exactly as the recorder made it.

    Attributes:
        session_id: The plugging-in that gave its bytes; until then the one that announced it.
        claimed_serial: Serial number the recorder gave, registered or not.
        claimed_officer: Officer number the recorder carried, known or not.
        recognition: Digest of what a file is recognised by when the recorder comes again (recorder, raw path, size, time, fingerprint, occurrence).
        generation: 0, and one more whenever a full re-read showed other content under the same recognition.
        path: Readable path on the recorder; ``path_raw`` its bytes verbatim.
        listed: The ``RecordedFile`` as the dock attested it.
        recorded_at: The recorder's own time, taken as Asia/Shanghai unless it names an offset, uncorrected, UTC.
        received_at: When the last byte had reached the store, our clock, UTC.
        clock_offset_s: Recorder's clock minus dock's; ``None`` where it could not be read.
        clock_uncertainty_s: How far ``clock_offset_s`` may be off.
        dock_offset_s: Dock's clock minus ours; ``None`` where the dock did not say.
        dock_uncertainty_s: How far ``dock_offset_s`` may be off.
        released_at: When the recorder's copy was removed, or found gone after it was ordered.
        quarantine: Why a person must decide before anything is released; ``None`` when nothing is wrong.
        flags: What is unusual without being wrong: ``unregistered_recorder``, ``unknown_officer``, ``empty`` ...
        object_version: Version id of the original in the store; reads name it.
        retain_until: Object Lock date read back from the store, UTC.
        kind: ``video``, ``audio``, ``still``, ``gps_track``, ``log`` or ``other``: by its name, and by what is in it once a worker has looked.
        is_key: The officer marked it as important (重点标记), by its name.
        media: What the probe found, or why it found nothing.
        import_id: The import that brought it; ``None`` where a dock read it from a recorder.
        provenance: ``integrity.provenance.Provenance`` of what was imported.
        checked_at: When it was last read in full again; ``None`` since its read-back.
        category: What a person says it is: ``case_evidence``, ``enforcement``, ``other`` or ``not_relevant``; ``None`` until somebody did.
    """

    __tablename__ = "clip"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    dock_id: Mapped[UUID] = mapped_column(ForeignKey("dock.id"))
    session_id: Mapped[UUID] = mapped_column(ForeignKey("dock_session.id"))
    recorder_id: Mapped[UUID | None] = mapped_column(ForeignKey("recorder.id"))
    officer_id: Mapped[UUID | None] = mapped_column(ForeignKey("officer.id"))
    claimed_serial: Mapped[str | None]
    claimed_officer: Mapped[str | None]
    recognition: Mapped[bytes]
    generation: Mapped[int]
    path: Mapped[str]
    path_raw: Mapped[bytes]
    original_name: Mapped[str]
    listed: Mapped[dict[str, Any]]
    announced_bytes: Mapped[int]
    announced_at: Mapped[datetime]
    recorded_at: Mapped[datetime | None]
    received_at: Mapped[datetime | None]
    clock_offset_s: Mapped[float | None]
    clock_uncertainty_s: Mapped[float | None]
    dock_offset_s: Mapped[float | None]
    dock_uncertainty_s: Mapped[float | None]
    released_at: Mapped[datetime | None]
    state: Mapped[str]
    quarantine: Mapped[str | None]
    flags: Mapped[list[str]]
    object_key: Mapped[str]
    upload_id: Mapped[str | None]
    size_bytes: Mapped[int | None]
    sha256: Mapped[str | None]
    sm3: Mapped[str | None]
    object_version: Mapped[str | None]
    retain_until: Mapped[datetime | None]
    manifest_version: Mapped[str | None]
    verified_at: Mapped[datetime | None]
    sealed_at: Mapped[datetime | None]
    kind: Mapped[str]
    is_key: Mapped[bool]
    duration_s: Mapped[float | None]
    media: Mapped[dict[str, Any] | None]
    import_id: Mapped[UUID | None] = mapped_column(ForeignKey("footage_import.id"))
    provenance: Mapped[dict[str, Any] | None]
    category: Mapped[str | None]
    checked_at: Mapped[datetime | None]

    @property
    def clip_state(self) -> ClipState:
        """How far the clip has come."""
        return ClipState(self.state)

    def reached(self, state: ClipState) -> bool:
        """Whether the clip has come at least that far."""
        return self.clip_state.reached(state)


class ViewKind(StrEnum):
    """What a view is for."""

    VIEW = "view"
    DOWNLOAD = "download"


class ClipView(Base):
    """Leave for one person to watch one clip for a while; opening it is a custody event."""

    __tablename__ = "clip_view"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    clip_id: Mapped[UUID] = mapped_column(ForeignKey("clip.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    kind: Mapped[str]
    purpose: Mapped[str]
    opened_at: Mapped[datetime]
    expires_at: Mapped[datetime]
