"""What keeps a witness from working."""

from pathlib import Path

from service.errors import ServiceError


class WitnessStateError(ServiceError):
    """The witness's folder is damaged; it signs nothing until a person has looked."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
