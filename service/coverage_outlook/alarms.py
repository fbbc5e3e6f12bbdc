"""What somebody has to look after: rules from facts to alarms. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from evidence_store.alarm_facts import GapRow, HolderRow, UndockedRow
from service.coverage_outlook.targets import Tally, Target, needed_for, path_share


class AlarmKind(StrEnum):
    """What is wrong."""

    HELD_WITHOUT_CERTIFICATE = "held_without_certificate"
    NOT_DOCKED = "not_docked"
    WITHOUT_RECORDER = "without_recorder"
    BELOW_PATH = "below_path"


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something to look after.

    Attributes:
        subject: What it is about, for instance ``officer:100234``; of one kind and subject there is one alarm at a time.
        since: First day on which it was so.
        details: Further facts by name; no names of people.
    """

    kind: AlarmKind
    subject: str
    agency_id: UUID
    since: date
    details: Mapping[str, Any] = field(default_factory=dict)


def recover_recorders(holders: Iterable[HolderRow]) -> list[Alarm]:
    """Recorders to be recovered from those whose certificate was suspended, withdrawn or cancelled."""
    return [
        Alarm(
            AlarmKind.HELD_WITHOUT_CERTIFICATE,
            f"officer:{row.code}",
            row.agency_id,
            row.since,
            {"state": row.state, "recorders": list(row.serials)},
        )
        for row in holders
    ]


def find_undocked(rows: Iterable[UndockedRow], *, today: date, days: int) -> list[Alarm]:
    """Recorders that were not seen for so many days; one that was handed over later than it was seen is waited for from then."""
    found = []
    for row in rows:
        waited_from = row.begun if row.last_used is None else max(row.begun, row.last_used)
        since = waited_from + timedelta(days=days)
        if since <= today:
            details = {"officer": row.officer, "last_seen": row.last_used.isoformat() if row.last_used else None}
            found.append(Alarm(AlarmKind.NOT_DOCKED, f"recorder:{row.serial}", row.agency_id, since, details))
    return found


def find_waiting(rows: Iterable[GapRow], *, today: date, days: int) -> list[Alarm]:
    """Officers on duty who have had no recorder that counts for so many days."""
    return [
        Alarm(
            AlarmKind.WITHOUT_RECORDER,
            f"officer:{row.code}",
            row.agency_id,
            row.since + timedelta(days=days),
            {"without_since": row.since.isoformat(), "certified_since": row.certified_since.isoformat()},
        )
        for row in rows
        if row.since + timedelta(days=days) <= today
    ]


@dataclass(frozen=True, slots=True)
class AgencyOnPath:
    """An agency with its figure of the day and the targets it follows."""

    agency_id: UUID
    code: str
    tally: Tally
    targets: tuple[Target, ...]


def find_below_path(agencies: Iterable[AgencyOnPath], *, today: date) -> list[Alarm]:
    """Agencies below the straight line between the targets before and after the day, or below the last target after it."""
    found = []
    for one in agencies:
        share = path_share(one.targets, today)
        if share is None or not one.tally.denominator:
            continue
        needed = needed_for(share, one.tally.denominator)
        if one.tally.numerator < needed:
            details = {"numerator": one.tally.numerator, "denominator": one.tally.denominator, "needed": needed}
            found.append(Alarm(AlarmKind.BELOW_PATH, f"agency:{one.code}", one.agency_id, today, details))
    return found
