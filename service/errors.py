"""The root of what a use case may refuse, and the refusals that every feature shares."""


class ServiceError(Exception):
    """A use case refused; nothing was changed."""


class NotPermittedError(ServiceError):
    """This role may not do this.

    Attributes:
        action: Code of the action.
        role: Code of the role.
    """

    def __init__(self, action: str, role: str) -> None:
        super().__init__(f"the role {role} may not {action}")
        self.action = action
        self.role = role


class UnknownAgencyError(ServiceError):
    """No such agency, or not one the actor may act for."""

    def __init__(self, code: str) -> None:
        super().__init__(f"no agency {code!r}")
        self.code = code


class UnacceptableValueError(ServiceError):
    """A value is outside its bounds.

    Attributes:
        field: Which value.
        reason: What is wrong with it.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason
