"""What runs of comparison found, and proposals to remove leftovers."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from evidence_store.models import Finding, FixityRun, ReconcileRun, RemovalProposal

_RUN_LOCK = 0x7265636F  # "reco": one run at a time


class Findings:
    """Findings, open and resolved."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def try_lock(self) -> bool:
        """Become the one run until the transaction ends; false when there is one already."""
        return bool(self._session.execute(select(func.pg_try_advisory_xact_lock(_RUN_LOCK))).scalar_one())

    def keep(self, rows: Sequence[Mapping[str, Any]], *, at: datetime) -> list[UUID]:
        """Keep what was found; what is open already is seen once more.

        Args:
            rows: ``id``, ``kind``, ``subject``, ``clip_id``, ``severity`` and ``details`` of each; the id counts only for a new one.
            at: When it was found, UTC.

        Returns:
            Ids of those that are new.
        """
        if not rows:
            return []
        statement = insert(Finding).values([{**row, "first_seen": at, "last_seen": at} for row in rows])
        changed = {"last_seen": statement.excluded.last_seen, "details": statement.excluded.details, "severity": statement.excluded.severity}
        statement = statement.on_conflict_do_update(
            index_elements=[Finding.kind, Finding.subject], index_where=Finding.resolved_at.is_(None), set_=changed
        )
        wanted = {row["id"] for row in rows}
        return [found for found in self._session.scalars(statement.returning(Finding.id)) if found in wanted]

    def resolve(self, kind: str, subject: str, *, at: datetime) -> None:
        """Close the open finding about something, if there is one."""
        which = (Finding.kind == kind, Finding.subject == subject, Finding.resolved_at.is_(None))
        self._session.execute(update(Finding).where(*which).values(resolved_at=at))

    def resolve_unseen(self, kinds: Collection[str], *, since: datetime, at: datetime) -> int:
        """Close the open findings of some kinds that nobody has seen since a time; returns how many."""
        change = update(Finding).where(Finding.kind.in_(kinds), Finding.resolved_at.is_(None), Finding.last_seen < since).values(resolved_at=at)
        return len(list(self._session.scalars(change.returning(Finding.id))))

    def count_open(self) -> dict[tuple[str, str], int]:
        """Count open findings by severity and kind."""
        query = select(Finding.severity, Finding.kind, func.count()).where(Finding.resolved_at.is_(None)).group_by(Finding.severity, Finding.kind)
        return {(row[0], row[1]): row[2] for row in self._session.execute(query)}

    def newest(self, *, limit: int, is_open: bool | None = None, kind: str | None = None) -> list[Finding]:
        """List findings, those seen last first."""
        query = select(Finding).order_by(Finding.last_seen.desc(), Finding.id.desc()).limit(limit)
        if is_open is not None:
            query = query.where(Finding.resolved_at.is_(None) if is_open else Finding.resolved_at.is_not(None))
        if kind is not None:
            query = query.where(Finding.kind == kind)
        return list(self._session.scalars(query))

    def named(self, finding_ids: Collection[UUID]) -> list[Finding]:
        """Find findings by their ids, the worst first."""
        query = select(Finding).where(Finding.id.in_(finding_ids)).order_by(Finding.severity, Finding.kind, Finding.subject)
        return list(self._session.scalars(query))

    def lock(self, finding_id: UUID) -> Finding | None:
        """Find a finding and hold its row until the transaction ends."""
        return self._session.scalars(select(Finding).where(Finding.id == finding_id).with_for_update()).one_or_none()

    def add_run(self, run: ReconcileRun) -> None:
        """Keep a run of comparison."""
        self._session.add(run)

    def newest_run(self) -> ReconcileRun | None:
        """The run of comparison that ended last."""
        return self._session.scalars(select(ReconcileRun).order_by(ReconcileRun.finished_at.desc()).limit(1)).first()

    def newest_fixity_run(self) -> FixityRun | None:
        """The stretch of re-reading that ended last."""
        return self._session.scalars(select(FixityRun).order_by(FixityRun.finished_at.desc()).limit(1)).first()

    def add_proposal(self, proposal: RemovalProposal) -> None:
        """Keep a proposal."""
        self._session.add(proposal)
        self._session.flush()

    def proposal_of(self, finding_id: UUID) -> RemovalProposal | None:
        """The proposal to remove what a finding is about, unless it was carried out; its row is held."""
        query = select(RemovalProposal).where(RemovalProposal.finding_id == finding_id, RemovalProposal.removed_at.is_(None))
        return self._session.scalars(query.with_for_update()).one_or_none()

    def proposals(self, finding_ids: Collection[UUID]) -> dict[UUID, RemovalProposal]:
        """Proposals by finding, the newest of each."""
        query = select(RemovalProposal).where(RemovalProposal.finding_id.in_(finding_ids)).order_by(RemovalProposal.proposed_at)
        return {proposal.finding_id: proposal for proposal in self._session.scalars(query)}
