"""Find, watch and follow clips."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import Context, CurrentActor
from api.ranges import media_response
from api.v1.clips.schemas import ClipItem, ClipList, CustodyAnswer, ViewAnswer, ViewRequest, clip_item, custody_answer
from evidence_store.models import ClipFilter
from integrity.receipt import ClipState
from service.clips.search_clips import MOST_AT_ONCE, find_clip, search_clips
from service.clips.view_clip import open_media, view_clip
from service.custody.read_chain import read_chain
from service.errors import UnacceptableValueError
from service.ingest.kinds import ClipKind

router = APIRouter(prefix="/clips", tags=["clips"])


@router.get("")
def list_clips(  # noqa: PLR0913 - one parameter for each filter
    context: Context,
    actor: CurrentActor,
    officer: Annotated[str | None, Query(max_length=64)] = None,
    recorder: Annotated[str | None, Query(max_length=512)] = None,
    agency: Annotated[str | None, Query(max_length=64)] = None,
    recorded_from: datetime | None = None,
    recorded_until: datetime | None = None,
    case: UUID | None = None,
    state: ClipState | None = None,
    quarantined: bool | None = None,  # noqa: FBT001 - a query parameter
    key: bool | None = None,  # noqa: FBT001 - a query parameter
    kind: ClipKind | None = None,
    imported: bool | None = None,  # noqa: FBT001 - a query parameter
    text: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_AT_ONCE)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> ClipList:
    """List clips one may see, newest first; times without an offset are UTC."""
    wanted = ClipFilter(
        officer_code=officer,
        recorder_serial=recorder,
        recorded_from=_aware(recorded_from),
        recorded_until=_aware(recorded_until),
        case_id=case,
        state=state,
        is_quarantined=quarantined,
        is_key=key,
        kind=kind,
        is_imported=imported,
        text=_storable("text", text),
    )
    page = search_clips(context, wanted, actor=actor, agency_code=agency, limit=limit, cursor=cursor)
    return ClipList(items=[clip_item(row) for row in page.items], next_cursor=page.next_cursor)


@router.get("/{clip_id}")
def get_clip(clip_id: UUID, context: Context, actor: CurrentActor) -> ClipItem:
    """Tell one clip."""
    return clip_item(find_clip(context, clip_id, actor=actor))


@router.post("/{clip_id}/views", status_code=HTTPStatus.CREATED)
def view(clip_id: UUID, request: ViewRequest, context: Context, actor: CurrentActor) -> ViewAnswer:
    """Let someone watch a clip; the view is entered in its chain of custody."""
    grant = view_clip(context, clip_id, actor=actor, purpose=request.purpose)
    return ViewAnswer(view_id=grant.view_id, clip_id=clip_id, expires_at=grant.expires_at, url=f"/api/v1/clips/{clip_id}/media")


@router.head("/{clip_id}/media", response_class=Response, operation_id="head_clip_media")
@router.get("/{clip_id}/media", response_class=Response, operation_id="get_clip_media")
def media(clip_id: UUID, request: Request, context: Context, actor: CurrentActor, *, download: bool = False) -> Response:
    """Stream the original's bytes, whole or by Range, under one's view or a new one; ``download`` is an event of its own."""
    source = open_media(context, clip_id, actor=actor)
    return media_response(request, source, is_download=download)


@router.get("/{clip_id}/custody")
def custody(clip_id: UUID, context: Context, actor: CurrentActor) -> CustodyAnswer:
    """Tell a clip's chain of custody."""
    return custody_answer(read_chain(context, clip_id, actor=actor))


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _storable(field: str, text: str | None) -> str | None:
    """PostgreSQL keeps no NUL, so nothing can be found by one."""
    if text is not None and "\0" in text:
        raise UnacceptableValueError(field, "holds a NUL")
    return text
