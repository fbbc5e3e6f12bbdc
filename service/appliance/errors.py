"""Why an installation on one machine does not start."""

from pathlib import Path

from service.errors import ServiceError


class ApplianceError(ServiceError):
    """The service on this machine cannot start or go on."""


class DirectoryInUseError(ApplianceError):
    """Another `bodycam up` holds the data directory."""

    def __init__(self, directory: Path, holder: str) -> None:
        super().__init__(f"{directory} is in use by process {holder}; stop it first, or choose another directory")
        self.directory = directory
        self.holder = holder


class UnreadableDirectoryError(ApplianceError):
    """A file of the data directory does not hold what it should, or cannot be written."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class UnsafeListeningError(ApplianceError):
    """The options would let other machines in without TLS, or under an address nobody could use."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotReadyError(ApplianceError):
    """A part did not become ready in time."""

    def __init__(self, what: str, within_s: float, detail: str) -> None:
        super().__init__(f"{what} is not ready after {within_s:.0f} s; {detail}")
        self.what = what
        self.within_s = within_s


class StepFailedError(ApplianceError):
    """A step of the start ended with an error."""

    def __init__(self, step: str, status: int, detail: str) -> None:
        super().__init__(f"{step} ended with status {status}: {detail}")
        self.step = step
        self.status = status


class StopRequestedError(ApplianceError):
    """Somebody asked the service to stop while it was starting."""

    def __init__(self) -> None:
        super().__init__("asked to stop")


class SealedSecretsError(ApplianceError):
    """The secrets of a backup do not open."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the sealed secrets of the backup: {reason}")
        self.reason = reason


class BackupUnusableError(ApplianceError):
    """A backup folder does not give what is asked of it."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"{folder}: {reason}")
        self.folder = folder
        self.reason = reason
