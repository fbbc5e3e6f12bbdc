"""The dock protocol (docs/formats/dock-protocol.md)."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request

from api.dependencies import Context, CurrentDock
from api.v1.ingest import schemas
from integrity.hashing import Digests
from integrity.listing import Listing
from integrity.plain import spell_instant
from integrity.receipt import ClipState
from service.ingest.announce_files import announce_files
from service.ingest.complete_upload import complete_upload
from service.ingest.end_session import end_session, list_session_clips, read_session, report_failure, report_progress
from service.ingest.grant_upload import grant_upload, sign_parts
from service.ingest.open_session import PluggingIn, open_session
from service.ingest.release_clip import ReleaseDecision, decide_releases, order_releases, report_releases
from service.ingest.reread_clip import Reread, reread_clip
from service.ingest.set_recorder_clock import ClockSetting, record_clock_setting

router = APIRouter(prefix="/dock/sessions/{session_id}", tags=["docks"])
clock_router = APIRouter(prefix="/dock/time", tags=["docks"])


@router.put("")
def put_session(session_id: UUID, body: schemas.SessionRequest, request: Request, context: Context, dock: CurrentDock) -> schemas.SessionAnswer:
    """Open a session."""
    protocol: int = request.state.dock_protocol
    plugged = PluggingIn(
        body.slot,
        body.software,
        protocol,
        body.identity,
        body.clock,
        dock_clock=body.dock_clock,
        condition=_condition(body),
        plugged_at=body.plugged_at,
        rivals=tuple(body.rivals),
    )
    opened = open_session(context, session_id, plugged, dock=dock)
    return schemas.SessionAnswer(session_id=session_id, protocol=protocol, keep_on_recorder=opened.keep_on_recorder, contested=opened.is_contested)


def _condition(body: schemas.SessionRequest) -> dict[str, Any] | None:
    """How the recorder is doing, and since when its identity is known where the dock did not read it now."""
    condition = body.condition.model_dump() if body.condition else {}
    if body.identity_read_at is not None:
        condition["identity_read_at"] = spell_instant(body.identity_read_at)
    return condition or None


@router.post("/clock", status_code=HTTPStatus.NO_CONTENT)
def post_clock(session_id: UUID, body: schemas.ClockSetRequest, context: Context, dock: CurrentDock) -> None:
    """Say that the recorder's clock was set."""
    record_clock_setting(context, session_id, ClockSetting(body.set_to, body.done_at, body.after), dock=dock)


@router.put("/listing")
def put_listing(session_id: UUID, body: Listing, context: Context, dock: CurrentDock) -> schemas.ListingAnswer:
    """Post everything the recorder said it holds."""
    announced = announce_files(context, session_id, body, dock=dock)
    files = [schemas.FileAnswer(index=file.index, clip_id=file.clip_id, state=file.state, action=file.action) for file in announced]
    return schemas.ListingAnswer(files=files)


@router.post("/clips/{clip_id}/upload")
def post_upload(session_id: UUID, clip_id: UUID, body: dict[str, Any], context: Context, dock: CurrentDock) -> schemas.GrantAnswer:  # noqa: ARG001 - an empty object, room for later
    """Ask where a clip's bytes go."""
    grant = grant_upload(context, session_id, clip_id, dock=dock)
    return schemas.GrantAnswer(
        upload_id=grant.upload_id,
        part_size_bytes=grant.part_size_bytes,
        size_bytes=grant.size_bytes,
        stored_parts=[schemas.PartAnswer(number=part.number, size_bytes=part.size_bytes, etag=part.etag) for part in grant.stored_parts],
        urls=grant.urls,
    )


@router.post("/clips/{clip_id}/upload/part-urls")
def post_part_urls(session_id: UUID, clip_id: UUID, body: schemas.PartUrlsRequest, context: Context, dock: CurrentDock) -> schemas.PartUrlsAnswer:
    """Ask for URLs of further parts."""
    urls = sign_parts(context, session_id, clip_id, upload_id=body.upload_id, numbers=body.numbers, dock=dock)
    return schemas.PartUrlsAnswer(urls=urls)


@router.post("/clips/{clip_id}/receipt")
def post_receipt(session_id: UUID, clip_id: UUID, body: schemas.ReceiptRequest, context: Context, dock: CurrentDock) -> schemas.ClipStateAnswer:
    """Say that the last byte reached the store."""
    state = complete_upload(context, session_id, clip_id, upload_id=body.upload_id, receipt=body.receipt, dock=dock)
    return schemas.ClipStateAnswer(clip_id=clip_id, state=state)


