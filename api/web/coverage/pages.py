"""The coverage rate (配置率), down to the names behind it, how it stands with its targets, and what stands beside it."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import Context, CurrentActor
from api.web.coverage.trend_picture import draw_trend
from api.web.rendering import is_fragment_wanted, render
from service.coverage.companions import list_companions
from service.coverage.measure import measure_coverage, parse_as_of
from service.coverage.rate import Figure
from service.coverage_outlook import forecast
from service.coverage_outlook.outlook import read_outlook
from service.coverage_reports.received import newest_received
from service.language import format_rate

router = APIRouter(prefix="/coverage")
Agency = Annotated[str, Query(max_length=64)]
AsOf = Annotated[str, Query(max_length=40)]
_BESIDE_NAMES = 8


@router.get("")
def get_coverage(request: Request, context: Context, actor: CurrentActor, agency: Agency = "", as_of: AsOf = "") -> Response:
    """Show the rate of an agency on a day, how it stands with its targets, those of the agencies below, and who is missing a recorder."""
    moment = parse_as_of(as_of or None, context.clock.now())
    measured = measure_coverage(context, actor=actor, agency_code=agency or None, as_of=moment)
    outlook = read_outlook(context, measured, actor=actor)
    return render(
        request,
        "coverage/coverage.html",
        actor=actor,
        measured=measured,
        outlook=outlook,
        forecast=forecast,
        picture=draw_trend(outlook.trend, outlook.targets, outlook.band),
        received=newest_received(context, actor=actor, day=measured.at.day, codes=[place.code for place, _ in measured.parts]),
        newly_certified_days=context.settings.newly_certified_days,
        as_of=as_of,
        show_rate=show_rate,
    )


@router.get("/beside")
def get_beside(request: Request, context: Context, actor: CurrentActor, agency: Agency = "", as_of: AsOf = "") -> Response:
    """Show what stands beside the rate: use, data quality, recorders outside the denominator, and spares; few of each as a part of another page."""
    moment = parse_as_of(as_of or None, context.clock.now())
    most = {"most": _BESIDE_NAMES} if is_fragment_wanted(request) else {}
    companions = list_companions(context, actor=actor, agency_code=agency or None, as_of=moment, **most)
    return render(request, "coverage/beside.html", actor=actor, companions=companions, agency_code=agency, as_of=as_of)


def show_rate(rate: Figure) -> str | None:
    """A rate in percent; ``None`` when nobody counts."""
    return format_rate(rate.numerator, rate.denominator) if rate.denominator else None
