"""What signing in and accounts refuse."""

from datetime import datetime

from service.errors import ServiceError


class SignInRefusedError(ServiceError):
    """User name or password is wrong; which of them is not said."""

    def __init__(self) -> None:
        super().__init__("user name or password is wrong")


class SignInLockedError(ServiceError):
    """Too many wrong passwords in a row.

    Attributes:
        until: When the next attempt is heard, UTC.
    """

    def __init__(self, until: datetime) -> None:
        super().__init__("too many wrong passwords; try again later")
        self.until = until


class NotSignedInError(ServiceError):
    """No token, or one that is unknown or has expired."""

    def __init__(self) -> None:
        super().__init__("sign in first")


class UsernameTakenError(ServiceError):
    """There is an account of that name."""

    def __init__(self, username: str) -> None:
        super().__init__(f"there is an account {username!r}")
        self.username = username