@router.post("/clips/{clip_id}/reread")
def post_reread(session_id: UUID, clip_id: UUID, body: schemas.RereadRequest, context: Context, dock: CurrentDock) -> schemas.RereadAnswer:
    """Say what a full re-read of a recognised file found."""
    reread = Reread(body.size_bytes, Digests(sha256=body.sha256, sm3=body.sm3))
    answer = reread_clip(context, session_id, clip_id, reread=reread, dock=dock)
    return schemas.RereadAnswer(clip_id=answer.clip_id, state=answer.state, action=answer.action)


@router.post("/clips/{clip_id}/failure", status_code=HTTPStatus.NO_CONTENT)
def post_failure(session_id: UUID, clip_id: UUID, body: schemas.FailureRequest, context: Context, dock: CurrentDock) -> None:
    """Say that a file could not be read."""
    report_failure(context, session_id, clip_id, failure=body.model_dump(), dock=dock)


@router.post("/progress", status_code=HTTPStatus.NO_CONTENT)
def post_progress(session_id: UUID, body: schemas.ProgressRequest, context: Context, dock: CurrentDock) -> None:
    """Show on the board how far a docking is."""
    report_progress(context, session_id, body.model_dump(), dock=dock)


@router.post("/end", status_code=HTTPStatus.NO_CONTENT)
def post_end(session_id: UUID, body: schemas.EndRequest, context: Context, dock: CurrentDock) -> None:
    """Say how the plugging-in ended."""
    end_session(context, session_id, body.outcome, dock=dock)


@router.get("")
def get_session(session_id: UUID, context: Context, dock: CurrentDock) -> schemas.SessionStateAnswer:
    """Tell how far the session's files have come."""
    state = read_session(context, session_id, dock=dock)
    sealed = sum(count for name, count in state.counts.items() if ClipState(name).reached(ClipState.SEALED))
    return schemas.SessionStateAnswer(
        session_id=session_id,
        ended=state.is_ended,
        counts=state.counts,
        quarantined=state.quarantined,
        sealed=sealed,
        total=sum(state.counts.values()),
    )


@router.get("/clips")
def get_session_clips(session_id: UUID, context: Context, dock: CurrentDock) -> schemas.SessionClipsAnswer:
    """Tell every file of the session."""
    clips = [
        schemas.SessionClip(
            index=index,
            clip_id=clip.id,
            state=clip.state,
            quarantine=clip.quarantine,
            sha256=clip.sha256,
            sm3=clip.sm3,
            size_bytes=clip.size_bytes,
        )
        for index, clip in list_session_clips(context, session_id, dock=dock)
    ]
    return schemas.SessionClipsAnswer(clips=clips)


@router.get("/release")
def get_release(session_id: UUID, context: Context, dock: CurrentDock) -> schemas.ReleaseAnswer:
    """Tell what the wipe gate decides on every file."""
    return _release_answer(decide_releases(context, session_id, dock=dock))


@router.post("/release")
def post_release(session_id: UUID, context: Context, dock: CurrentDock) -> schemas.ReleaseAnswer:
    """Ask what is to be removed from the recorder now; what is allowed counts as ordered."""
    return _release_answer(order_releases(context, session_id, dock=dock))


@router.post("/release/report")
def post_release_report(session_id: UUID, body: schemas.ReleaseReport, context: Context, dock: CurrentDock) -> schemas.ReleaseRecorded:
    """Say what was removed, and what the recorder lists now."""
    kept = {removal.clip_id: removal.kept_because for removal in body.removals}
    outcome = report_releases(context, session_id, kept, remaining=body.remaining, dock=dock)
    return schemas.ReleaseRecorded(released=list(outcome.released), vanished=list(outcome.vanished))


@clock_router.get("")
def get_time(context: Context, dock: CurrentDock) -> schemas.TimeAnswer:  # noqa: ARG001 - only docks are answered
    """Tell the service's clock, so that a dock can measure its own."""
    return schemas.TimeAnswer(time=spell_instant(context.clock.now()))


def _release_answer(decisions: Sequence[ReleaseDecision]) -> schemas.ReleaseAnswer:
    items = [
        schemas.ReleaseItem(
            clip_id=item.clip_id, index=item.index, allowed=item.decision.allowed, reasons=[str(reason) for reason in item.decision.reasons]
        )
        for item in decisions
    ]
    return schemas.ReleaseAnswer(clips=items)
