"""Findings of comparisons, for administrators; leftovers are removed by two of them."""

from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter, Response

from api.dependencies import Context, CurrentActor
from api.v1.safekeeping.schemas import FindingItem, FindingList, RemovalAnswer, RemovalItem, RemovalRequest
from evidence_store.models import RemovalProposal
from service.safekeeping.findings import FindingKind
from service.safekeeping.remove_leftover import confirm_removal, list_findings, propose_removal

router = APIRouter(prefix="/findings", tags=["safekeeping"])


@router.get("")
def get_findings(context: Context, actor: CurrentActor, *, is_open: bool | None = None, kind: FindingKind | None = None) -> FindingList:
    """List what comparisons and re-readings found."""
    rows = list_findings(context, actor=actor, is_open=is_open, kind=kind)
    items = []
    for row in rows:
        columns = {name: getattr(row.finding, name) for name in FindingItem.model_fields if name != "removal"}
        items.append(FindingItem(**columns, removal=_removal(row.proposal)))
    return FindingList(items=items)


@router.post("/{finding_id}/removal", status_code=HTTPStatus.CREATED)
def post_removal(finding_id: UUID, request: RemovalRequest, context: Context, actor: CurrentActor) -> RemovalAnswer:
    """Propose to remove a leftover; another administrator has to confirm."""
    return RemovalAnswer(id=propose_removal(context, finding_id, reason=request.reason, actor=actor))


@router.post("/{finding_id}/removal/confirmation", status_code=HTTPStatus.NO_CONTENT)
def post_confirmation(finding_id: UUID, context: Context, actor: CurrentActor) -> Response:
    """Confirm what another administrator proposed, and have it removed."""
    confirm_removal(context, finding_id, actor=actor)
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _removal(proposal: RemovalProposal | None) -> RemovalItem | None:
    return None if proposal is None else RemovalItem(**{name: getattr(proposal, name) for name in RemovalItem.model_fields})
