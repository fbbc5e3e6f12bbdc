"""The coverage rate (配置率), as pure rules over facts of one day.

Denominator: officers who are front-line, on duty (在岗) and hold a valid certificate, once each, in their agency. Numerator: those of them with a
current exclusive assignment of a recorder that is in service. A rate over nobody is not applicable, never 100 %.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from evidence_store.coverage_facts import CountedGroup, Holding

METHOD = "bodycam-coverage/1"
"""Version of these rules; printed beside every figure."""
NEWLY_CERTIFIED_DAYS = 30


class GapReason(StrEnum):
    """Why an officer of the denominator is not in the numerator."""

    NO_RECORDER = "no_recorder"
    IN_REPAIR = "in_repair"
    LOST = "lost"
    NOT_IN_SERVICE = "not_in_service"
    ONLY_POOL = "only_pool"
    NEWLY_CERTIFIED = "newly_certified"


@dataclass(frozen=True, slots=True)
class Figure:
    """What officers amount to, taken together.

    Attributes:
        numerator: Officers who count and have a recorder that counts.
        denominator: Officers who count.
        gap: Everyone else of the denominator, by reason.
        pool: Officers of the denominator who may take a recorder from a pool, whether or not they have one of their own; never part of the rate.
    """

    numerator: int = 0
    denominator: int = 0
    gap: Mapping[GapReason, int] = field(default_factory=dict)
    pool: int = 0

    @property
    def missing(self) -> int:
        """Officers without a recorder that counts."""
        return self.denominator - self.numerator

    @property
    def rate(self) -> float | None:
        """Numerator over denominator, unrounded; ``None`` when nobody counts."""
        return self.numerator / self.denominator if self.denominator else None

    def __add__(self, other: "Figure") -> "Figure":
        """Both together."""
        gap = Counter(self.gap) + Counter(other.gap)
        return Figure(self.numerator + other.numerator, self.denominator + other.denominator, dict(gap), self.pool + other.pool)


def new_after(day: date, *, days: int = NEWLY_CERTIFIED_DAYS) -> date:
    """The day after which a certificate began that is still new (新取证) on a day."""
    return day - timedelta(days=days)


def why_missing(holding: Holding, *, is_new: bool) -> GapReason | None:
    """Why an officer has no recorder that counts; ``None`` when they have one.

    Args:
        holding: What they have on the day.
        is_new: Whether their certificate is new.
    """
    if holding.in_service:
        return None
    for is_so, reason in (
        (holding.in_repair, GapReason.IN_REPAIR),
        (holding.lost, GapReason.LOST),
        (holding.otherwise, GapReason.NOT_IN_SERVICE),
        (holding.pool, GapReason.ONLY_POOL),
        (is_new, GapReason.NEWLY_CERTIFIED),
    ):
        if is_so:
            return reason
    return GapReason.NO_RECORDER


def figures_by_agency(groups: Iterable[CountedGroup]) -> dict[UUID, Figure]:
    """Add up what is told of groups of officers, for each agency alone."""
    figures: dict[UUID, Figure] = {}
    for group in groups:
        reason = why_missing(group.holding, is_new=group.is_new)
        gap = {} if reason is None else {reason: group.officers}
        one = Figure(0 if gap else group.officers, group.officers, gap, group.officers if group.holding.pool else 0)
        figures[group.agency_id] = figures.get(group.agency_id, Figure()) + one
    return figures
