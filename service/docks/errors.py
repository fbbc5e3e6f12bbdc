"""What docks are refused."""

from uuid import UUID

from service.errors import ServiceError


class UnknownDockError(ServiceError):
    """No dock holds this token, or it was disabled."""

    def __init__(self) -> None:
        super().__init__("no dock holds this token")


class DockNotFoundError(ServiceError):
    """There is no such dock where the asker may see one."""

    def __init__(self, dock_id: UUID) -> None:
        super().__init__(f"no dock {dock_id}")
        self.dock_id = dock_id
