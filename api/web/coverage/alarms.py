"""What somebody has to look after."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import Context, CurrentActor
from api.web.rendering import render
from service.coverage_outlook.alarms import AlarmKind
from service.coverage_outlook.list_alarms import list_alarms
from service.coverage_outlook.webhooks import read_webhooks
from service.roster.list_agencies import list_agencies

router = APIRouter(prefix="/coverage/alarms")


@router.get("")
def get_alarms(
    request: Request,
    context: Context,
    actor: CurrentActor,
    kind: Annotated[str, Query(max_length=64)] = "",
    agency: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """List the alarms that are not over, by agency and kind."""
    chosen = AlarmKind(kind) if kind in set(AlarmKind) else None
    found = list_alarms(context, actor=actor, kind=chosen, agency_code=agency or None)
    return render(
        request,
        "coverage/alarms.html",
        actor=actor,
        found=found,
        kind=chosen,
        kinds=list(AlarmKind),
        agencies=list_agencies(context, actor=actor),
        agency_code=agency,
        webhooks=read_webhooks(context) if context.settings.webhooks else None,
        settings=context.settings,
    )
