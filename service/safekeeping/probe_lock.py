"""Prove the store's lock, at start-up and daily; while it is not proven the wipe gate stays shut."""

import logging
from dataclasses import asdict

from evidence_store.models import LockProbeRun
from evidence_store.object_store import lock_probe
from evidence_store.object_store.keys import probe_key
from service.context import ServiceContext
from service.jobs import job

_LOG = logging.getLogger(__name__)


@job("store.probe_lock")
def probe_lock_daily(context: ServiceContext) -> None:
    """Attack a canary in the store and keep what came of it."""
    probe_lock(context)


def probe_lock(context: ServiceContext) -> lock_probe.LockProbeResult:
    """Likewise, and tell what came of it."""
    run_id = context.new_id()
    result = lock_probe.probe_lock(context.objects, probe_key(run_id), now=context.clock.now)
    context.objects.prepare()
    if not result.is_passed:
        failed = [step.attempt for step in result.steps if not step.is_passed]
        _LOG.error("the store does not keep its lock; nothing is released", extra={"failed": failed})
    run = LockProbeRun(
        id=run_id,
        store=context.objects.description,
        finished_at=context.clock.now(),
        is_passed=result.is_passed,
        steps=[asdict(step) for step in result.steps],
    )
    with context.unit_of_work() as work:
        work.lock_probes.add(run)
    return result
