"""Prove the lock of every store, at start-up and daily; while one is not proven the wipe gate stays shut."""

import logging
from dataclasses import asdict

from evidence_store.models import LockProbeRun
from evidence_store.object_store import lock_probe
from evidence_store.object_store.keys import probe_key
from evidence_store.object_store.store import ObjectStore
from service.context import ServiceContext
from service.copies.canary import prove_stores_differ
from service.jobs import job

_LOG = logging.getLogger(__name__)


@job("store.probe_lock")
def probe_lock_daily(context: ServiceContext) -> None:
    """Attack a canary in the store and keep what came of it."""
    probe_lock(context)


@job("store.probe_second_lock")
def probe_second_lock_daily(context: ServiceContext) -> None:
    """Likewise for the second store, if there is one; one that turns out to be the first under another name is never proven.

    Raises:
        SameStoreError: It is.
    """
    if context.second_objects is not None:
        context.second_objects.prepare()
        prove_stores_differ(context, context.second_objects)
        probe_lock(context, context.second_objects)


def probe_lock(context: ServiceContext, store: ObjectStore | None = None) -> lock_probe.LockProbeResult:
    """Attack a canary in a store, the first one unless another is named, keep what came of it, and tell it."""
    store = store or context.objects
    run_id = context.new_id()
    result = lock_probe.probe_lock(store, probe_key(run_id), now=context.clock.now)
    store.prepare()
    if not result.is_passed:
        failed = [step.attempt for step in result.steps if not step.is_passed]
        _LOG.error("the store does not keep its lock; nothing is released", extra={"failed": failed})
    run = LockProbeRun(
        id=run_id,
        store=store.description,
        finished_at=context.clock.now(),
        is_passed=result.is_passed,
        steps=[asdict(step) for step in result.steps],
    )
    with context.unit_of_work() as work:
        work.lock_probes.add(run)
    return result
