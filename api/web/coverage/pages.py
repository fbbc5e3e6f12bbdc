"""The coverage rate (配置率), down to the names behind it."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import Context, CurrentActor
from api.web.rendering import render
from service.coverage.measure import measure_coverage, parse_as_of
from service.coverage.rate import Figure
from service.language import format_rate

router = APIRouter(prefix="/coverage")


@router.get("")
def get_coverage(
    request: Request,
    context: Context,
    actor: CurrentActor,
    agency: Annotated[str, Query(max_length=64)] = "",
    as_of: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """Show the rate of an agency on a day, those of the agencies below, and who is missing a recorder."""
    moment = parse_as_of(as_of or None, context.clock.now())
    measured = measure_coverage(context, actor=actor, agency_code=agency or None, as_of=moment)
    return render(request, "coverage/coverage.html", actor=actor, measured=measured, as_of=as_of, show_rate=show_rate)


def show_rate(rate: Figure) -> str | None:
    """A rate in percent; ``None`` when nobody counts."""
    return format_rate(rate.numerator, rate.denominator) if rate.denominator else None
