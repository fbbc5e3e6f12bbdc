"""What a roster import refuses."""

from collections.abc import Sequence

from service.errors import ServiceError
from service.language import Language, texts_in
from service.roster.faults import Fault


class RecorderNotFoundError(ServiceError):
    """There is no such recorder where the asker may see one."""

    def __init__(self, serial: str) -> None:
        super().__init__(f"no recorder {serial!r}")
        self.serial = serial


class OfficerNotFoundError(ServiceError):
    """There is no such officer where the asker may see one."""

    def __init__(self, code: str) -> None:
        super().__init__(f"no officer {code!r}")
        self.code = code


class RecorderTakenError(ServiceError):
    """Somebody has the pool recorder."""

    def __init__(self, serial: str) -> None:
        super().__init__(f"recorder {serial!r} is checked out")
        self.serial = serial


class RecorderNotTakenError(ServiceError):
    """Nobody has the pool recorder, or another than the officer who brings it back."""

    def __init__(self, serial: str) -> None:
        super().__init__(f"recorder {serial!r} is not checked out")
        self.serial = serial


class RecorderExclusiveError(ServiceError):
    """The recorder is assigned to one officer and is no pool recorder."""

    def __init__(self, serial: str) -> None:
        super().__init__(f"recorder {serial!r} is assigned to one officer")
        self.serial = serial


class RosterRefusedError(ServiceError):
    """The roster contradicts itself or what is known; nothing was changed.

    Attributes:
        faults: Everything that is wrong.
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        first = faults[0].told(texts_in(Language.EN))
        super().__init__(f"the roster is refused; the first of {len(faults)}: {first}")
        self.faults = tuple(faults)


class RosterFileRefusedError(RosterRefusedError):
    """The file cannot be read as a roster; every place where it cannot is among the faults."""


class OtherFileError(ServiceError):
    """The file is not the one that was shown."""

    def __init__(self, expected: str, sha256: str) -> None:
        super().__init__(f"the file has the digest sha256:{sha256}, and sha256:{expected} was shown")
        self.expected = expected
        self.sha256 = sha256


class RosterTooLargeError(ServiceError):
    """The roster has more rows than one file may."""

    def __init__(self, most: int) -> None:
        super().__init__(f"more than {most} rows; choose a lower agency")
        self.most = most


class NoSuchSheetError(ServiceError):
    """A roster has no sheet of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"a roster has no sheet {name!r}")
        self.name = name
