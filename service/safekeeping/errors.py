"""What safekeeping refuses."""

from uuid import UUID

from service.errors import ServiceError


class RunUnderWayError(ServiceError):
    """Another comparison is not over yet; two would read one listing of the store."""

    def __init__(self) -> None:
        super().__init__("another comparison is under way")


class FindingNotFoundError(ServiceError):
    """No such finding."""

    def __init__(self, finding_id: UUID) -> None:
        super().__init__(f"no finding {finding_id}")
        self.finding_id = finding_id


class NoLeftoverError(ServiceError):
    """The finding is about no leftover, or about one that is gone or needed by now: there is nothing to remove."""

    def __init__(self, finding_id: UUID) -> None:
        super().__init__(f"finding {finding_id} is about nothing that may be removed")
        self.finding_id = finding_id


class LeftoverLockedError(ServiceError):
    """The store keeps the leftover locked; nobody removes it before its time."""

    def __init__(self, key: str, until: str) -> None:
        super().__init__(f"{key!r} is locked until {until}")
        self.key = key
        self.until = until


class RemovalProposedError(ServiceError):
    """Somebody proposed the removal already."""

    def __init__(self, finding_id: UUID) -> None:
        super().__init__(f"the removal of finding {finding_id} is proposed already")
        self.finding_id = finding_id


class RemovalNotProposedError(ServiceError):
    """Nobody proposed the removal."""

    def __init__(self, finding_id: UUID) -> None:
        super().__init__(f"nobody proposed to remove what finding {finding_id} is about")
        self.finding_id = finding_id


class SecondPersonNeededError(ServiceError):
    """Whoever proposed a removal cannot confirm it."""

    def __init__(self, finding_id: UUID) -> None:
        super().__init__("another person than the one who proposed the removal has to confirm it")
        self.finding_id = finding_id
