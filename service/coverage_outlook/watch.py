"""Looks every day, and after every change of the roster, for what somebody has to look after.

Alarms that are new are opened, those that are over end, and what webhooks are to be told of both is written down in the same transaction.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from evidence_store.coverage_facts import FactsAt
from evidence_store.models import Agency, CoverageAlarm
from evidence_store.unit_of_work import UnitOfWork
from integrity.canonical import canonical_bytes
from integrity.plain import spell_instant
from service.context import ServiceContext
from service.coverage.measure import day_of, known_now, tree_at
from service.coverage.rate import Figure, figures_by_agency, new_after
from service.coverage_outlook.alarms import AgencyOnPath, Alarm, find_below_path, find_undocked, find_waiting, recover_recorders
from service.coverage_outlook.outlook import targets_by_agency, targets_in_tree
from service.coverage_outlook.targets import Tally
from service.elsewhere import WebhookElsewhere
from service.jobs import job

BODY_FORMAT = "bodycam-alarm/1"
"""docs/formats/webhook.md."""


@job("coverage.watch")
def watch_coverage(context: ServiceContext) -> None:
    """Open the alarms that are new, and end those that are over."""
    with context.unit_of_work() as work:
        work.alarms.lock()
        now = context.clock.now()
        at = FactsAt(day_of(now), known_now(context, work))
        found = {(str(alarm.kind), alarm.subject): alarm for alarm in _find(context, work, at)}
        standing = {(alarm.kind, alarm.subject): alarm for alarm in work.alarms.open()}
        # What is elsewhere now, or otherwise, ends and is opened anew.
        over = [alarm for key, alarm in standing.items() if key not in found or not _is_same(alarm, found[key])]
        fresh = [alarm for key, alarm in found.items() if key not in standing or not _is_same(standing[key], alarm)]
        work.alarms.end([alarm.id for alarm in over], at=now)
        work.alarms.see(now)
        opened = [_opened(context, alarm, now) for alarm in fresh]
        agencies = work.agencies.named({alarm.agency_id for alarm in (*over, *opened)})
        told = [*_tellings(context, over, agencies, "ended", now=now), *_tellings(context, opened, agencies, "opened", now=now)]
        work.alarms.add([_row(alarm) for alarm in opened], told)


def _find(context: ServiceContext, work: UnitOfWork, at: FactsAt) -> Iterator[Alarm]:
    settings = context.settings
    yield from recover_recorders(work.alarms.holders(at))
    seen_until = at.day - timedelta(days=settings.undocked_days)
    yield from find_undocked(work.alarms.undocked(at, seen_until=seen_until), today=at.day, days=settings.undocked_days)
    yield from find_waiting(work.alarms.gaps(at), today=at.day, days=settings.newly_certified_days)
    yield from find_below_path(_agencies_on_path(work, at), today=at.day)


def _agencies_on_path(work: UnitOfWork, at: FactsAt) -> list[AgencyOnPath]:
    own = figures_by_agency(work.coverage.groups(at, new_after=new_after(at.day)))
    tree, targets = tree_at(work, at, serving=own.keys()), targets_by_agency(work)
    totals: dict[UUID, Figure] = tree.add_up(own)
    return [
        AgencyOnPath(
            place.agency_id,
            place.code,
            Tally(totals[place.agency_id].numerator, totals[place.agency_id].denominator),
            targets_in_tree(targets, tree, place.agency_id),
        )
        for place in tree.nodes()
        if place.is_open
    ]


def _is_same(standing: CoverageAlarm, found: Alarm) -> bool:
    """Whether an alarm stands for what was found; figures of an agency below its path may differ from day to day."""
    return standing.agency_id == found.agency_id and (
        standing.kind == "below_path" or (standing.since == found.since and standing.details == dict(found.details))
    )


def _opened(context: ServiceContext, alarm: Alarm, now: datetime) -> CoverageAlarm:
    return CoverageAlarm(
        id=context.new_id(),
        kind=str(alarm.kind),
        subject=alarm.subject,
        agency_id=alarm.agency_id,
        since=alarm.since,
        details=dict(alarm.details),
        first_seen=now,
        last_seen=now,
        ended_at=None,
    )


def _row(alarm: CoverageAlarm) -> dict[str, Any]:
    return {column.key: getattr(alarm, column.key) for column in CoverageAlarm.__table__.columns}


@dataclass(frozen=True, slots=True)
class _Telling:
    """What one webhook is to be told of one alarm."""

    alarm: CoverageAlarm
    agency: Agency
    what: str


def _tellings(
    context: ServiceContext, alarms: Iterable[CoverageAlarm], agencies: dict[UUID, Agency], what: str, *, now: datetime
) -> Iterator[dict[str, Any]]:
    for alarm in alarms:
        for webhook in context.settings.webhooks:
            if _wants(webhook, alarm.kind):
                delivery_id = context.new_id()
                body = _body(delivery_id, _Telling(alarm, agencies[alarm.agency_id], what), now)
                row = {"id": delivery_id, "alarm_id": alarm.id, "what": what, "webhook": webhook.name, "body": body}
                yield {**row, "made_at": now, "attempts": 0, "next_try_at": now}


def _wants(webhook: WebhookElsewhere, kind: str) -> bool:
    return webhook.kinds is None or kind in webhook.kinds


def _body(delivery_id: UUID, telling: _Telling, now: datetime) -> str:
    alarm = telling.alarm
    told = {
        "id": str(alarm.id),
        "kind": alarm.kind,
        "subject": alarm.subject,
        "agency": telling.agency.code,
        "agency_name": telling.agency.name,
        "since": alarm.since.isoformat(),
        "first_seen": spell_instant(alarm.first_seen),
        "ended_at": spell_instant(now) if telling.what == "ended" else None,
        "details": alarm.details,
    }
    return canonical_bytes({"format": BODY_FORMAT, "delivery": str(delivery_id), "what": telling.what, "alarm": told}).decode()
