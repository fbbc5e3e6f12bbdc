"""What ingest refuses; in every case the recorder's copy must be kept."""

from uuid import UUID

from service.errors import ServiceError


class DockProtocolUnsupportedError(ServiceError):
    """The dock speaks a version of the protocol that this service does not."""

    def __init__(self, version: str, accepted: tuple[int, ...]) -> None:
        super().__init__(f"dock protocol {version!r} is not spoken here; accepted: {', '.join(map(str, accepted))}")
        self.version = version
        self.accepted = accepted


class RealDockRefusedError(ServiceError):
    """A demonstration accepts no real docks: real footage would lie among invented data."""

    def __init__(self) -> None:
        super().__init__("this is a demonstration; it accepts simulated docks only")


class SessionNotFoundError(ServiceError):
    """This dock has no such session."""

    def __init__(self, session_id: UUID) -> None:
        super().__init__(f"no session {session_id}")
        self.session_id = session_id


class SessionConflictError(ServiceError):
    """The same session was told something else before."""

    def __init__(self, session_id: UUID, what: str) -> None:
        super().__init__(f"session {session_id} already has another {what}")
        self.session_id = session_id
        self.what = what


class ClipNotQuarantinedError(ServiceError):
    """The clip is not in quarantine; there is nothing to decide."""

    def __init__(self, clip_id: UUID) -> None:
        super().__init__(f"clip {clip_id} is not in quarantine")
        self.clip_id = clip_id


class QuarantineFinalError(ServiceError):
    """What is stored is not what was sent, or is gone; no decision can change that.

    Attributes:
        quarantine: Code of why it is in quarantine.
    """

    def __init__(self, clip_id: UUID, quarantine: str) -> None:
        super().__init__(f"clip {clip_id} stays in quarantine: {quarantine}")
        self.clip_id = clip_id
        self.quarantine = quarantine


class UploadFinishedError(ServiceError):
    """The clip is already stored; there is nothing to upload."""

    def __init__(self, clip_id: UUID, state: str) -> None:
        super().__init__(f"clip {clip_id} is already {state}")
        self.clip_id = clip_id
        self.state = state


class UploadNotBegunError(ServiceError):
    """No upload of this clip goes under that id; ask for a grant."""

    def __init__(self, clip_id: UUID) -> None:
        super().__init__(f"no upload of clip {clip_id} under that id")
        self.clip_id = clip_id


class ReceiptMismatchError(ServiceError):
    """A receipt contradicts what the store holds or what an earlier receipt said."""

    def __init__(self, clip_id: UUID, reason: str) -> None:
        super().__init__(f"receipt for clip {clip_id} does not fit: {reason}")
        self.clip_id = clip_id
        self.reason = reason


class LockNotAppliedError(ServiceError):
    """The store did not lock the object for long enough; the clip is not stored."""

    def __init__(self, clip_id: UUID, found: str) -> None:
        super().__init__(f"the store did not lock clip {clip_id}: {found}")
        self.clip_id = clip_id
        self.found = found
