"""What goes over the wire between dock and service (docs/formats/dock-protocol.md)."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from integrity.listing import ClockReading, RecorderIdentity
from integrity.receipt import UploadReceipt


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SessionRequest(_Strict):
    """A recorder was plugged in."""

    slot: str = Field(max_length=128)
    software: str = Field(max_length=128)
    identity: RecorderIdentity
    clock: ClockReading | None


class SessionAnswer(BaseModel):
    """The session is open."""

    session_id: UUID
    protocol: int
    keep_on_recorder: bool


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


class ReleaseAnswer(BaseModel):
    """The wipe gate's decisions, in listing order."""

    clips: list[ReleaseItem]
