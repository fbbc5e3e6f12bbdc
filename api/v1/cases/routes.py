"""Open cases, link and unlink clips."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.dependencies import Context, CurrentActor
from api.v1.cases.schemas import CaseAnswer, CaseCreated, CaseItem, CaseList, CaseRequest, LinkedClip, LinkRequest, UnlinkRequest
from api.v1.clips.schemas import AgencyRef, clip_item
from service.cases.link_clips import link_clip, unlink_clip
from service.cases.open_case import open_case, read_case, search_cases

router = APIRouter(prefix="/cases", tags=["cases"])


@router.post("", status_code=HTTPStatus.CREATED)
def create_case(request: CaseRequest, context: Context, actor: CurrentActor) -> CaseCreated:
    """Open a case."""
    return CaseCreated(id=open_case(context, number=request.number, title=request.title, agency_code=request.agency, actor=actor))


@router.get("")
def list_cases(
    context: Context,
    actor: CurrentActor,
    text: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> CaseList:
    """List cases one may see, newest first."""
    rows = search_cases(context, actor=actor, text=text, limit=limit)
    items = [
        CaseItem(
            id=case.id,
            number=case.number,
            title=case.title,
            agency=AgencyRef(code=agency.code, name=agency.name),
            opened_at=case.opened_at,
            clip_count=count,
        )
        for case, agency, count in rows
    ]
    return CaseList(items=items)


@router.get("/{case_id}")
def get_case(case_id: UUID, context: Context, actor: CurrentActor) -> CaseAnswer:
    """Tell a case with its clips."""
    details = read_case(context, case_id, actor=actor)
    clips = [LinkedClip(clip=clip_item(row), purpose=link.purpose, linked_at=link.linked_at) for row, link in details.clips]
    return CaseAnswer(
        id=details.case.id,
        number=details.case.number,
        title=details.case.title,
        agency=AgencyRef(code=details.agency.code, name=details.agency.name),
        opened_at=details.case.opened_at,
        clips=clips,
    )


@router.put("/{case_id}/clips/{clip_id}", status_code=HTTPStatus.NO_CONTENT)
def put_link(case_id: UUID, clip_id: UUID, request: LinkRequest, context: Context, actor: CurrentActor) -> None:
    """Link a clip to a case."""
    link_clip(context, case_id, clip_id, purpose=request.purpose, actor=actor)


@router.delete("/{case_id}/clips/{clip_id}", status_code=HTTPStatus.NO_CONTENT)
def delete_link(case_id: UUID, clip_id: UUID, request: UnlinkRequest, context: Context, actor: CurrentActor) -> None:
    """Unlink a clip from a case; the link stays on record."""
    unlink_clip(context, case_id, clip_id, reason=request.reason or request.purpose or "", actor=actor)
