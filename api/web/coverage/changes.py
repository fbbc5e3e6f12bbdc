"""Why did it change: recorders gained and lost against officers gained and lost, down to names."""

from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import Context, CurrentActor
from api.web.coverage.pages import show_rate
from api.web.rendering import render
from service.coverage.explain import ChangeKind, Explanation
from service.coverage.measure import day_of
from service.coverage_outlook.changes import explain_days, explain_edition

router = APIRouter(prefix="/coverage/changes")


@router.get("")
def get_changes(
    request: Request,
    context: Context,
    actor: CurrentActor,
    *,
    agency: Annotated[str, Query(max_length=64)] = "",
    since: Annotated[date | None, Query(alias="from")] = None,
    until: Annotated[date | None, Query(alias="to")] = None,
    snapshot: UUID | None = None,
) -> Response:
    """Explain a change between two days, the last month's when none are named; or from a frozen figure to the one that replaced it."""
    if snapshot is not None:
        explained = explain_edition(context, snapshot, actor=actor, agency_code=agency or None)
    else:
        later = until or day_of(context.clock.now())
        earlier = since or later.replace(day=1) - timedelta(days=1)
        explained = explain_days(context, earlier, later, actor=actor, agency_code=agency or None)
    return render(
        request,
        "coverage/changes.html",
        actor=actor,
        explained=explained,
        reasons=_reasons(explained),
        agency_code=explained.agency.code,
        is_edition=snapshot is not None,
        show_rate=show_rate,
    )


def _reasons(explained: Explanation) -> dict[str, int]:
    """How many more have a recorder because of recorders, and how many more count because of officers who joined and left, with one and without."""
    counts = explained.counts
    return {
        "recorders": counts[ChangeKind.RECORDER_GAINED] - counts[ChangeKind.RECORDER_LOST],
        "equipped": counts[ChangeKind.JOINED_EQUIPPED] - counts[ChangeKind.LEFT_EQUIPPED],
        "missing": counts[ChangeKind.JOINED_MISSING] - counts[ChangeKind.LEFT_MISSING],
    }
