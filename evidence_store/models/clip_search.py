"""What a search for clips asks for, and what it finds: values, not tables."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from evidence_store.models.agency import Agency
from evidence_store.models.clip import Clip
from evidence_store.models.officer import Officer
from evidence_store.models.recorder import Recorder


@dataclass(frozen=True, slots=True)
class ClipFilter:
    """What a search asks for; every part that is given must hold.

    Attributes:
        recorder_serial: As the recorder gave it, registered or not.
        agency_path: Clips of this agency and those below it.
        recorded_from: Recorder's time, or announcement where it gave none; included.
        recorded_until: Likewise; not included.
        text: Part of the original name, without regard to case.
    """

    officer_code: str | None = None
    recorder_serial: str | None = None
    agency_path: str | None = None
    recorded_from: datetime | None = None
    recorded_until: datetime | None = None
    case_id: UUID | None = None
    state: str | None = None
    is_quarantined: bool | None = None
    text: str | None = None
    is_key: bool | None = None
    kind: str | None = None
    is_imported: bool | None = None


@dataclass(frozen=True, slots=True)
class ClipRow:
    """A clip with those it names."""

    clip: Clip
    agency: Agency
    recorder: Recorder | None
    officer: Officer | None


@dataclass(frozen=True, slots=True)
class ClipPosition:
    """Where a page of clips ended."""

    time: datetime
    clip_id: UUID
