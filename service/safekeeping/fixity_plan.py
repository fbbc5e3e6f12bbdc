"""How much is re-read in a day. Pure."""

from dataclasses import dataclass
from datetime import timedelta
from math import ceil

LONGEST_UNREAD = timedelta(days=90)
"""Every clip is read in full at least this often."""
LEAST_PERCENT = 1.0
"""Of all clips in a day, at least: with this alone a round takes 100 days, so that the longest unread time asks for a little more."""


@dataclass(frozen=True, slots=True)
class FixityPlan:
    """What is still to be read today.

    Attributes:
        clips: How many.
        size_bytes: How many bytes at most; what is over it waits for the next day.
        is_untouched: Nothing was read today yet; then one clip is, however long.
    """

    clips: int
    size_bytes: int
    is_untouched: bool


def plan_fixity(*, kept: int, read_today: int, bytes_today: int, percent: float, budget_bytes: int) -> FixityPlan:
    """Decide how much is still to be read today.

    Args:
        kept: Clips that are to be read again and again.
        read_today: Clips that were read today.
        bytes_today: Bytes that were.
        percent: Share of the clips for a day; at least 1 %, and at least what a round within 90 days needs.
        budget_bytes: Most bytes for a day.
    """
    a_round = 100 / LONGEST_UNREAD.days
    share = max(percent, LEAST_PERCENT, a_round)
    return FixityPlan(max(0, ceil(kept * min(share, 100) / 100) - read_today), max(0, budget_bytes - bytes_today), is_untouched=read_today == 0)
