"""What docks are refused."""

from service.errors import ServiceError


class UnknownDockError(ServiceError):
    """No dock holds this token, or it was disabled."""

    def __init__(self) -> None:
        super().__init__("no dock holds this token")
