"""What routes ask for by annotation: the context, who asks, the dock that asks."""

from typing import Annotated

from fastapi import Depends, Request

from api.authentication import dock_of, person_of
from evidence_store.actor import Actor
from service.context import ServiceContext


def _context(request: Request) -> ServiceContext:
    context: ServiceContext = request.app.state.context
    return context


Context = Annotated[ServiceContext, Depends(_context)]


def _person(request: Request, context: Context) -> Actor:
    return person_of(request, context)


def _dock(request: Request, context: Context) -> Actor:
    dock, request.state.dock_protocol = dock_of(request, context)
    return dock


CurrentActor = Annotated[Actor, Depends(_person)]
CurrentDock = Annotated[Actor, Depends(_dock)]
