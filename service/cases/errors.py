"""What cases refuse."""

from uuid import UUID

from service.errors import ServiceError


class CaseNotFoundError(ServiceError):
    """No such case, or none this actor may see."""

    def __init__(self, case_id: UUID) -> None:
        super().__init__(f"no case {case_id}")
        self.case_id = case_id


class CaseNumberTakenError(ServiceError):
    """The agency has a case of that number."""

    def __init__(self, number: str) -> None:
        super().__init__(f"there is a case {number!r} in this agency")
        self.number = number


class ClipNotLinkedError(ServiceError):
    """The clip is not linked to the case."""

    def __init__(self, case_id: UUID, clip_id: UUID) -> None:
        super().__init__(f"clip {clip_id} is not linked to case {case_id}")
        self.case_id = case_id
        self.clip_id = clip_id
