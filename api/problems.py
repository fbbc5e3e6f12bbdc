"""From the domain's errors to HTTP: one table, one handler, RFC 9457 problem details. Nobody below ``api`` knows a status code."""

import logging
import secrets
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from evidence_store import errors as store
from integrity import errors as integrity
from service import errors as service
from service.accounts import errors as accounts
from service.accounts.sign_in import LOCKED_FOR
from service.cases import errors as cases
from service.clips import errors as clips
from service.coverage import errors as coverage
from service.coverage_reports import errors as reports
from service.custody import errors as custody
from service.docks import errors as docks
from service.documents import errors as documents
from service.evidence_packages import errors as packages
from service.imports import errors as imports
from service.ingest import errors as ingest
from service.language import Language, texts_in
from service.roster import errors as roster
from service.roster.faults import Fault
from service.roster.tell_plan import MOST_SHOWN, fault_members
from service.safekeeping import errors as safekeeping

_LOG = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
HtmlProblem = Callable[[Request, "Problem"], Response]

PROBLEMS: dict[type[Exception], tuple[HTTPStatus, str]] = {
    accounts.NotSignedInError: (HTTPStatus.UNAUTHORIZED, "not-signed-in"),
    accounts.SignInRefusedError: (HTTPStatus.UNAUTHORIZED, "sign-in-refused"),
    accounts.SignInLockedError: (HTTPStatus.TOO_MANY_REQUESTS, "sign-in-locked"),
    accounts.UsernameTakenError: (HTTPStatus.CONFLICT, "username-taken"),
    cases.CaseNotFoundError: (HTTPStatus.NOT_FOUND, "case-not-found"),
    cases.CaseNumberTakenError: (HTTPStatus.CONFLICT, "case-number-taken"),
    cases.ClipNotLinkedError: (HTTPStatus.NOT_FOUND, "clip-not-linked"),
    clips.ClipAttributedError: (HTTPStatus.CONFLICT, "clip-attributed"),
    clips.ClipNotFoundError: (HTTPStatus.NOT_FOUND, "clip-not-found"),
    clips.ClipNotStoredError: (HTTPStatus.CONFLICT, "clip-not-stored"),
    clips.CursorDamagedError: (HTTPStatus.BAD_REQUEST, "cursor-damaged"),
    custody.NoCheckpointError: (HTTPStatus.NOT_FOUND, "no-checkpoint"),
    custody.KeyRetiredError: (HTTPStatus.CONFLICT, "log-key-retired"),
    custody.LogSizeError: (HTTPStatus.NOT_FOUND, "no-such-log-size"),
    custody.LogDamagedError: (HTTPStatus.INTERNAL_SERVER_ERROR, "log-damaged"),
    docks.AdoptionNotFoundError: (HTTPStatus.NOT_FOUND, "adoption-not-found"),
    docks.HasIdentityError: (HTTPStatus.CONFLICT, "recorder-has-identity"),
    docks.MediumAdoptedError: (HTTPStatus.CONFLICT, "medium-adopted"),
    docks.NoMediumError: (HTTPStatus.CONFLICT, "medium-unrecognisable"),
    docks.DockNotFoundError: (HTTPStatus.NOT_FOUND, "dock-not-found"),
    docks.UnknownDockError: (HTTPStatus.UNAUTHORIZED, "unknown-dock"),
    documents.DocumentFailedError: (HTTPStatus.INTERNAL_SERVER_ERROR, "document-failed"),
    documents.FontMissingError: (HTTPStatus.SERVICE_UNAVAILABLE, "font-missing"),
    packages.ClipsNotSealedError: (HTTPStatus.CONFLICT, "clips-not-sealed"),
    packages.EvidenceDamagedError: (HTTPStatus.CONFLICT, "evidence-damaged"),
    packages.NoSuchVolumeError: (HTTPStatus.NOT_FOUND, "no-such-volume"),
    packages.PackageNotFoundError: (HTTPStatus.NOT_FOUND, "package-not-found"),
    packages.PackageNotSealedError: (HTTPStatus.SERVICE_UNAVAILABLE, "package-not-sealed"),
    packages.PackageTooLargeError: (HTTPStatus.UNPROCESSABLE_ENTITY, "package-too-large"),
    packages.VolumeTooSmallError: (HTTPStatus.UNPROCESSABLE_ENTITY, "volume-too-small"),
    imports.ImportNotFoundError: (HTTPStatus.NOT_FOUND, "import-not-found"),
    imports.ImportClosedError: (HTTPStatus.CONFLICT, "import-closed"),
    imports.StatementConflictError: (HTTPStatus.CONFLICT, "statement-conflict"),
    ingest.ClipNotQuarantinedError: (HTTPStatus.CONFLICT, "clip-not-quarantined"),
    ingest.DockProtocolUnsupportedError: (HTTPStatus.UPGRADE_REQUIRED, "dock-protocol-unsupported"),
    ingest.LockNotAppliedError: (HTTPStatus.BAD_GATEWAY, "lock-not-applied"),
    ingest.RealDockRefusedError: (HTTPStatus.FORBIDDEN, "real-dock-refused"),
    ingest.QuarantineFinalError: (HTTPStatus.CONFLICT, "quarantine-final"),
    ingest.ReceiptMismatchError: (HTTPStatus.CONFLICT, "receipt-mismatch"),
    ingest.SessionConflictError: (HTTPStatus.CONFLICT, "session-conflict"),
    ingest.SessionNotFoundError: (HTTPStatus.NOT_FOUND, "session-not-found"),
    ingest.UploadFinishedError: (HTTPStatus.CONFLICT, "upload-finished"),
    ingest.UploadNotBegunError: (HTTPStatus.CONFLICT, "upload-not-begun"),
    integrity.MalformedValueError: (HTTPStatus.UNPROCESSABLE_ENTITY, "malformed-value"),
    roster.OfficerNotFoundError: (HTTPStatus.NOT_FOUND, "officer-not-found"),
    roster.RecorderExclusiveError: (HTTPStatus.CONFLICT, "recorder-exclusive"),
    coverage.SnapshotNotFoundError: (HTTPStatus.NOT_FOUND, "coverage-snapshot-not-found"),
    reports.ReportAgencyError: (HTTPStatus.FORBIDDEN, "coverage-report-agency"),
    reports.ReportConflictError: (HTTPStatus.CONFLICT, "coverage-report-conflict"),
    reports.ReportDamagedError: (HTTPStatus.UNPROCESSABLE_ENTITY, "coverage-report-damaged"),
    reports.ReportFromFutureError: (HTTPStatus.UNPROCESSABLE_ENTITY, "coverage-report-future"),
    reports.ReportNotFoundError: (HTTPStatus.NOT_FOUND, "coverage-report-not-found"),
    reports.ReportSignatureError: (HTTPStatus.UNPROCESSABLE_ENTITY, "coverage-report-signature"),
    reports.ReportTooLargeError: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "coverage-report-too-large"),
    reports.SnapshotNotSealedError: (HTTPStatus.CONFLICT, "coverage-snapshot-not-sealed"),
    reports.UnknownReporterError: (HTTPStatus.UNAUTHORIZED, "unknown-reporter"),
    roster.RecorderNotTakenError: (HTTPStatus.CONFLICT, "recorder-not-taken"),
    roster.RecorderTakenError: (HTTPStatus.CONFLICT, "recorder-taken"),
    roster.RecorderNotFoundError: (HTTPStatus.NOT_FOUND, "recorder-not-found"),
    roster.NoSuchSheetError: (HTTPStatus.NOT_FOUND, "no-such-sheet"),
    roster.OtherFileError: (HTTPStatus.CONFLICT, "other-file"),
    roster.RosterTooLargeError: (HTTPStatus.UNPROCESSABLE_ENTITY, "roster-too-large"),
    roster.RosterFileRefusedError: (HTTPStatus.UNPROCESSABLE_ENTITY, "roster-refused"),
    roster.RosterRefusedError: (HTTPStatus.UNPROCESSABLE_ENTITY, "roster-refused"),
    safekeeping.FindingNotFoundError: (HTTPStatus.NOT_FOUND, "finding-not-found"),
    safekeeping.LeftoverLockedError: (HTTPStatus.CONFLICT, "leftover-locked"),
    safekeeping.NoLeftoverError: (HTTPStatus.CONFLICT, "no-leftover"),
    safekeeping.RemovalNotProposedError: (HTTPStatus.CONFLICT, "removal-not-proposed"),
    safekeeping.RemovalProposedError: (HTTPStatus.CONFLICT, "removal-proposed"),
    safekeeping.RunUnderWayError: (HTTPStatus.CONFLICT, "run-under-way"),
    safekeeping.SecondPersonNeededError: (HTTPStatus.CONFLICT, "second-person-needed"),
    service.NotPermittedError: (HTTPStatus.FORBIDDEN, "not-permitted"),
    service.UnacceptableValueError: (HTTPStatus.UNPROCESSABLE_ENTITY, "unacceptable-value"),
    service.UnknownAgencyError: (HTTPStatus.NOT_FOUND, "unknown-agency"),
    store.ConflictingRowError: (HTTPStatus.CONFLICT, "conflict"),
    store.UnstorableValueError: (HTTPStatus.UNPROCESSABLE_ENTITY, "unstorable-value"),
    store.MissingRowError: (HTTPStatus.INTERNAL_SERVER_ERROR, "log-damaged"),
    store.StoreUnavailableError: (HTTPStatus.SERVICE_UNAVAILABLE, "store-unavailable"),
}
"""Error class to status and slug; a class without a row of its own takes that of its nearest ancestor, and at the end 500."""

