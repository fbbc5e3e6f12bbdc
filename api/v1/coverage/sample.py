"""A sample of officers for an audit."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel

from api.dependencies import Context, CurrentActor
from service.coverage_reports.sample import MOST_DRAWN, MOST_SEED_CHARACTERS, DrawnOfficer, WantedSample, draw_sample

router = APIRouter(prefix="/coverage/sample", tags=["coverage"])


class FactItem(BaseModel):
    """One fact as it was known when the figure was frozen; ``change_id`` names the change of the roster that brought it."""

    kind: str
    subject: str
    what: str
    valid_from: date
    valid_until: date | None
    document_number: str
    reason: str
    recorded_at: datetime
    change_id: UUID | None
    made_by: str | None
    origin: str | None


class DrawnItem(BaseModel):
    """One officer that was drawn; ``reason`` says why they are missing, and is null when they have a recorder that counts."""

    officer_code: str
    name: str
    agency_code: str
    reason: str | None
    recorders: list[tuple[str, str]]
    rank: str
    facts: list[FactItem]


class SampleAnswer(BaseModel):
    """A sample; ``is_unchanged`` says that the facts still give the roster that was frozen."""

    snapshot_id: UUID
    day: date
    agency_code: str
    seed: str
    population: int
    roster_sha256: str
    is_unchanged: bool
    drawn: list[DrawnItem]


@router.get("")
def get_sample(
    context: Context,
    actor: CurrentActor,
    snapshot: UUID,
    seed: Annotated[str, Query(min_length=1, max_length=MOST_SEED_CHARACTERS)],
    count: Annotated[int, Query(ge=1, le=MOST_DRAWN)] = 10,
    agency: Annotated[str | None, Query(max_length=64)] = None,
) -> SampleAnswer:
    """Draw officers from the roster behind a frozen figure by a public seed; the same seed always draws the same."""
    sample = draw_sample(context, WantedSample(snapshot, seed, count, agency), actor=actor)
    return SampleAnswer(
        snapshot_id=sample.snapshot.id,
        day=sample.snapshot.day,
        agency_code=sample.agency.code,
        seed=sample.seed,
        population=sample.population,
        roster_sha256=sample.roster_sha256,
        is_unchanged=sample.is_unchanged,
        drawn=[_item(one) for one in sample.drawn],
    )


def _item(one: DrawnOfficer) -> DrawnItem:
    facts = [FactItem.model_validate({name: value for name, value in asdict(fact).items() if name != "officer"}) for fact in one.facts]
    return DrawnItem(
        officer_code=one.line.officer,
        name=one.name,
        agency_code=one.line.agency,
        reason=one.line.reason,
        recorders=list(one.line.recorders),
        rank=one.rank,
        facts=facts,
    )
