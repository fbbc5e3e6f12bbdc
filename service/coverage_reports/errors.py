"""What senders and readers of reports are refused; nothing is kept of a refused report."""

from datetime import date

from service.errors import ServiceError


class UnknownReporterError(ServiceError):
    """No token, or one that no reporter of BODYCAM_REPORTERS has."""

    def __init__(self) -> None:
        super().__init__("no reporter has this token")


class ReportDamagedError(ServiceError):
    """The document is no report, or not in its one spelling.

    Attributes:
        reason: What is wrong with it.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"not a coverage report: {reason}")
        self.reason = reason


class ReportTooLargeError(ServiceError):
    """The document is longer than reports are."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"a report is at most {limit_bytes} bytes")
        self.limit_bytes = limit_bytes


class ReportSignatureError(ServiceError):
    """The signature is not by the key of a reporter who may speak here, or is of another report."""

    def __init__(self, log_origin: str) -> None:
        super().__init__(f"the report of {log_origin} is not signed by a key that is known here")
        self.log_origin = log_origin


class ReportAgencyError(ServiceError):
    """The reporter may not speak for the agency that the report is about."""

    def __init__(self, reporter: str, agency: str) -> None:
        super().__init__(f"{reporter} may not report for agency {agency!r}")
        self.reporter = reporter
        self.agency = agency


class ReportFromFutureError(ServiceError):
    """The report is about a day that is not over, or says that it was made later than now."""

    def __init__(self, day: date) -> None:
        super().__init__(f"the figures of {day} cannot be final yet")
        self.day = day


class ReportConflictError(ServiceError):
    """Another report has this id already."""

    def __init__(self, report_id: str) -> None:
        super().__init__(f"another report has the id {report_id}")
        self.report_id = report_id


class ReportNotFoundError(ServiceError):
    """No such report, or none that the asker may see."""

    def __init__(self, report_id: str) -> None:
        super().__init__(f"no report {report_id}")
        self.report_id = report_id


class SnapshotNotSealedError(ServiceError):
    """The frozen figure is not under a stamped checkpoint yet; within a minute it is."""

    def __init__(self, day: date) -> None:
        super().__init__(f"the frozen figure of {day} is not sealed yet; try again in a minute")
        self.day = day