_INTERNAL = (HTTPStatus.INTERNAL_SERVER_ERROR, "internal-error")
_RETRY_AFTER_S = "5"


class Problem:
    """A problem as it is answered (RFC 9457).

    Attributes:
        status: HTTP status.
        slug: Last part of ``type``; ``docs/problems/<slug>.md`` explains it.
        detail: What happened, for the person who asked; nothing internal.
        extras: Further members.
        error: The domain's error, for those who render it in another language.
    """

    def __init__(self, status: HTTPStatus, slug: str, detail: str, *, extras: dict[str, Any] | None = None, error: Exception | None = None) -> None:
        self.status = status
        self.slug = slug
        self.detail = detail
        self.extras = extras or {}
        self.error = error

    def body(self, instance: str) -> dict[str, Any]:
        """The members of the problem document."""
        return {
            "type": f"/problems/{self.slug}",
            "title": self.slug.replace("-", " "),
            "status": int(self.status),
            "detail": self.detail,
            "instance": instance,
            **self.extras,
        }


def problem_of(error: Exception) -> Problem:
    """Find how an error is answered; one that nobody foresaw gets an id under which the log tells more."""
    for ancestor in type(error).__mro__:
        if ancestor in PROBLEMS:
            status, slug = PROBLEMS[ancestor]
            if status < HTTPStatus.INTERNAL_SERVER_ERROR or status in {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE}:
                return Problem(status, slug, _public_detail(error, status), extras=_extras(error), error=error)
            break
    correlation_id = secrets.token_hex(8)
    _LOG.error("unforeseen error", exc_info=error, extra={"correlation_id": correlation_id})
    return Problem(*_INTERNAL, f"something went wrong here; the log tells more under {correlation_id}", extras={"correlation_id": correlation_id})


