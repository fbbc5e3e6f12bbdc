"""What a roster import refuses."""

from service.errors import ServiceError

MOST_SHOWN = 200


class RecorderNotFoundError(ServiceError):
    """There is no such recorder where the asker may see one."""

    def __init__(self, serial: str) -> None:
        super().__init__(f"no recorder {serial!r}")
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
