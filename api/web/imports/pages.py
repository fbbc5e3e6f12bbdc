"""What was brought from elsewhere, by whom, and what came of it."""

from fastapi import APIRouter, Request, Response

from api.dependencies import Context, CurrentActor
from api.web.rendering import render
from service.imports.open_import import list_imports

router = APIRouter(prefix="/imports")


@router.get("")
def get_imports(request: Request, context: Context, actor: CurrentActor) -> Response:
    """Show the newest imports."""
    rows = list_imports(context, actor=actor)
    command = f"bodycam import --service {context.settings.public_url} --user {actor.name} --received-from … --document …"
    return render(request, "imports/imports.html", actor=actor, rows=rows, command=command)