def install_problem_handlers(app: FastAPI, html: HtmlProblem) -> None:
    """Answer every error as a problem: as JSON under ``/api``, as a page elsewhere.

    Args:
        app: The application.
        html: Renders a problem as a page.
    """

    def answer(request: Request, problem: Problem) -> Response:
        path = request.url.path
        if path.startswith("/api/") or "text/html" not in request.headers.get("accept", ""):
            response: Response = JSONResponse(problem.body(path), status_code=problem.status, media_type=MEDIA_TYPE)
        else:
            response = html(request, problem)
        if problem.status == HTTPStatus.UNAUTHORIZED:
            response.headers["WWW-Authenticate"] = "Bearer"
        if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
            response.headers["Retry-After"] = _RETRY_AFTER_S
        if isinstance(problem.error, accounts.SignInLockedError):
            response.headers["Retry-After"] = str(int(LOCKED_FOR.total_seconds()))
        return response

    def domain_error(request: Request, error: Exception) -> Response:
        return answer(request, problem_of(error))

    def invalid_request(request: Request, error: Exception) -> Response:
        faults = error.errors() if isinstance(error, RequestValidationError) else []
        listed = [{"where": ".".join(str(part) for part in fault["loc"]), "what": str(fault["msg"])} for fault in faults]
        detail = "; ".join(f"{fault['where']}: {fault['what']}" for fault in listed[:5])
        return answer(request, Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", detail, extras={"errors": listed}))

    def http_error(request: Request, error: Exception) -> Response:
        status = HTTPStatus(error.status_code) if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
        return answer(request, Problem(status, status.phrase.lower().replace(" ", "-"), status.description or status.phrase))

    app.add_exception_handler(RequestValidationError, invalid_request)
    app.add_exception_handler(HTTPException, http_error)
    for root in (service.ServiceError, store.StoreError, integrity.IntegrityError):
        app.add_exception_handler(root, domain_error)
    app.add_exception_handler(Exception, domain_error)


def _public_detail(error: Exception, status: HTTPStatus) -> str:
    if isinstance(error, documents.FontMissingError | packages.PackageNotSealedError):
        return str(error)
    if status in {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE}:
        return "a part of the service is away for the moment; nothing is lost, try again"
    return str(error)


_EXTRAS: tuple[tuple[type[Exception], Callable[[Any], dict[str, Any]]], ...] = (
    (ingest.DockProtocolUnsupportedError, lambda error: {"accepted": list(error.accepted)}),
    (roster.RosterRefusedError, lambda error: _roster_faults(error.faults)),
    (accounts.SignInLockedError, lambda error: {"until": error.until.isoformat()}),
    (packages.ClipsNotSealedError, lambda error: {"clip_ids": [str(clip_id) for clip_id in error.clip_ids]}),
    (packages.EvidenceDamagedError, lambda error: {"clip_id": str(error.clip_id), "reason": error.reason}),
    (packages.PackageNotSealedError, lambda error: {"package_id": str(error.package_id)}),
    (packages.VolumeTooSmallError, lambda error: {"least_bytes": error.least_bytes}),
)
"""Further members of some problems."""


def _roster_faults(faults: Sequence[Fault]) -> dict[str, Any]:
    return {"fault_count": len(faults), "faults": [fault_members(fault, texts_in(Language.EN)) for fault in faults[:MOST_SHOWN]]}


def _extras(error: Exception) -> dict[str, Any]:
    for kind, tell in _EXTRAS:
        if isinstance(error, kind):
            return tell(error)
    return {}
