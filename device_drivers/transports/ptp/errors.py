"""What can go wrong within a PTP session, beyond what can on the way to any recorder."""

from __future__ import annotations

from device_drivers.errors import RecorderError, RecorderRefusedError
from device_drivers.transports.ptp.codes import Operation, name_of_response


class OperationRefusedError(RecorderRefusedError):
    """A device understood an operation and would not carry it out.

    Attributes:
        code: Its response code, for instance ``ResponseCode.INVALID_HANDLE``.
    """

    def __init__(self, operation: Operation, code: int) -> None:
        super().__init__(operation.name.lower().replace("_", " "), name_of_response(code))
        self.code = code


class SessionLostError(RecorderError):
    """A device had to be reset and has a new session, in which its objects may have other handles."""

    def __init__(self) -> None:
        super().__init__("the recorder was reset; what it holds may be numbered anew")
