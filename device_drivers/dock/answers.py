"""What the service answers to a dock's calls (docs/formats/dock-protocol.md); members that a newer service adds are passed over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from integrity.receipt import ClipState


class FileAction(StrEnum):
    """What the service wants with a listed file."""

    UPLOAD = "upload"
    SKIP = "skip"
    REREAD = "reread"


class SessionOutcome(StrEnum):
    """How a plugging-in ended."""

    FINISHED = "finished"
    UNPLUGGED = "unplugged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """Answer to opening a session."""

    session_id: str
    protocol: int
    keep_on_recorder: bool
    contested: bool


@dataclass(frozen=True, slots=True)
class ServiceTime:
    """The service's clock, aware UTC."""

    time: datetime


@dataclass(frozen=True, slots=True)
class ReleaseOrder:
    """Whether one file is to be removed from the recorder, and every reason why not."""

    clip_id: str
    index: int
    allowed: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReleaseOrders:
    """Answer to asking what is to be removed: one order for each file, in listing order."""

    clips: tuple[ReleaseOrder, ...]


@dataclass(frozen=True, slots=True)
class ReleaseRecorded:
    """Clips whose copy on the recorder is gone, and those that are missing without an order."""

    released: tuple[str, ...]
    vanished: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileTicket:
    """What became of one listed file.

    Attributes:
        index: Position in the listing.
        clip_id: The clip it is or belongs to.
        state: How far that clip has come.
        action: What the dock is to do with the file.
    """

    index: int
    clip_id: str
    state: ClipState
    action: FileAction


@dataclass(frozen=True, slots=True)
class ListingAccepted:
    """Answer to announcing a listing: one ticket for each file, in its order."""

    files: tuple[FileTicket, ...]


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A part that the store already has; its ETag is the MD5 of its bytes."""

    number: int
    size_bytes: int
    etag: str


@dataclass(frozen=True, slots=True)
class UploadGrant:
    """Leave to upload one clip.

    Attributes:
        upload_id: Names the upload in later calls.
        part_size_bytes: Size of every part but the last.
        size_bytes: Size announced.
        stored_parts: Parts that an earlier attempt left in the store.
        urls: Where to put parts, by number; only the first that are not stored.
    """

    upload_id: str
    part_size_bytes: int
    size_bytes: int
    stored_parts: tuple[StoredPart, ...]
    urls: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PartUrls:
    """Where to put further parts, by number."""

    urls: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ReceiptAccepted:
    """Answer to a receipt."""

    clip_id: str
    state: ClipState


@dataclass(frozen=True, slots=True)
class RereadAnswer:
    """Answer to a full comparison: ``skip`` when equal, else ``upload`` with the new clip's id."""

    clip_id: str
    state: ClipState
    action: FileAction


@dataclass(frozen=True, slots=True)
class SessionCounts:
    """How far the session's clips have come.

    Attributes:
        ended: Whether the dock has ended the session.
        counts: Clips by state.
        quarantined: Clips with a mark.
        sealed: Clips that are sealed or further.
        total: All of them.
    """

    ended: bool
    counts: Mapping[str, int]
    quarantined: int
    sealed: int
    total: int


@dataclass(frozen=True, slots=True)
class ClipStatus:
    """One of the session's clips as the service knows it; digests and size are ``None`` until it is stored."""

    index: int
    clip_id: str
    state: ClipState
    quarantine: str | None
    sha256: str | None
    sm3: str | None
    size_bytes: int | None


@dataclass(frozen=True, slots=True)
class SessionClips:
    """Every clip of a session."""

    clips: tuple[ClipStatus, ...]
