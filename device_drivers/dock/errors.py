"""What can go wrong between a dock, the service and the store."""

from __future__ import annotations


class DockError(Exception):
    """The dock could not do its work; the recorder keeps everything."""


class SettingsError(DockError):
    """Settings are missing, wrong or unknown; the program does not start.

    Attributes:
        problems: One sentence for each thing that is wrong.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class StateUnusableError(DockError):
    """The folder in which the dock keeps what it must know after a restart cannot be used."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the dock's state folder cannot be used: {reason}")
        self.reason = reason


class InsecureAddressError(DockError):
    """An address would carry a credential or footage unencrypted over a network."""

    def __init__(self, host: str) -> None:
        super().__init__(f"{host} is not this machine, so it must be reached by https")
        self.host = host


class NoRecorderError(DockError):
    """Nothing is plugged in that could be read."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"no recorder to read: {reason}")
        self.reason = reason


class StoppedError(DockError):
    """The program was asked to end."""

    def __init__(self) -> None:
        super().__init__("the dock was asked to end")


class UnreachableError(DockError):
    """The service or the store did not answer, or only with errors of its own, for as long as the dock may wait."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"{what}: {reason}")
        self.what = what
        self.reason = reason


class UntrustedPeerError(DockError):
    """The certificate of the service or the store is not one that this dock trusts."""

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(f"the certificate of {host} is not trusted: {reason}")
        self.host = host
        self.reason = reason


class RefusedError(DockError):
    """The service understood a call and refused it (RFC 9457).

    Attributes:
        status: HTTP status.
        slug: Last part of the problem's type, for instance ``upload-finished``.
    """

    def __init__(self, what: str, *, status: int, slug: str, detail: str) -> None:
        super().__init__(f"{what}: refused with {status} {slug}: {detail}")
        self.what = what
        self.status = status
        self.slug = slug
        self.detail = detail


class MalformedAnswerError(DockError):
    """The service answered what the protocol does not allow."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"{what}: the answer is malformed: {reason}")
        self.what = what
        self.reason = reason


class PartRefusedError(DockError):
    """The store refused a part for good."""

    def __init__(self, number: int, *, status: int, code: str) -> None:
        super().__init__(f"part {number}: the store refused it with {status} {code}")
        self.number = number
        self.status = status
        self.code = code


class TooManyPartsError(DockError):
    """A file is so much longer than announced that it does not fit the parts it was cut into."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the file needs more than {limit} parts")
        self.limit = limit
