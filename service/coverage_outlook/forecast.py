"""When an agency will have reached its target: first from the recorders that are on their way, then from what the last weeks were like. Pure.

The pipeline is deterministic: each recorder that was ordered, delivered, or is in service and nobody's, reaches an officer after the median time that
recorders of the same agency took before. The band is a bootstrap: the net gains of the last weeks are drawn again and again, with replacement, until
they make up what is missing; a tenth of the draws are earlier than the early date, half are earlier than the expected one, a tenth later than the
late one. The draws depend on agency and day alone, so that a figure stays the same when it is asked for again.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from integrity.hashing import sha256

METHOD = "bodycam-forecast/1"
"""Version of these rules; printed beside every forecast."""
WEEKS = 8
"""So many weekly net gains are drawn from."""
FEWEST_WEEKS = 4
"""From fewer no band is drawn."""
DRAWS = 1_000
LONGEST_WEEKS = 104
_EARLY, _EXPECTED, _LATE = (DRAWS // 10, DRAWS // 2, DRAWS * 9 // 10)


class WaitingState(StrEnum):
    """Where a recorder is on its way to an officer; the last is in service and nobody's."""

    ORDERED = "ordered"
    DELIVERED = "delivered"
    UNASSIGNED = "in_service"


@dataclass(frozen=True, slots=True)
class Waiting:
    """So many recorders that nobody has, in one state since one day."""

    state: WaitingState
    since: date
    count: int


@dataclass(frozen=True, slots=True)
class LeadTimes:
    """Median days that this agency's recorders took; ``None`` where none ever took that step."""

    ordered_to_delivered: int | None = None
    delivered_to_assigned: int | None = None


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What is on its way.

    Attributes:
        waiting: How many recorders wait in each state.
        lead: What the dates are reckoned with.
        arrivals: How many are expected to be handed over on which day, by day; those that are overdue count today.
        undated: How many have no date, because no lead time was ever observed.
        closes: How many of the officers still missing they equip.
        reached_on: The day on which they make up all that is missing; ``None`` when they are too few.
    """

    waiting: dict[WaitingState, int]
    lead: LeadTimes
    arrivals: tuple[tuple[date, int], ...]
    undated: int
    closes: int
    reached_on: date | None


@dataclass(frozen=True, slots=True)
class Band:
    """Dates by which the target would be reached if the weeks to come are like the last ones; ``None`` is not within two years.

    Attributes:
        gains: The weekly net gains that were drawn from, oldest first.
    """

    gains: tuple[int, ...]
    early: date | None
    expected: date | None
    late: date | None


def follow_pipeline(waiting: Iterable[Waiting], lead: LeadTimes, *, short: int, today: date) -> Pipeline:
    """Reckon when the recorders that nobody has will be handed over.

    Args:
        waiting: Those recorders.
        lead: How long each step took before.
        short: Officers still missing for the target.
        today: Nothing is handed over before this day.
    """
    counts = dict.fromkeys(WaitingState, 0)
    by_day: dict[date, int] = {}
    undated = 0
    for some in waiting:
        counts[some.state] += some.count
        days = _days_to_officer(some.state, lead)
        if days is None:
            undated += some.count
        else:
            day = max(today, some.since + timedelta(days=days))
            by_day[day] = by_day.get(day, 0) + some.count
    arrivals = tuple(sorted(by_day.items()))
    return Pipeline(counts, lead, arrivals, undated, min(short, sum(counts.values())), _day_of_last(arrivals, short))


def draw_band(gains: Sequence[int], *, short: int, today: date, seed: str) -> Band | None:
    """Draw the dates of reaching the target.

    Args:
        gains: Weekly net gains, oldest first: by how many the officers missing for the target became fewer.
        short: Officers still missing for it.
        today: The day that weeks are counted from.
        seed: What the draws depend on, for instance agency and day.

    Returns:
        The band; ``None`` when nobody is missing, or fewer than four weeks are known.
    """
    if short <= 0 or len(gains) < FEWEST_WEEKS:
        return None
    if sum(gains) <= 0:
        return Band(tuple(gains), None, None, None)
    draw = random.Random(int.from_bytes(sha256(seed.encode()), "big"))  # noqa: S311 - the same again on the same day
    weeks = sorted(_weeks_until(short, gains, draw) for _ in range(DRAWS))
    early, expected, late = (_after(today, weeks[place]) for place in (_EARLY, _EXPECTED, _LATE))
    return Band(tuple(gains), early, expected, late)


def _days_to_officer(state: WaitingState, lead: LeadTimes) -> int | None:
    if state is not WaitingState.ORDERED:
        return lead.delivered_to_assigned
    if lead.ordered_to_delivered is None or lead.delivered_to_assigned is None:
        return None
    return lead.ordered_to_delivered + lead.delivered_to_assigned


def _day_of_last(arrivals: Iterable[tuple[date, int]], short: int) -> date | None:
    """The day on which so many have been handed over."""
    if short <= 0:
        return None
    for day, count in arrivals:
        short -= count
        if short <= 0:
            return day
    return None


def _weeks_until(short: int, gains: Sequence[int], draw: random.Random) -> int:
    """Weeks until drawn gains make up what is missing; one more than the longest that is followed when they do not."""
    left = short
    for week in range(1, LONGEST_WEEKS + 1):
        left -= draw.choice(gains)
        if left <= 0:
            return week
    return LONGEST_WEEKS + 1


def _after(today: date, weeks: int) -> date | None:
    return None if weeks > LONGEST_WEEKS else today + timedelta(weeks=weeks)
