"""What can go wrong in the driver kit."""

from __future__ import annotations

from device_drivers.errors import RecorderError


class QualityError(RecorderError):
    """A family's ``quality.yaml`` does not follow the rules; the family has no level."""

    def __init__(self, family: str, reason: str) -> None:
        super().__init__(f"quality of the family {family!r}: {reason}")
        self.family = family
        self.reason = reason


class NothingToTestError(RecorderError):
    """There is no recorder, or more than one, so it is not clear which is meant."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
