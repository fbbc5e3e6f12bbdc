"""Rows on their way into a database that is made again, and the account of it."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from evidence_store.models import Base
from evidence_store.unit_of_work import UnitOfWork

AT_ONCE = 500
Report = Callable[[str], None]
ToldRow = tuple[type[Base], dict[str, Any]]
"""A row that a chain tells: its table, and its columns by name."""


@dataclass(slots=True)
class RebuildResult:
    """What was made again.

    Attributes:
        log_size: Leaves of the log that were proved and taken over.
        rows: Rows that were written, by table.
        recovered: Clips that only their manifests told of, because the exported log ended before them; they are read back once more.
        rejected: What was left out, by key and version or by subject, and why.
    """

    log_size: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    recovered: list[UUID] = field(default_factory=list)
    rejected: list[tuple[str, str]] = field(default_factory=list)

    def reject(self, place: str, reason: str) -> None:
        """Note that something was left out."""
        self.rejected.append((place, reason))


@dataclass(frozen=True, slots=True)
class Rebuild:
    """One rebuild under way: its transaction, its account, and whom to tell."""

    work: UnitOfWork
    result: RebuildResult
    report: Report

    def write(self, told: Iterable[ToldRow]) -> None:
        """Write rows in the order given, neighbours of one table together."""
        pending: list[ToldRow] = []
        for row in told:
            if pending and (pending[0][0] is not row[0] or len(pending) == AT_ONCE):
                self._flush(pending)
                pending = []
            pending.append(row)
        self._flush(pending)

    def chains(self, kind: str) -> Iterator[tuple[UUID, list[bytes]]]:
        """Give every chain of a kind of subject, by the subject's id."""
        after: UUID | None = None
        while ids := self.work.reconciliation.subjects(kind, after, limit=AT_ONCE):
            after = ids[-1]
            chains = self.work.reconciliation.chains(kind, ids)
            yield from ((subject_id, chains[subject_id]) for subject_id in ids)

    def _flush(self, told: list[ToldRow]) -> None:
        if told:
            model = told[0][0]
            self.work.rebuilding.insert(model, [row for _, row in told])
            self.result.rows[model.__tablename__] += len(told)
