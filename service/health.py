"""Whether the service can do its work, part by part, and figures about it, as values."""

from dataclasses import dataclass
from datetime import timedelta

from evidence_store.actor import Actor
from evidence_store.errors import StoreError
from evidence_store.models import LockProbeRun
from service.access.permission import require
from service.access.policy import Action
from service.context import ServiceContext
from service.ingest.release_clip import PROBE_IS_RECENT

LOG_MAY_LAG = timedelta(minutes=5)


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
    return Readiness((*_database_parts(context), _store(context)))


def read_health(context: ServiceContext, *, actor: Actor) -> tuple[Readiness, LockProbeRun | None]:
    """Look at every part, and at the newest lock probe of this store step by step; ``None`` when it was never probed.

    Raises:
        NotPermittedError: This role may not.
        StoreUnavailableError: The database is away.
    """
    require(Action.READ_HEALTH, actor)
    with context.unit_of_work() as work:
        probe = work.lock_probes.latest(context.objects.description)
    return read_readiness(context), probe


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


def _store(context: ServiceContext) -> PartHealth:
    try:
        context.objects.ping()
    except StoreError as error:
        return PartHealth("store", is_well=False, detail=str(error))
    return PartHealth("store", is_well=True, detail="answers")
