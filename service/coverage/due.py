"""Which figures are due to be frozen, and what a day is to those who report it. Pure."""

from collections.abc import Collection
from datetime import date, timedelta

from evidence_store.models.coverage import SnapshotKind

DEADLINES = frozenset({date(2024, 12, 31), date(2025, 12, 31), date(2026, 12, 31)})
"""Ends of the years the plan measures by; the last is the day by which everybody is to have one."""
LONGEST_CATCH_UP_DAYS = 400
"""A service that was away longer freezes the ends of months before that."""


def kind_of(day: date) -> SnapshotKind:
    """What a day is: a deadline, the end of a month, or any other."""
    if day in DEADLINES:
        return SnapshotKind.DEADLINE
    return SnapshotKind.MONTHLY if (day + timedelta(days=1)).day == 1 else SnapshotKind.DAILY


def days_due(*, first: date, today: date, frozen: Collection[date]) -> list[date]:
    """The days that are over and not frozen, oldest first.

    Args:
        first: The first day that anything is known of.
        today: The day under way, which is not over.
        frozen: Days whose first edition is there.
    """
    oldest = today - timedelta(days=LONGEST_CATCH_UP_DAYS)
    days = (first + timedelta(days=number) for number in range((today - first).days))
    return [day for day in days if day not in frozen and (day >= oldest or kind_of(day) is not SnapshotKind.DAILY)]


def closing_day(day: date, *, closing_days: int) -> date | None:
    """The day at whose end late paperwork (补录) of a day is closed; ``None`` for days nobody reports."""
    return None if kind_of(day) is SnapshotKind.DAILY else day + timedelta(days=closing_days)
