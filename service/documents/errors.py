"""Why a document could not be set."""

from service.errors import ServiceError


class FontMissingError(ServiceError):
    """The Chinese font that documents are set in is not on this machine."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the font {name} is not installed on the server (Debian and Ubuntu: apt-get install fonts-noto-cjk)")
        self.name = name


class DocumentFailedError(ServiceError):
    """A document could not be set; the template is at fault, not the person who asked."""

    def __init__(self, template: str, reason: str) -> None:
        super().__init__(f"{template}: {reason}")
        self.template = template
        self.reason = reason
