"""What a roster import refuses."""

from service.errors import ServiceError

MOST_SHOWN = 200


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
        faults: One sentence for each fault, with the place of the row.
    """

    def __init__(self, faults: list[str]) -> None:
        super().__init__(f"the roster is refused; the first of {len(faults)}: {faults[0]}")
        self.faults = faults[:MOST_SHOWN]
        self.fault_count = len(faults)
