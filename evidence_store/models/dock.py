"""Places recorders are plugged in, each plugging-in, and the files seen at it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from evidence_store.models.base import Base
from evidence_store.models.recorder import Recorder


class Dock(Base):
    """A place recorders are plugged in, with a credential of its own.

    Attributes:
        token_sha256: SHA-256 of its token; the token itself is not kept.
        keep_on_recorder: Whether files stay on the recorder even when the wipe gate would let them go.
        is_demo: Docks simulated recorders; a demo service accepts no other docks.
        import_id: The import whose files come through this credential; ``None`` for a real dock.
    """

    __tablename__ = "dock"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    token_sha256: Mapped[bytes]
    keep_on_recorder: Mapped[bool]
    is_demo: Mapped[bool]
    import_id: Mapped[UUID | None] = mapped_column(ForeignKey("footage_import.id"))
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class DockSession(Base):
    """One plugging-in; its id is drawn by the dock.

    Attributes:
        recorder_id: The registered recorder it is, when there is one.
        identity: ``RecorderIdentity`` as the dock attested it.
        clock: ``ClockReading``, or ``None`` where the recorder's clock cannot be read.
        dock_clock: ``DockClock``: the dock's own clock beside ours, or ``None`` where the dock did not say.
        clock_set: What the dock set the recorder's clock to, once it did: ``{set_to, done_at, before, after}``.
        condition: How the recorder is doing, as the dock said: battery, card, room left.
        plugged_at: When the recorder was plugged in, by the dock's clock; earlier than ``opened_at`` when the service was away.
        adoption_id: The adoption that told which recorder it is; ``None`` where the recorder says so itself, or nobody does.
        is_contested: Another recorder claimed the same identity at the same time.
        listing_sha256: Digest of the canonical listing, once it came.
        outcome: ``finished``, ``unplugged`` or ``failed``, once it ended; ``lost`` when the dock fell silent.
        progress: What the dock last said of its progress; for the board only.
    """

    __tablename__ = "dock_session"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    dock_id: Mapped[UUID] = mapped_column(ForeignKey("dock.id"))
    recorder_id: Mapped[UUID | None] = mapped_column(ForeignKey("recorder.id"))
    slot: Mapped[str]
    software: Mapped[str]
    protocol: Mapped[int]
    identity: Mapped[dict[str, Any]]
    clock: Mapped[dict[str, Any] | None]
    dock_clock: Mapped[dict[str, Any] | None]
    clock_set: Mapped[dict[str, Any] | None]
    condition: Mapped[dict[str, Any] | None]
    plugged_at: Mapped[datetime | None]
    is_contested: Mapped[bool]
    adoption_id: Mapped[UUID | None] = mapped_column(ForeignKey("recorder_adoption.id"))
    opened_at: Mapped[datetime]
    listed_at: Mapped[datetime | None]
    listing_sha256: Mapped[str | None]
    listing_complete: Mapped[bool | None]
    listing_failure: Mapped[str | None]
    file_count: Mapped[int | None]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    progress: Mapped[dict[str, Any] | None]
    progress_at: Mapped[datetime | None]


class SessionFile(Base):
    """One file of a session's listing, and the clip it is.

    Attributes:
        position: Place in the listing, from 0.
        action: What the dock was told: ``upload``, ``skip`` or ``reread``.
        failure: Why the file could not be read at this session: ``{code, detail, read_bytes}``.
        listed: The ``RecordedFile`` of an imported file whose content has first to be compared with that of a clip that is here.
        release_ordered_at: When the dock was told to remove the file from the recorder.
    """

    __tablename__ = "session_file"

    session_id: Mapped[UUID] = mapped_column(ForeignKey("dock_session.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    clip_id: Mapped[UUID] = mapped_column(ForeignKey("clip.id"))
    action: Mapped[str]
    failure: Mapped[dict[str, Any] | None]
    listed: Mapped[dict[str, Any] | None]
    release_ordered_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A session as the board shows it: with its dock, its recorder when registered, and how many of its files are in each state."""

    session: DockSession
    dock: Dock
    recorder: Recorder | None
    states: dict[str, int]
