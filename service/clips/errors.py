"""What clips refuse. A clip the actor may not see does not exist for them."""

from uuid import UUID

from service.errors import ServiceError


class ClipNotFoundError(ServiceError):
    """No such clip, or none this actor may see."""

    def __init__(self, clip_id: UUID) -> None:
        super().__init__(f"no clip {clip_id}")
        self.clip_id = clip_id


class ClipAttributedError(ServiceError):
    """The clip has its officer already; it cannot be claimed."""

    def __init__(self, clip_id: UUID) -> None:
        super().__init__(f"clip {clip_id} belongs to an officer already")
        self.clip_id = clip_id


class ClipNotStoredError(ServiceError):
    """The clip's bytes have not reached the store yet."""

    def __init__(self, clip_id: UUID, state: str) -> None:
        super().__init__(f"clip {clip_id} is only {state}")
        self.clip_id = clip_id
        self.state = state


class CursorDamagedError(ServiceError):
    """A cursor is not one this service gave out."""

    def __init__(self) -> None:
        super().__init__("the cursor is damaged; start again without one")
