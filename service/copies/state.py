"""How far the second store is behind, and what is gone: figures for health page, metrics and command line."""

from dataclasses import dataclass
from datetime import datetime

from service.context import ServiceContext


@dataclass(frozen=True, slots=True)
class CopiesState:
    """Figures about copies.

    Attributes:
        place: The second store; ``None`` where there is none.
        behind: Objects whose present version has no copy yet.
        oldest_missing_at: Since when the oldest of them waits, UTC; ``None`` when none does.
        lost: Versions that one of the stores no longer gives, by store.
    """

    place: str | None
    behind: int
    oldest_missing_at: datetime | None
    lost: dict[str, int]


def read_copies(context: ServiceContext) -> CopiesState:
    """Count; raises ``StoreUnavailableError`` when the database is away."""
    if context.second_objects is None:
        return CopiesState(None, 0, None, {})
    place = context.second_objects.description
    with context.unit_of_work() as work:
        behind, oldest = work.copies.behind(place)
        return CopiesState(place, behind, oldest, work.copies.count_open_losses())
