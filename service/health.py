"""Whether the service can do its work, part by part, and figures about it, as values."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from evidence_store.actor import Actor
from evidence_store.errors import StoreError
from evidence_store.models import LockProbeRun, StoreRole
from evidence_store.object_store.store import ObjectStore
from service.access.permission import require
from service.access.policy import Action
from service.context import ServiceContext
from service.copies.state import read_copies
from service.coverage_outlook.webhooks import read_webhooks
from service.custody.ask_witnesses import read_witnesses
from service.custody.stamp_elsewhere import ALARM_AFTER, read_time_elsewhere
from service.ingest.release_clip import PROBE_IS_RECENT
from service.safekeeping.findings import FindingKind, Severity
from service.safekeeping.fixity_plan import LONGEST_UNREAD
from service.safekeeping.state import read_safekeeping

LOG_MAY_LAG = timedelta(minutes=5)
COPIES_MAY_LAG = timedelta(hours=1)
WEBHOOKS_MAY_LAG = timedelta(hours=1)
AUDIT_IS_RECENT = timedelta(hours=50)
"""Once a day; one that failed is no reason to get up."""


@dataclass(frozen=True, slots=True)
class PartHealth:
    """Whether one part works, and what is said about it."""

    name: str
    is_well: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Readiness:
    """Every part; the service is ready when all are well."""

    parts: tuple[PartHealth, ...]

    @property
    def is_ready(self) -> bool:
        """Whether all parts are well."""
        return all(part.is_well for part in self.parts)


def read_readiness(context: ServiceContext) -> Readiness:
    """Look at database, store, lock probe and log; a part that cannot be asked is not well."""
    return Readiness((*_database_parts(context), _store(context.objects, "store")))


@dataclass(frozen=True, slots=True)
class Health:
    """What an administrator looks at.

    Attributes:
        readiness: Parts without which the service cannot work.
        watched: What proves the evidence from elsewhere; the service works on without it, and somebody has to look.
        probe: Newest lock probe of this store, step by step; ``None`` when it was never probed.
    """

    readiness: Readiness
    watched: tuple[PartHealth, ...]
    probe: LockProbeRun | None


def read_health(context: ServiceContext, *, actor: Actor) -> Health:
    """Look at everything.

    Raises:
        NotPermittedError: This role may not.
        StoreUnavailableError: The database is away.
    """
    require(Action.READ_HEALTH, actor)
    with context.unit_of_work() as work:
        probe = work.lock_probes.latest(context.objects.description)
    watched = (
        *(_log_export(context), _log_audit(context), *_time_elsewhere(context), *_witnesses(context), *_copies(context)),
        *(*_safekeeping(context), *_webhooks(context)),
    )
    return Health(read_readiness(context), watched, probe)


def read_metrics(context: ServiceContext) -> dict[str, float]:
    """Figures for monitoring, by metric name; raises ``StoreUnavailableError`` when the database is away."""
    now = context.clock.now()
    with context.unit_of_work() as work:
        figures = {f'bodycam_clips{{state="{state}"}}': float(count) for state, count in work.clips.count_by_state().items()}
        newest = work.log.newest_checkpoint()
        figures |= {
            "bodycam_clips_quarantined": float(work.clips.count_quarantined()),
            "bodycam_log_pending_events": float(work.log.count_pending()),
            "bodycam_log_size": float(newest.size if newest else 0),
            "bodycam_log_checkpoint_age_seconds": (now - newest.signed_at).total_seconds() if newest else 0.0,
        }
        export = work.log.newest_export()
        audit = work.log_audits.newest_run()
        if audit is not None:
            figures["bodycam_log_audit_faults"] = float(audit.faults)
            figures["bodycam_log_audit_age_seconds"] = _age_s(audit.finished_at, now)
        figures["bodycam_log_exported_size"] = float(export.size if export else 0)
    copies = read_copies(context)
    if copies.place is not None:
        figures["bodycam_copies_behind"] = float(copies.behind)
        figures["bodycam_copies_oldest_missing_seconds"] = _age_s(copies.oldest_missing_at, now)
        figures |= {f'bodycam_copies_lost{{store="{store}"}}': float(copies.lost.get(store, 0)) for store in StoreRole}
    figures |= _safekeeping_figures(context)
    elsewhere = read_time_elsewhere(context)
    if elsewhere.is_wanted:
        figures["bodycam_log_unstamped_elsewhere_seconds"] = _age_s(elsewhere.oldest_unstamped_at, now)
    figures |= {f'bodycam_log_witness_behind{{witness="{one.name}"}}': float(one.behind) for one in read_witnesses(context)}
    return figures


def _database_parts(context: ServiceContext) -> tuple[PartHealth, ...]:
    now = context.clock.now()
    try:
        with context.unit_of_work() as work:
            probe = work.lock_probes.latest(context.objects.description)
            oldest = work.log.oldest_pending_at()
    except StoreError as error:
        unknown = "not known without the database"
        return PartHealth("database", is_well=False, detail=str(error)), PartHealth("lock", is_well=False, detail=unknown)
    lag = now - oldest if oldest else timedelta(0)
    if probe is None:
        lock = PartHealth("lock", is_well=False, detail="not probed yet")
    else:
        is_recent = now - probe.finished_at <= PROBE_IS_RECENT
        lock = PartHealth("lock", is_well=probe.is_passed and is_recent, detail=f"probed {probe.finished_at.isoformat(timespec='seconds')}")
    return (
        PartHealth("database", is_well=True, detail="answers"),
        lock,
        PartHealth("log", is_well=lag <= LOG_MAY_LAG, detail=f"oldest waiting event {int(lag.total_seconds())} s"),
    )


def _log_export(context: ServiceContext) -> PartHealth:
    with context.unit_of_work() as work:
        export = work.log.newest_export()
        waiting = work.log.oldest_checkpoint_after(export.size if export else 0)
    lag_s = _age_s(waiting.signed_at if waiting else None, context.clock.now())
    return PartHealth(
        "log_export", is_well=lag_s <= LOG_MAY_LAG.total_seconds(), detail=f"{export.size if export else 0} events, {lag_s:.0f} s behind"
    )


def _log_audit(context: ServiceContext) -> PartHealth:
    with context.unit_of_work() as work:
        run = work.log_audits.newest_run()
    if run is None:
        return PartHealth("log_audit", is_well=False, detail="never audited")
    is_recent = context.clock.now() - run.finished_at <= AUDIT_IS_RECENT
    detail = f"{run.events} events, {run.faults} faults, {run.finished_at.isoformat(timespec='seconds')}"
    for fault in run.first_faults[:1]:
        column = f".{fault['column']}" if fault["column"] else ""
        detail += f"; {fault['table']}{column} {fault['row']}: {fault['reason']}"
    return PartHealth("log_audit", is_well=is_recent and not run.faults, detail=detail)


def _time_elsewhere(context: ServiceContext) -> tuple[PartHealth, ...]:
    elsewhere = read_time_elsewhere(context)
    if not elsewhere.is_wanted:
        return ()
    age_s = _age_s(elsewhere.oldest_unstamped_at, context.clock.now())
    return (PartHealth("time_elsewhere", is_well=age_s <= ALARM_AFTER.total_seconds(), detail=f"oldest checkpoint without a token {age_s:.0f} s"),)


def _witnesses(context: ServiceContext) -> tuple[PartHealth, ...]:
    parts = []
    for state in read_witnesses(context):
        lag_s = _age_s(state.oldest_unsigned_at, context.clock.now())
        detail = f"{state.name}: signed {state.signed_size} events, {state.behind} behind for {lag_s:.0f} s"
        parts.append(PartHealth("witness", is_well=lag_s <= ALARM_AFTER.total_seconds(), detail=detail))
    return tuple(parts)


def _copies(context: ServiceContext) -> tuple[PartHealth, ...]:
    state = read_copies(context)
    second = context.second_objects
    if state.place is None or second is None:
        return ()
    now = context.clock.now()
    with context.unit_of_work() as work:
        probe = work.lock_probes.latest(state.place)
    is_proven = probe is not None and probe.is_passed and now - probe.finished_at <= PROBE_IS_RECENT
    probed = f"probed {probe.finished_at.isoformat(timespec='seconds')}" if probe else "not probed yet"
    age_s = _age_s(state.oldest_missing_at, now)
    lost = ", ".join(f"{count} gone from the {store}" for store, count in sorted(state.lost.items())) or "nothing gone"
    is_well = age_s <= COPIES_MAY_LAG.total_seconds() and not state.lost
    return (
        _store(second, "second_store"),
        PartHealth("second_lock", is_well=is_proven, detail=probed),
        PartHealth("copies", is_well=is_well, detail=f"{state.behind} behind for {age_s:.0f} s, {lost}"),
    )


def _safekeeping(context: ServiceContext) -> tuple[PartHealth, ...]:
    now = context.clock.now()
    state = read_safekeeping(context)
    if state.compared is None:
        reconcile = PartHealth("reconcile", is_well=False, detail="never compared")
    else:
        is_recent = now - state.compared.finished_at <= AUDIT_IS_RECENT
        counts = ", ".join(f"{state.count(severity)} {severity}" for severity in Severity)
        detail = f"{state.compared.clips} clips, open: {counts}; {state.compared.finished_at.isoformat(timespec='seconds')}"
        reconcile = PartHealth("reconcile", is_well=is_recent and not state.count(Severity.ALARM) and not state.count(Severity.FAULT), detail=detail)
    failed = sum(count for (_, kind), count in state.open_findings.items() if kind == FindingKind.FIXITY_FAILED)
    detail = f"{failed} failed, {state.overdue} unread for over {LONGEST_UNREAD.days} days"
    return reconcile, PartHealth("fixity", is_well=not failed and not state.overdue, detail=detail)


def _webhooks(context: ServiceContext) -> tuple[PartHealth, ...]:
    if not context.settings.webhooks:
        return ()
    state = read_webhooks(context)
    age_s = _age_s(state.oldest_at, context.clock.now())
    detail = f"{state.waiting} waiting for {age_s:.0f} s, {len(state.given_up)} given up"
    is_well = not state.given_up and age_s <= WEBHOOKS_MAY_LAG.total_seconds()
    return (PartHealth("webhooks", is_well=is_well, detail=detail),)


def _safekeeping_figures(context: ServiceContext) -> dict[str, float]:
    now = context.clock.now()
    state = read_safekeeping(context)
    figures = {f'bodycam_findings{{severity="{severity}"}}': float(state.count(severity)) for severity in Severity}
    figures |= {f'bodycam_findings_of_kind{{kind="{kind}"}}': float(count) for (_, kind), count in state.open_findings.items()}
    figures["bodycam_fixity_oldest_seconds"] = _age_s(state.oldest_read_at, now)
    figures["bodycam_fixity_overdue"] = float(state.overdue)
    if state.compared is not None:
        figures["bodycam_reconcile_age_seconds"] = _age_s(state.compared.finished_at, now)
    if state.reread is not None:
        figures["bodycam_fixity_run_checked"] = float(state.reread.checked)
        figures["bodycam_fixity_run_failed"] = float(state.reread.failed)
    return figures


def _age_s(since: datetime | None, now: datetime) -> float:
    return (now - since).total_seconds() if since is not None else 0.0


def _store(objects: ObjectStore, name: str) -> PartHealth:
    try:
        objects.ping()
    except StoreError as error:
        return PartHealth(name, is_well=False, detail=str(error))
    return PartHealth(name, is_well=True, detail="answers")
