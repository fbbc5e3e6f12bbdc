"""The coverage rate."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.dependencies import Context, CurrentActor
from api.v1.coverage.schemas import CoverageAnswer, coverage_answer
from service.coverage.measure import measure_coverage, parse_as_of

router = APIRouter(prefix="/coverage", tags=["coverage"])


@router.get("")
def get_coverage(
    context: Context,
    actor: CurrentActor,
    agency: Annotated[str | None, Query(max_length=64)] = None,
    as_of: Annotated[str | None, Query(max_length=40)] = None,
    known_at: Annotated[str | None, Query(max_length=40)] = None,
) -> CoverageAnswer:
    """Measure an agency's coverage; ``as_of`` and ``known_at`` are RFC 3339 instants, or dates, meaning their ends in Asia/Shanghai.

    With ``known_at`` only what was known at that instant counts.
    """
    moment = parse_as_of(as_of, context.clock.now())
    known = parse_as_of(known_at, context.clock.now()) if known_at is not None else None
    return coverage_answer(measure_coverage(context, actor=actor, agency_code=agency, as_of=moment, known=known))
