"""What readers of coverage are refused."""

from service.errors import ServiceError


class SnapshotNotFoundError(ServiceError):
    """No figure was frozen that the asker may see."""

    def __init__(self, what: str) -> None:
        super().__init__(f"no frozen figure {what}")
        self.what = what
