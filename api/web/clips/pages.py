"""Find clips, and one clip with all that is known of it."""

from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response

from api.dependencies import Context, CurrentActor
from api.web.clips.filters import read_form
from api.web.clips.playback import Playback, playback_of, why_unplayable
from api.web.clips.track_picture import view_track
from api.web.rendering import is_fragment_wanted, render
from evidence_store.actor import Actor
from evidence_store.models import Agency, Case
from integrity.receipt import ClipState
from service.access.policy import Action, is_allowed
from service.access.reasons import LONGEST_REASON
from service.cases.open_case import search_cases
from service.clips.categorise_clip import Category
from service.clips.keeping import why_kept
from service.clips.search_clips import cases_of_clip, find_clip, search_clips
from service.clips.view_clip import LONGEST_PURPOSE, ViewGrant, view_clip
from service.context import ServiceContext
from service.custody.read_chain import read_chain
from service.evidence_packages.make_package import LONGEST_TEXT
from service.ingest.clip_times import times_of
from service.ingest.kinds import ClipKind
from service.ingest.policy import is_liftable
from service.ingest.recordings import find_recording
from service.roster.list_agencies import list_agencies

router = APIRouter(prefix="/clips")

_AT_ONCE = 50


@router.get("")
def get_clips(request: Request, context: Context, actor: CurrentActor, cursor: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Show the search form and a page of what it finds; to htmx only the rows that come next."""
    form = read_form(request.query_params)
    page = search_clips(context, form.filter(), actor=actor, agency_code=form.agency or None, limit=_AT_ONCE, cursor=cursor or None)
    values: dict[str, Any] = {"rows": page.items, "more": form.address(page.next_cursor) if page.next_cursor else None}
    if is_fragment_wanted(request):
        return render(request, "clips/rows.html", actor=actor, **values)
    choices: dict[str, Any] = {
        "states": list(ClipState),
        "clip_kinds": list(ClipKind),
        "agencies": list_agencies(context, actor=actor),
        "cases": _cases(context, actor),
        "longest_text": LONGEST_TEXT,
    }
    return render(request, "clips/search.html", actor=actor, form=form, **choices, **values)


@router.get("/{clip_id}")
def get_clip(clip_id: UUID, request: Request, context: Context, actor: CurrentActor) -> Response:
    """Show a clip; the player comes after a purpose was given."""
    return _clip_page(clip_id, request, context, actor, grant=None)


@router.post("/{clip_id}/views")
def post_view(
    clip_id: UUID, request: Request, context: Context, actor: CurrentActor, purpose: Annotated[str, Form(max_length=1000)] = ""
) -> Response:
    """Enter a view in the chain of custody and show the player."""
    grant = view_clip(context, clip_id, actor=actor, purpose=purpose)
    return _clip_page(clip_id, request, context, actor, grant=grant)


def _clip_page(clip_id: UUID, request: Request, context: ServiceContext, actor: Actor, *, grant: ViewGrant | None) -> Response:
    row = find_clip(context, clip_id, actor=actor)
    links = cases_of_clip(context, clip_id, actor=actor)
    linked = {case.id for _, case in links}
    return render(
        request,
        "clips/clip.html",
        actor=actor,
        status=HTTPStatus.OK,
        row=row,
        clip=row.clip,
        times=times_of(row.clip),
        recording=find_recording(context, clip_id, actor=actor),
        track=view_track(row.clip.media),
        playback=playback_of(row.clip),
        kinds=Playback,
        unplayable=why_unplayable(row.clip),
        grant=grant,
        links=links,
        cases=[(case, agency) for case, agency in _cases(context, actor) if case.id not in linked],
        chain=read_chain(context, clip_id, actor=actor),
        longest_purpose=LONGEST_PURPOSE,
        longest_reason=LONGEST_REASON,
        keeping=why_kept(context, clip_id, actor=actor),
        categories=list(Category),
        is_liftable=row.clip.quarantine is not None and is_liftable(row.clip.quarantine),
    )


def _cases(context: ServiceContext, actor: Actor) -> list[tuple[Case, Agency]]:
    if actor.role is None or not is_allowed(actor.role, Action.FIND_CASES):
        return []
    return [(case, agency) for case, agency, _ in search_cases(context, actor=actor)]
