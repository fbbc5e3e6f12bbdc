"""Hand clips over, and see what was handed to whom."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response

from api.dependencies import Context, CurrentActor
from api.package_response import package_response
from api.web.rendering import render
from service.evidence_packages.list_packages import list_packages
from service.evidence_packages.make_package import HandingOver, make_package
from service.evidence_packages.open_package import Cut, enter_download, open_package

router = APIRouter(prefix="/packages")


@router.get("")
def get_packages(request: Request, context: Context, actor: CurrentActor) -> Response:
    """Show what was handed over, newest first."""
    rows = list_packages(context, actor=actor)
    command = f"bodycam package --service {context.settings.public_url} --user {actor.name} --out"
    return render(request, "packages/packages.html", actor=actor, rows=rows, command=command, cut="--volume-gib 4.3")


@router.post("")
def post_package(
    context: Context,
    actor: CurrentActor,
    clip: Annotated[list[UUID] | None, Form()] = None,
    case: Annotated[UUID | None, Form()] = None,
    recipient: Annotated[str, Form(max_length=2000)] = "",
    purpose: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Hand clips over, and answer with the package."""
    package_id = make_package(context, HandingOver(recipient, purpose, clip or (), case), actor=actor)
    return package_response(open_package(context, package_id, Cut(), actor=actor).volume(1))


@router.post("/{package_id}/content")
def post_content(package_id: UUID, context: Context, actor: CurrentActor) -> Response:
    """Give a package out again."""
    opened = open_package(context, package_id, Cut(), actor=actor)
    volume = opened.volume(1)
    enter_download(context, opened, 1, Cut(), actor=actor, is_resumed=False)
    return package_response(volume)
