"""The whole custody log is checked against what was signed, row by row and column by column, and against its copy in the store."""

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass

from evidence_store.models import LogAuditRun
from evidence_store.unit_of_work import UnitOfWork
from integrity.checkpoint import open_checkpoint
from integrity.errors import IntegrityError
from service.context import ServiceContext
from service.custody.audit_chains import audit_chains, audit_clips
from service.custody.audit_export import audit_export
from service.custody.audit_tree import RootAt, audit_tree
from service.custody.audit_vouchers import TrustedKeys, Vouchers, audit_keys, newest_signed
from service.custody.log_fault import LogFault, Name
from service.errors import UnacceptableValueError
from service.jobs import job

MOST_KEPT = 100
"""Faults that are kept with a run; all are counted, and all are told to whoever asked."""
_LARGEST = 2**62
_LOG = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]
"""Takes a part of the audit (``leaves``, ``events``), how many of it are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class LogAudit:
    """What was looked at, and how many faults were named."""

    events: int
    leaves: int
    checkpoints: int
    stretches: int
    faults: int


@dataclass(slots=True)
class _Found:
    """Passes faults on, counts them, and keeps the first."""

    tell: Name
    first: list[LogFault]
    count: int = 0

    def __call__(self, fault: LogFault) -> None:
        self.count += 1
        if len(self.first) < MOST_KEPT:
            self.first.append(fault)
        self.tell(fault)


@job("log.audit")
def audit_log_daily(context: ServiceContext) -> None:
    """Audit the log and keep what was found."""
    audit_log(context, lambda fault: _LOG.error("the custody log is not what was signed", extra={"fault": str(fault)}))


def audit_log(context: ServiceContext, tell: Name, *, checkpoint: str | None = None, progress: Progress = lambda *_: None) -> LogAudit:
    """Recompute everything the log's database says from the exact bytes of its events, and name every row that is not what was signed.

    The database is read as one snapshot and nothing in it is changed but for the result of the audit itself.

    Args:
        context: What the service needs; its log key is the one that is trusted.
        tell: Takes each fault the moment it is found.
        checkpoint: A signed checkpoint that somebody kept elsewhere; the log must still contain what it covers.
        progress: Takes how far it is.

    Raises:
        UnacceptableValueError: That checkpoint is damaged, or this log's keys did not sign it.
        StoreUnavailableError: Database or store are away; nothing was kept.
    """
    found = _Found(tell, [])
    with context.unit_of_work() as work:
        work.log_audits.freeze()
        audit = _audit(context, work, found, checkpoint, progress)
    run = LogAuditRun(id=context.new_id(), finished_at=context.clock.now(), events=audit.events, faults=audit.faults)
    run.first_faults = [asdict(fault) for fault in found.first]
    with context.unit_of_work() as work:
        work.log_audits.add_run(run)
    return audit


def _audit(context: ServiceContext, work: UnitOfWork, found: _Found, kept_note: str | None, progress: Progress) -> LogAudit:
    keys = audit_keys(context, work, found)
    kept = _open_kept(keys, kept_note)
    newest = newest_signed(work, keys)
    size = newest.size if newest else 0
    vouchers = Vouchers(context, work, keys, found)

    def visit(first: int, last: int, root_at: RootAt) -> None:
        vouchers.audit(first, last, root_at)
        if kept is not None and first < kept[0] <= last and root_at(kept[0]) != kept[1]:
            found(
                LogFault("checkpoint", f"size={kept[0]}", None, "the log has another root there than the checkpoint that was given: it was rewritten")
            )
        progress("leaves", last, size)

    audit_tree(work, size, found, visit=visit)
    vouchers.audit(size, _LARGEST, None)
    if kept is not None and kept[0] > size:
        found(LogFault("checkpoint", f"size={kept[0]}", None, f"the log ends at {size}, before the checkpoint that was given: it was rolled back"))
    total = work.log_audits.count_events()
    events = audit_chains(work, found, progress=lambda done: progress("events", done, total))
    audit_clips(work, found)
    stretches = audit_export(context, work, found)
    return LogAudit(events, size, vouchers.count, stretches, found.count)


def _open_kept(keys: TrustedKeys, note: str | None) -> tuple[int, bytes] | None:
    if note is None:
        return None
    try:
        checkpoint = open_checkpoint(note, [key for key, _ in keys.keys]).checkpoint
    except IntegrityError as error:
        raise UnacceptableValueError("checkpoint", str(error)) from error
    return checkpoint.size, checkpoint.root
