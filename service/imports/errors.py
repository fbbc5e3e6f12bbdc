"""What imports are refused."""

from uuid import UUID

from service.errors import ServiceError


class ImportNotFoundError(ServiceError):
    """There is no such import where the asker may see one."""

    def __init__(self, import_id: UUID) -> None:
        super().__init__(f"no import {import_id}")
        self.import_id = import_id


class ImportClosedError(ServiceError):
    """The import is closed; what comes now belongs to another one."""

    def __init__(self, import_id: UUID) -> None:
        super().__init__(f"import {import_id} is closed")
        self.import_id = import_id


class StatementConflictError(ServiceError):
    """Something else was stated of the same files already; what a source stated is not exchanged."""

    def __init__(self, import_id: UUID, count: int) -> None:
        super().__init__(f"import {import_id} has other statements of {count} of these files already")
        self.import_id = import_id
        self.count = count
