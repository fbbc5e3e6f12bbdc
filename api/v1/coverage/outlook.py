"""How agencies stand with their targets and will stand, the targets themselves, and what somebody has to look after."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.dependencies import Context, CurrentActor
from service.coverage.measure import measure_coverage, parse_as_of
from service.coverage_outlook import forecast
from service.coverage_outlook.alarms import AlarmKind
from service.coverage_outlook.list_alarms import AlarmRow, list_alarms
from service.coverage_outlook.list_targets import list_targets
from service.coverage_outlook.outlook import Outlook, read_outlook
from service.coverage_outlook.targets import Target
from service.coverage_outlook.trend import TrendPoint
from service.roster.set_target import set_target

router = APIRouter(prefix="/coverage", tags=["coverage"])
AgencyCode = Annotated[str | None, Query(max_length=64)]


class TargetItem(BaseModel):
    """What share is to be equipped by the end of a day, and the agency it was set for."""

    due_on: date
    share: Decimal
    set_for: str
    document_number: str


class TargetRequest(BaseModel):
    """A target to set; ``withdrawn`` takes back what was set for the day."""

    agency: str = Field(max_length=64)
    due_on: date
    share: Decimal
    document_number: str = Field(max_length=120)
    withdrawn: bool = False


class TargetsAnswer(BaseModel):
    """The targets an agency follows, by day."""

    agency_code: str
    targets: list[TargetItem]


class BandAnswer(BaseModel):
    """Dates of reaching the target if the weeks to come are like the last; null is not within two years."""

    gains: list[int]
    early: date | None
    expected: date | None
    late: date | None


class PipelineAnswer(BaseModel):
    """Recorders that nobody has, and what they close."""

    waiting: dict[str, int]
    ordered_to_delivered_days: int | None
    delivered_to_assigned_days: int | None
    closes: int
    reached_on: date | None


class PointItem(BaseModel):
    """The figure at the end of a day; without a snapshot it was made of the facts as known now."""

    day: date
    numerator: int
    denominator: int
    snapshot_id: UUID | None


class OutlookAnswer(BaseModel):
    """How an agency stands with the target that holds on a day, and what comes; ``verdict`` is explained in docs/coverage.md."""

    agency_code: str
    day: date
    is_future: bool
    verdict: str
    target: TargetItem | None
    needed: int
    short: int
    days_left: int | None
    days_late: int | None
    per_week: int | None
    pipeline: PipelineAnswer | None
    band: BandAnswer | None
    trend: list[PointItem]
    method: str


class AlarmItem(BaseModel):
    """Something to look after."""

    id: UUID
    kind: str
    subject: str
    agency_code: str
    agency: str
    since: date
    first_seen: datetime
    last_seen: datetime
    details: dict[str, Any]


class AlarmsAnswer(BaseModel):
    """How many alarms there are of each kind, and the first of those asked for."""

    counts: dict[str, int]
    alarms: list[AlarmItem]


@router.get("/outlook")
def get_outlook(
    context: Context, actor: CurrentActor, agency: AgencyCode = None, as_of: Annotated[str | None, Query(max_length=40)] = None
) -> OutlookAnswer:
    """Tell how an agency stands with its targets; the arguments are those of the rate."""
    moment = parse_as_of(as_of, context.clock.now())
    measured = measure_coverage(context, actor=actor, agency_code=agency, as_of=moment)
    outlook = read_outlook(context, measured, actor=actor)
    decision = outlook.decision
    return OutlookAnswer(
        agency_code=measured.agency.code,
        day=measured.at.day,
        is_future=measured.is_future,
        verdict=str(decision.verdict),
        target=None if decision.target is None else _target_item(decision.target),
        needed=decision.needed,
        short=decision.short,
        days_left=decision.days_left,
        days_late=decision.days_late,
        per_week=decision.per_week,
        pipeline=_pipeline_answer(outlook),
        band=None if outlook.band is None else BandAnswer.model_validate(outlook.band, from_attributes=True),
        trend=[_point_item(point) for point in outlook.trend],
        method=forecast.METHOD,
    )


@router.get("/targets")
def get_targets(context: Context, actor: CurrentActor, agency: AgencyCode = None) -> TargetsAnswer:
    """Tell which targets an agency follows."""
    listed = list_targets(context, actor=actor, agency_code=agency)
    return TargetsAnswer(agency_code=listed.agency.code, targets=[_target_item(target) for target in listed.followed])


@router.put("/targets")
def put_target(request: TargetRequest, context: Context, actor: CurrentActor) -> TargetsAnswer:
    """Set a target, or withdraw one; the one before is superseded, and the same again changes nothing."""
    set_target(
        context,
        agency_code=request.agency,
        due_on=request.due_on,
        share=request.share,
        document_number=request.document_number,
        withdrawn=request.withdrawn,
        actor=actor,
    )
    return get_targets(context, actor, request.agency)


@router.get("/alarms")
def get_alarms(context: Context, actor: CurrentActor, kind: AlarmKind | None = None, agency: AgencyCode = None) -> AlarmsAnswer:
    """List the alarms that are not over."""
    found = list_alarms(context, actor=actor, kind=kind, agency_code=agency)
    return AlarmsAnswer(counts={str(one): count for one, count in found.counts.items()}, alarms=[_alarm_item(row) for row in found.alarms])


def _target_item(target: Target) -> TargetItem:
    return TargetItem.model_validate(target, from_attributes=True)


def _pipeline_answer(outlook: Outlook) -> PipelineAnswer | None:
    pipeline = outlook.pipeline
    if pipeline is None:
        return None
    return PipelineAnswer(
        waiting={str(state): count for state, count in pipeline.waiting.items()},
        ordered_to_delivered_days=pipeline.lead.ordered_to_delivered,
        delivered_to_assigned_days=pipeline.lead.delivered_to_assigned,
        closes=pipeline.closes,
        reached_on=pipeline.reached_on,
    )


def _point_item(point: TrendPoint) -> PointItem:
    snapshot_id = None if point.snapshot is None else point.snapshot.id
    return PointItem(day=point.day, numerator=point.tally.numerator, denominator=point.tally.denominator, snapshot_id=snapshot_id)


def _alarm_item(row: AlarmRow) -> AlarmItem:
    alarm = row.alarm
    return AlarmItem(
        id=alarm.id,
        kind=alarm.kind,
        subject=alarm.subject,
        agency_code=row.agency.code,
        agency=row.agency.name,
        since=alarm.since,
        first_seen=alarm.first_seen,
        last_seen=alarm.last_seen,
        details=alarm.details,
    )
