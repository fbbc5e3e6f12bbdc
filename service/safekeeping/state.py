"""How safekeeping stands, for the health page and monitoring."""

from dataclasses import dataclass
from datetime import datetime

from evidence_store.models import FixityRun, ReconcileRun
from service.context import ServiceContext
from service.safekeeping.fixity_plan import LONGEST_UNREAD


@dataclass(frozen=True, slots=True)
class SafekeepingState:
    """What the last runs found.

    Attributes:
        open_findings: Open findings by severity and kind.
        compared: The run of comparison that ended last.
        reread: The stretch of re-reading that ended last.
        oldest_read_at: When the clip that is unread longest was read, UTC; ``None`` while there is none.
        overdue: Clips that nobody has read for longer than 90 days.
    """

    open_findings: dict[tuple[str, str], int]
    compared: ReconcileRun | None
    reread: FixityRun | None
    oldest_read_at: datetime | None
    overdue: int

    def count(self, severity: str) -> int:
        """Open findings of a severity."""
        return sum(count for (known, _), count in self.open_findings.items() if known == severity)


def read_safekeeping(context: ServiceContext) -> SafekeepingState:
    """Look at what the last runs found; raises ``StoreUnavailableError`` when the database is away."""
    now = context.clock.now()
    with context.unit_of_work() as work:
        return SafekeepingState(
            open_findings=work.findings.count_open(),
            compared=work.findings.newest_run(),
            reread=work.findings.newest_fixity_run(),
            oldest_read_at=work.fixity.oldest_read_at(),
            overdue=work.fixity.count_due(now - LONGEST_UNREAD),
        )
