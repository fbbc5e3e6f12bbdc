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


class KeyRetiredError(ServiceError):
    """The log has another key by now; whoever holds only the old one signs nothing more."""

    def __init__(self, own: str, present: str) -> None:
        super().__init__(f"the log's key is {present}, not {own}; start again with the present one")
        self.own = own
        self.present = present


class LogSizeError(ServiceError):
    """The log has no such sizes to prove anything about."""

    def __init__(self, first: int, second: int) -> None:
        super().__init__(f"no checkpoints of {first} and {second} leaves, in this order")
        self.first = first
        self.second = second
