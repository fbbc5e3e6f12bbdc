"""Binds every job to the queue, and the timetable of those that come round."""

import logging

from evidence_store.errors import StoreUnavailableError
from evidence_store.job_queue import JobFunction, make_app
from evidence_store.job_queue import run_worker as run_queue
from service.bootstrap import build_second_store
from service.context import ServiceContext
from service.copies.canary import prove_stores_differ
from service.copies.check_copies import check_copies_hourly
from service.copies.make_copies import catch_up, copy_object
from service.copies.repair_copy import repair_copy
from service.coverage.freeze import freeze_due
from service.coverage.restate import restate_snapshots
from service.coverage_outlook.watch import watch_coverage
from service.coverage_outlook.webhooks import deliver_webhooks
from service.coverage_reports.send_reports import send_reports
from service.custody.ask_witnesses import ask_witnesses
from service.custody.audit_log import audit_log_daily
from service.custody.export_log import export_log
from service.custody.seal_clips import seal_clips
from service.custody.stamp_elsewhere import stamp_elsewhere
from service.custody.timestamp_checkpoint import timestamp_checkpoint
from service.ingest.end_session import end_lost_sessions
from service.ingest.probe_clip import probe_clip
from service.ingest.read_back_clip import read_back_clip
from service.roster.move_due import move_due_daily
from service.roster.pull_roster import pull_rosters_daily
from service.safekeeping.check_fixity import check_fixity_daily
from service.safekeeping.probe_again import probe_again
from service.safekeeping.probe_lock import probe_lock_daily, probe_second_lock_daily
from service.safekeeping.reconcile import reconcile_daily

_LOG = logging.getLogger(__name__)

JOBS: tuple[JobFunction, ...] = (
    read_back_clip,
    probe_clip,
    end_lost_sessions,
    seal_clips,
    timestamp_checkpoint,
    stamp_elsewhere,
    ask_witnesses,
    export_log,
    audit_log_daily,
    probe_lock_daily,
    probe_second_lock_daily,
    copy_object,
    catch_up,
    check_copies_hourly,
    repair_copy,
    reconcile_daily,
    check_fixity_daily,
    probe_again,
    freeze_due,
    restate_snapshots,
    watch_coverage,
    deliver_webhooks,
    send_reports,
    move_due_daily,
    pull_rosters_daily,
)

TIMETABLE: tuple[tuple[str, JobFunction], ...] = (
    ("* * * * *", seal_clips),  # what no docking's end has sealed waits a minute at most
    ("* * * * *", end_lost_sessions),
    ("* * * * *", stamp_elsewhere),
    ("* * * * *", ask_witnesses),
    ("* * * * *", export_log),
    ("*/5 * * * *", catch_up),
    ("7 * * * *", check_copies_hourly),
    ("17 3 * * *", probe_lock_daily),
    ("19 3 * * *", probe_second_lock_daily),
    ("41 3 * * *", audit_log_daily),
    ("11 2 * * *", reconcile_daily),
    ("23 1 * * *", check_fixity_daily),
    ("*/10 * * * *", freeze_due),  # days end at 16:00 UTC; what is frozen already costs one query
    ("1 16 * * *", move_due_daily),  # a minute into the day in Asia/Shanghai
    ("29 17 * * *", restate_snapshots),
    ("37 18 * * *", pull_rosters_daily),
    ("3 16 * * *", watch_coverage),
    ("* * * * *", deliver_webhooks),
    ("* * * * *", send_reports),  # without BODYCAM_REPORT_TO it does nothing
)


def run_worker(context: ServiceContext) -> None:
    """Probe the locks of the stores, then work until told to stop.

    Raises:
        SameStoreError: The second store is the first under another name.
    """
    context.objects.prepare()
    refuse_same_store(context)
    with context.unit_of_work() as work:
        work.jobs.defer(probe_lock_daily)
        if context.second_objects is not None:
            work.jobs.defer(probe_second_lock_daily)
            work.jobs.defer_once(catch_up)
        if work.log_audits.newest_run() is None:
            work.jobs.defer_once(audit_log_daily)
    app = make_app(context.settings.database_url.get_secret_value(), for_worker=True)
    run_queue(app, JOBS, TIMETABLE, context=context, concurrency=context.settings.worker_concurrency)


def refuse_same_store(context: ServiceContext) -> None:
    """Make the second store ready, and make sure that it is another one; one that is away is asked again before it counts.

    Raises:
        SameStoreError: It is the first under another name, in whichever bucket.
    """
    second = context.second_objects
    if second is None:
        return
    view = build_second_store(context.settings, bucket=context.settings.store_bucket)
    try:
        second.prepare()
        prove_stores_differ(context, second, *([view] if view is not None else []))
    except StoreUnavailableError as error:
        _LOG.warning("the second store is away; copies are made when it is back", extra={"error": str(error)})
