"""What goes over the wire between dock and service (docs/formats/dock-protocol.md)."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from integrity.listing import ClockReading, DockClock, Listing, RecorderIdentity
from integrity.receipt import UploadReceipt

_WORD = r"^[a-z][a-z_]{0,63}$"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RecorderCondition(_Strict):
    """How a recorder is doing; ``None`` stands for what it cannot tell."""

    battery_percent: int | None = Field(default=None, ge=0, le=100)
    is_charging: bool | None = None
    has_card: bool | None = None
    is_write_protected: bool | None = None
    capacity_bytes: int | None = Field(default=None, ge=0)
    free_bytes: int | None = Field(default=None, ge=0)
    video_width: int | None = Field(default=None, ge=0)
    video_height: int | None = Field(default=None, ge=0)


class SessionRequest(_Strict):
    """A recorder was plugged in."""

    slot: str = Field(max_length=128)
    software: str = Field(max_length=128)
    identity: RecorderIdentity
    clock: ClockReading | None
    dock_clock: DockClock | None = None
    condition: RecorderCondition | None = None
    plugged_at: AwareDatetime | None = None
    rivals: list[UUID] = Field(default=[], max_length=64)
    identity_read_at: AwareDatetime | None = None


class SessionAnswer(BaseModel):
    """The session is open."""

    session_id: UUID
    protocol: int
    keep_on_recorder: bool
    contested: bool


class TimeAnswer(BaseModel):
    """The service's clock, UTC, with microseconds."""

    time: str


class ClockSetRequest(_Strict):
    """A recorder's clock was set."""

    set_to: AwareDatetime
    done_at: AwareDatetime
    after: ClockReading | None


class FileAnswer(BaseModel):
    """What to do with one file of the listing."""

    index: int
    clip_id: UUID
    state: str
    action: str


class ListingAnswer(BaseModel):
    """What to do with each file, in listing order."""

    files: list[FileAnswer]


class PartAnswer(BaseModel):
    """A part the store already has."""

    number: int
    size_bytes: int
    etag: str


class GrantAnswer(BaseModel):
    """Where a clip's parts go."""

    upload_id: str
    part_size_bytes: int
    size_bytes: int
    stored_parts: list[PartAnswer]
    urls: dict[int, str]


class PartUrlsRequest(_Strict):
    """Ask for URLs of further parts."""

    upload_id: str = Field(max_length=1024)
    numbers: list[int] = Field(max_length=100)


class PartUrlsAnswer(BaseModel):
    """URLs by part number, valid for an hour."""

    urls: dict[int, str]


class ReceiptRequest(_Strict):
    """The last byte reached the store."""

    upload_id: str = Field(max_length=1024)
    receipt: UploadReceipt


class ClipStateAnswer(BaseModel):
    """How far a clip has come."""

    clip_id: UUID
    state: str


class RereadRequest(_Strict):
    """What a full re-read found."""

    size_bytes: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    sm3: str = Field(pattern=r"^[0-9a-f]{64}$")


class RereadAnswer(BaseModel):
    """Whether the content is the same (``skip``) or is a new clip (``upload``)."""

    clip_id: UUID
    state: str
    action: str


class FailureRequest(_Strict):
    """A file could not be read."""

    code: str = Field(pattern=r"^[a-z][a-z_]{0,63}$")
    detail: str = Field(max_length=512)
    read_bytes: int = Field(ge=0)


class FileProgress(_Strict):
    """How far one file was read."""

    index: int = Field(ge=0)
    read_bytes: int = Field(ge=0)


class ProgressRequest(_Strict):
    """How far a docking is."""

    files: list[FileProgress] = Field(max_length=64)
    bytes_per_s: float = Field(ge=0)
    phase: str | None = Field(default=None, pattern=_WORD)
    left_s: float | None = Field(default=None, ge=0)
    may_leave: bool | None = None
    safe_to_take: bool | None = None
    warnings: list[Annotated[str, Field(pattern=_WORD)]] = Field(default=[], max_length=16)


class EndRequest(_Strict):
    """How a plugging-in ended."""

    outcome: str = Field(max_length=32)


class SessionStateAnswer(BaseModel):
    """How far a session's files have come."""

    session_id: UUID
    ended: bool
    counts: dict[str, int]
    quarantined: int
    sealed: int
    total: int


class SessionClip(BaseModel):
    """One file of a session."""

    index: int
    clip_id: UUID
    state: str
    quarantine: str | None
    sha256: str | None
    sm3: str | None
    size_bytes: int | None


class SessionClipsAnswer(BaseModel):
    """Every file of a session, in listing order."""

    clips: list[SessionClip]


class ReleaseItem(BaseModel):
    """The wipe gate's decision on one file."""

    clip_id: UUID
    index: int
    allowed: bool
    reasons: list[str]


class Removal(_Strict):
    """What became of one file that was to be removed."""

    clip_id: UUID
    kept_because: str | None = Field(max_length=512)


class ReleaseReport(_Strict):
    """What was removed, and what the recorder lists now."""

    removals: list[Removal] = Field(max_length=100_000)
    remaining: Listing | None


class ReleaseRecorded(BaseModel):
    """Clips whose copy on the recorder is gone, and those missing that nobody was told to remove."""

    released: list[UUID]
    vanished: list[UUID]


class ReleaseAnswer(BaseModel):
    """The wipe gate's decisions, in listing order."""

    clips: list[ReleaseItem]
