"""What goes wrong around the child that parses media."""

from service.errors import ServiceError


class MediaError(ServiceError):
    """A media file could not be looked at."""


class ChildUnavailableError(MediaError):
    """The child does not come up at all; that says nothing about any file, and may be tried again."""

    def __init__(self, program: str, reason: str) -> None:
        super().__init__(f"{program}: {reason}")
        self.program = program
        self.reason = reason


class ChildFailedError(MediaError):
    """A file made the child fail; it would do so again.

    Attributes:
        code: ``parser_died``, ``parser_too_slow``, ``parser_misbehaved`` or ``read_too_much``.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
