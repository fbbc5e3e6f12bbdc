"""The dock board, live."""

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from api.authentication import person_of
from api.dependencies import Context, CurrentActor
from api.live import LiveStreams
from api.web.docks.tiles import make_tile
from api.web.rendering import render, render_text
from evidence_store.actor import Actor
from service.access.permission import require
from service.access.policy import Action
from service.context import ServiceContext
from service.docks.board import read_board

router = APIRouter()


@router.get("/")
def get_start(actor: CurrentActor) -> Response:  # noqa: ARG001 - who is not signed in is led to the sign-in page
    """The board is where everybody starts."""
    return RedirectResponse("/board", HTTPStatus.SEE_OTHER)


@router.get("/board")
def get_board(request: Request, context: Context, actor: CurrentActor) -> Response:
    """Show what is plugged in now and what came lately."""
    return render(request, "docks/board.html", actor=actor, **_tiles(context, actor))


@router.get("/board/events")
def get_events(request: Request, context: Context, actor: CurrentActor) -> Response:
    """Send the board's tiles whenever they change; the visitor's token is looked at each time."""
    require(Action.SEE_BOARD, actor)
    streams: LiveStreams = request.app.state.live

    def tiles() -> str:
        visitor = person_of(request, context)
        return render_text(request, "docks/tiles.html", actor=visitor, **_tiles(context, visitor))

    return streams.response(request, tiles)


def _tiles(context: ServiceContext, actor: Actor) -> dict[str, Any]:
    now = context.clock.now()
    tiles = [make_tile(row, now) for row in read_board(context, actor=actor)]
    return {"under_way": [tile for tile in tiles if tile.ended_at is None], "ended": [tile for tile in tiles if tile.ended_at is not None]}
