"""Recorders without an identity of their own, adopted by an administrator."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import Context, CurrentActor
from service.access.reasons import LONGEST_REASON
from service.docks.adopt_recorder import adopt_recorder, end_adoption, list_adoptions

router = APIRouter(tags=["docks"])


class AdoptionRequest(BaseModel):
    """Which registered recorder it is, and how that is known."""

    model_config = ConfigDict(extra="forbid")

    recorder: Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[^/\x00-\x1f]+$")]
    reason: str = Field(max_length=LONGEST_REASON)


class AdoptionAnswer(BaseModel):
    """An adoption's id."""

    id: UUID


class EndRequest(BaseModel):
    """Why an adoption ends."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(max_length=LONGEST_REASON)


class AdoptionItem(BaseModel):
    """An adoption that lasts."""

    id: UUID
    recorder: str
    medium: str
    session_id: UUID
    reason: str
    adopted_at: datetime


class AdoptionList(BaseModel):
    """Adoptions that last, newest first."""

    items: list[AdoptionItem]


@router.post("/dock-sessions/{session_id}/adoption", status_code=HTTPStatus.CREATED)
def post_adoption(session_id: UUID, request: AdoptionRequest, context: Context, actor: CurrentActor) -> AdoptionAnswer:
    """Say which recorder the medium of a session belongs to, from now on."""
    return AdoptionAnswer(id=adopt_recorder(context, session_id, request.recorder, reason=request.reason, actor=actor))


@router.post("/adoptions/{adoption_id}/end", status_code=HTTPStatus.NO_CONTENT)
def post_end(adoption_id: UUID, request: EndRequest, context: Context, actor: CurrentActor) -> None:
    """End an adoption from now on."""
    end_adoption(context, adoption_id, reason=request.reason, actor=actor)


@router.get("/adoptions")
def get_adoptions(context: Context, actor: CurrentActor) -> AdoptionList:
    """Tell which adoptions last."""
    return AdoptionList(
        items=[
            AdoptionItem(
                id=one.id, recorder=recorder.serial, medium=one.medium, session_id=one.session_id, reason=one.reason, adopted_at=one.adopted_at
            )
            for one, recorder in list_adoptions(context, actor=actor)
        ]
    )
