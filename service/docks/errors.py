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


class AdoptionNotFoundError(ServiceError):
    """There is no such adoption where the asker may see one, or it has ended."""

    def __init__(self, adoption_id: UUID) -> None:
        super().__init__(f"no adoption {adoption_id}")
        self.adoption_id = adoption_id


class HasIdentityError(ServiceError):
    """The recorder gave a serial number of its own; it is registered, not adopted."""

    def __init__(self, session_id: UUID) -> None:
        super().__init__(f"the recorder of session {session_id} has a serial number of its own")
        self.session_id = session_id


class NoMediumError(ServiceError):
    """Nothing is known by which the recorder's medium could be recognised again."""

    def __init__(self, session_id: UUID) -> None:
        super().__init__(f"the medium of session {session_id} cannot be recognised again")
        self.session_id = session_id


class MediumAdoptedError(ServiceError):
    """The medium is adopted already; that adoption has to end first."""

    def __init__(self, session_id: UUID) -> None:
        super().__init__(f"the medium of session {session_id} is adopted already")
        self.session_id = session_id
