"""Hand over a roster."""

from fastapi import APIRouter
from pydantic import BaseModel

from api.dependencies import Context, CurrentActor
from service.roster.apply_import import import_roster
from service.roster.rows import Roster

router = APIRouter(prefix="/roster", tags=["roster"])


class ImportAnswer(BaseModel):
    """How many rows were added, or would be, by table."""

    added: dict[str, int]
    dry_run: bool


@router.post("/imports")
def post_import(roster: Roster, context: Context, actor: CurrentActor, *, dry_run: bool = False) -> ImportAnswer:
    """Take a roster in, all of it or nothing; the same again adds nothing."""
    result = import_roster(context, roster, actor=actor, is_dry_run=dry_run)
    return ImportAnswer(added=result.added, dry_run=dry_run)
