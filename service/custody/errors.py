"""What the custody log refuses."""

from service.errors import ServiceError


class LogDamagedError(ServiceError):
    """The log does not hold what it must hold; nothing is signed until a person has looked.

    Attributes:
        where: Which event or checkpoint is the first that is wrong.
    """

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"the custody log is damaged at {where}: {reason}")
        self.where = where
        self.reason = reason


class NoCheckpointError(ServiceError):
    """There is no time-stamped checkpoint of that size, or none yet."""

    def __init__(self, size: int | None) -> None:
        super().__init__("no checkpoint yet" if size is None else f"no checkpoint of size {size}")
        self.size = size
