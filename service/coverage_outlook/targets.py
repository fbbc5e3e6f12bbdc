"""Targets of coverage: which one holds for an agency on a day, how far it is from it, and what became of it after its day. Pure.

A target is a share of the officers who count, by the end of a day. An agency without one for a day follows the nearest agency above that has one.
After the last day there is, the last share is to be kept. Nobody is ever given a target that no one set.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from uuid import UUID

_WEEK_DAYS = 7


@dataclass(frozen=True, slots=True)
class Target:
    """What share is to be equipped by the end of a day.

    Attributes:
        due_on: The day, Asia/Shanghai.
        share: Over 0, at most 1.
        set_for: Code of the agency it was set for, which may lie above the one that follows it.
    """

    due_on: date
    share: Decimal
    set_for: str
    document_number: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """Officers who have a recorder that counts, of those who count."""

    numerator: int
    denominator: int


class Verdict(StrEnum):
    """How an agency stands with the target that holds."""

    NO_TARGET = "no_target"
    NOBODY = "nobody"
    ON_THE_WAY = "on_the_way"
    REACHED = "reached"
    REACHED_IN_TIME = "reached_in_time"
    REACHED_LATE = "reached_late"
    MISSED = "missed"
    FALLEN = "fallen"


@dataclass(frozen=True, slots=True)
class Decision:
    """How an agency stands on a day.

    Attributes:
        target: The one that holds; ``None`` when nobody set one.
        needed: Officers that must have a recorder for the share.
        short: Those of them who have none yet.
        days_left: Days until the target's day, 0 on the day itself; ``None`` when it is over.
        days_late: Days after the target's day until it was reached, or until now while it is not; ``None`` when that is not known.
        per_week: Officers to be equipped each week from the day on to be there in time, rounded up; ``None`` when the day is over.
    """

    verdict: Verdict
    target: Target | None = None
    needed: int = 0
    short: int = 0
    days_left: int | None = None
    days_late: int | None = 0
    per_week: int | None = None


def follow(targets: Mapping[UUID, Iterable[Target]], chain: Sequence[UUID]) -> tuple[Target, ...]:
    """The targets of an agency by day: its own, and for days without one those of the nearest above.

    Args:
        targets: By the agency they were set for.
        chain: Agencies from the top down to the one asked for, itself included.
    """
    by_day = {target.due_on: target for agency_id in chain for target in targets.get(agency_id, ())}
    return tuple(by_day[day] for day in sorted(by_day))


def in_force(targets: Sequence[Target], day: date) -> Target | None:
    """The target that holds on a day: the next that is due, and after the last the last."""
    return next((target for target in targets if target.due_on >= day), targets[-1] if targets else None)


def needed_for(share: Decimal, denominator: int) -> int:
    """How many officers make up a share, rounded up."""
    return int((share * denominator).to_integral_value(ROUND_CEILING))


def path_share(targets: Sequence[Target], day: date) -> Decimal | None:
    """The share on the straight line between the targets before and after a day; ``None`` before the first, the last share after the last."""
    before = [target for target in targets if target.due_on <= day]
    if not before:
        return None
    after = next((target for target in targets if target.due_on > day), None)
    if after is None:
        return before[-1].share
    days, gone = (after.due_on - before[-1].due_on).days, (day - before[-1].due_on).days
    return before[-1].share + (after.share - before[-1].share) * gone / days


def decide(targets: Sequence[Target], now: Tally, day: date, *, at_due: Tally | None = None, reached_on: date | None = None) -> Decision:
    """Decide how an agency stands on a day.

    Args:
        targets: From :func:`follow`.
        now: Its figure of the day.
        day: The day, Asia/Shanghai.
        at_due: Its figure at the end of the day of the target that holds, when that is over.
        reached_on: The first day after it on which the share was reached, as far as is known.
    """
    target = in_force(targets, day)
    if target is None:
        return Decision(Verdict.NO_TARGET)
    needed = needed_for(target.share, now.denominator)
    short = max(0, needed - now.numerator)
    days_left = (target.due_on - day).days
    if days_left >= 0:
        verdict = Verdict.ON_THE_WAY if short else Verdict.REACHED
        per_week = -(-short * _WEEK_DAYS // days_left) if days_left >= _WEEK_DAYS else short
        return Decision(verdict if now.denominator else Verdict.NOBODY, target, needed, short, days_left, per_week=per_week)
    if not now.denominator:
        return Decision(Verdict.NOBODY, target)
    was_in_time = at_due is not None and bool(at_due.denominator) and at_due.numerator >= needed_for(target.share, at_due.denominator)
    if short:
        return Decision(Verdict.FALLEN if was_in_time else Verdict.MISSED, target, needed, short, days_late=0 if was_in_time else -days_left)
    if was_in_time:
        return Decision(Verdict.REACHED_IN_TIME, target, needed)
    return Decision(Verdict.REACHED_LATE, target, needed, days_late=(reached_on - target.due_on).days if reached_on else None)
