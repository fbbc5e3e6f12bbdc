"""Answers about rosters."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from service.language import Language, texts_in
from service.roster.apply_import import ImportResult
from service.roster.confirm_roster import AgencyConfirmation
from service.roster.tell_plan import PlaceOf, nowhere, plan_members


class PlanAnswer(BaseModel):
    """What changes, or would: totals in full, changes and conflicts up to 200 each.

    A change is ``created``, ``changed`` or ``withdrawn``, of a table, under its key, with what stood before and stands after.
    """

    totals: dict[str, int]
    changes: list[dict[str, Any]]
    conflicts: list[dict[str, Any]]
    touches_from: date | None


class ImportAnswer(BaseModel):
    """How many rows were added and superseded, or would be, by table; ``change_id`` is null when nothing was changed."""

    added: dict[str, int]
    superseded: dict[str, int]
    dry_run: bool
    change_id: UUID | None
    plan: PlanAnswer


class FileAnswer(ImportAnswer):
    """Likewise of a file, with its digest."""

    sha256: str


class ConfirmationItem(BaseModel):
    """Whether an agency's roster is confirmed for the month."""

    agency: str
    name: str
    confirmed_by: str
    confirmed_at: datetime | None


class ConfirmationList(BaseModel):
    """Who has confirmed a month, named by its first day."""

    month: date
    items: list[ConfirmationItem]


class ConfirmationRequest(BaseModel):
    """Which agency's roster is right; the asker's own when left out."""

    agency: str | None = None


def import_members(result: ImportResult, *, is_dry_run: bool, place_of: PlaceOf = nowhere) -> dict[str, Any]:
    """An import as members of an answer."""
    plan = PlanAnswer(**plan_members(result.plan, texts_in(Language.EN), place_of))
    return {"added": result.added, "superseded": result.superseded, "dry_run": is_dry_run, "change_id": result.change_id, "plan": plan}


def confirmation_item(one: AgencyConfirmation) -> ConfirmationItem:
    """A confirmation as an item of an answer."""
    return ConfirmationItem(agency=one.agency.code, name=one.agency.name, confirmed_by=one.confirmed_by, confirmed_at=one.confirmed_at)
