"""A sample of officers for an audit, as a page and as files."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from api.coverage_files import table_response
from api.dependencies import Context, CurrentActor
from api.web.rendering import render, texts_of
from service.coverage.frozen import list_snapshots
from service.coverage_reports.sample import MOST_DRAWN, MOST_SEED_CHARACTERS, WantedSample, draw_sample, sample_sheet, what_of

router = APIRouter(prefix="/coverage/sample")

_SHOWN_SNAPSHOTS = 60
_USUAL_COUNT = 10
Agency = Annotated[str, Query(max_length=64)]
Seed = Annotated[str, Query(max_length=MOST_SEED_CHARACTERS)]
Count = Annotated[int, Query(ge=1, le=MOST_DRAWN)]


@router.get("")
def get_sample(
    request: Request,
    context: Context,
    actor: CurrentActor,
    snapshot: UUID | None = None,
    agency: Agency = "",
    seed: Seed = "",
    count: Count = _USUAL_COUNT,
) -> Response:
    """Ask for a frozen figure and a seed; with both, show whom they draw and every fact behind each."""
    frozen = list_snapshots(context, actor=actor, limit=_SHOWN_SNAPSHOTS)
    wanted = WantedSample(snapshot, seed, count, agency or None) if snapshot and seed else None
    sample = draw_sample(context, wanted, actor=actor) if wanted else None
    values = {"snapshot": snapshot, "agency": agency, "seed": seed, "count": count}
    return render(
        request,
        "coverage/sample.html",
        actor=actor,
        frozen=frozen,
        sample=sample,
        values=values,
        longest=MOST_SEED_CHARACTERS,
        most=MOST_DRAWN,
        what_of=what_of,
    )


class SampleQuery(BaseModel):
    """What is drawn, and as which kind of file."""

    snapshot: UUID
    seed: str = Field(min_length=1, max_length=MOST_SEED_CHARACTERS)
    format: Literal["xlsx", "csv"]
    agency: str = Field(default="", max_length=64)
    count: int = Field(default=_USUAL_COUNT, ge=1, le=MOST_DRAWN)


@router.get("/file")
def get_file(request: Request, context: Context, actor: CurrentActor, query: Annotated[SampleQuery, Query()]) -> Response:
    """Give the same as a table, a row for each fact."""
    sample = draw_sample(context, WantedSample(query.snapshot, query.seed, query.count, query.agency or None), actor=actor)
    return table_response(sample_sheet(sample, texts_of(request)), query.format, name=f"sample-{sample.snapshot.day}")
