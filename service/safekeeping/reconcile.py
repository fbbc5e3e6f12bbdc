"""Announced listings, database and store, compared three ways; what is wrong is named and kept until it is put right. Nothing is deleted."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from uuid import UUID

from evidence_store.models import Finding, ReconcileRun
from evidence_store.unit_of_work import UnitOfWork
from service.context import ServiceContext
from service.jobs import job
from service.safekeeping.compare_clips import ClipComparison
from service.safekeeping.compare_records import compare_cases, compare_sessions, find_rowless
from service.safekeeping.compare_store import find_lost_exports, find_markers, find_orphans, find_unfinished
from service.safekeeping.errors import RunUnderWayError
from service.safekeeping.findings import RECONCILED, Found, Severity, severity_of

_LISTED_AT_ONCE = 5_000
_KEPT_AT_ONCE = 500
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What a run found.

    Attributes:
        run: Its figures.
        new: Findings that were not open before.
    """

    run: ReconcileRun
    new: list[Finding]


@job("store.reconcile")
def reconcile_daily(context: ServiceContext) -> None:
    """Compare; another run under way is enough."""
    try:
        reconcile(context)
    except RunUnderWayError:
        _LOG.warning("a comparison is under way already")


def reconcile(context: ServiceContext, report: Callable[[str], None] = lambda _: None) -> Reconciliation:
    """Compare what docks announced, what the database holds and what the store holds; keep what is wrong.

    Args:
        context: What the service needs.
        report: Told how far it is.

    Raises:
        RunUnderWayError: Another run is not over.
        StoreUnavailableError: Database or store is away; what was found so far is kept, and nothing counts as put right.
    """
    with context.unit_of_work() as guard:
        if not guard.findings.try_lock():
            raise RunUnderWayError
        return _Run(context, report).carry_out()


class _Run:
    def __init__(self, context: ServiceContext, report: Callable[[str], None]) -> None:
        self._context = context
        self._report = report
        self._began_at: datetime = context.clock.now()
        self._new: list[UUID] = []
        self._clips = 0

    def carry_out(self) -> Reconciliation:
        objects = self._lay_down_listing()
        self._compare_clips()
        for name, compare in (("sessions", compare_sessions), ("cases", compare_cases)):
            self._compare_pages(name, compare)
        self._report("looking for what no record names")
        with self._context.unit_of_work() as work:
            work.reconciliation.freeze()
            self._keep(find_rowless(work))
            self._keep(find_orphans(self._context, work, began_at=self._began_at))
            self._keep(find_markers(work))
            self._keep(find_lost_exports(self._context, work))
        self._keep(find_unfinished(self._context, began_at=self._began_at))
        return self._conclude(objects)

    def _lay_down_listing(self) -> int:
        with self._context.unit_of_work() as work:
            work.reconciliation.clear_listing()
        listed = self._context.objects.list_all("")
        count = 0
        while piece := list(islice(listed, _LISTED_AT_ONCE)):
            with self._context.unit_of_work() as work:
                work.reconciliation.add_listing(piece)
            count += len(piece)
            self._report(f"listed {count} objects")
        return count

    def _compare_clips(self) -> None:
        after: UUID | None = None
        with ClipComparison(self._context, began_at=self._began_at) as comparison:
            while True:
                with self._context.unit_of_work() as work:
                    work.reconciliation.freeze()
                    page = comparison.read_page(work, after)
                if not page.rows:
                    return
                self._keep(comparison.compare(page))
                after = page.rows[-1]["id"]
                self._clips += len(page.rows)
                self._report(f"compared {self._clips} clips")

    def _compare_pages(self, name: str, compare: Callable[[UnitOfWork, UUID | None], tuple[list[Found], UUID | None]]) -> None:
        self._report(f"comparing {name}")
        after: UUID | None = None
        while True:
            with self._context.unit_of_work() as work:
                work.reconciliation.freeze()
                found, after = compare(work, after)
            if after is None:
                return
            self._keep(found)

    def _keep(self, found: Iterable[Found]) -> None:
        remaining = iter(found)
        while piece := list(islice(remaining, _KEPT_AT_ONCE)):
            self._new += keep_findings(self._context, piece)

    def _conclude(self, objects: int) -> Reconciliation:
        now = self._context.clock.now()
        with self._context.unit_of_work() as work:
            work.findings.resolve_unseen(RECONCILED, since=self._began_at, at=now)
            open_findings = sum(work.findings.count_open().values())
            run = ReconcileRun(id=self._context.new_id(), started_at=self._began_at, finished_at=now, clips=self._clips, objects=objects)
            run.new_findings, run.open_findings = len(self._new), open_findings
            work.findings.add_run(run)
            work.reconciliation.clear_listing()
            return Reconciliation(run, work.findings.named(self._new))


def keep_findings(context: ServiceContext, found: Iterable[Found]) -> list[UUID]:
    """Keep what was found; an alarm that is new is also logged as an error.

    Returns:
        Ids of those that were not open before.
    """
    by_place = {(one.kind, one.subject): one for one in found}
    rows = [
        {
            "id": context.new_id(),
            "kind": str(one.kind),
            "subject": one.subject,
            "clip_id": one.clip_id,
            "severity": str(severity_of(one.kind)),
            "details": one.details,
        }
        for one in by_place.values()
    ]
    with context.unit_of_work() as work:
        new = work.findings.keep(rows, at=context.clock.now())
    for row in rows:
        if row["id"] in new and row["severity"] != Severity.NOTICE:
            _LOG.error("not as the records say", extra={"kind": row["kind"], "subject": row["subject"]})
    return new
