"""Binds every job to the queue, and the timetable of those that come round."""

from evidence_store.job_queue import JobFunction, make_app
from evidence_store.job_queue import run_worker as run_queue
from service.context import ServiceContext
from service.custody.ask_witnesses import ask_witnesses
from service.custody.export_log import export_log
from service.custody.seal_clips import seal_clips
from service.custody.stamp_elsewhere import stamp_elsewhere
from service.custody.timestamp_checkpoint import timestamp_checkpoint
from service.ingest.end_session import end_lost_sessions
from service.ingest.probe_clip import probe_clip
from service.ingest.read_back_clip import read_back_clip
from service.safekeeping.probe_lock import probe_lock_daily

JOBS: tuple[JobFunction, ...] = (
    read_back_clip,
    probe_clip,
    end_lost_sessions,
    seal_clips,
    timestamp_checkpoint,
    stamp_elsewhere,
    ask_witnesses,
    export_log,
    probe_lock_daily,
)

TIMETABLE: tuple[tuple[str, JobFunction], ...] = (
    ("* * * * *", seal_clips),  # what no docking's end has sealed waits a minute at most
    ("* * * * *", end_lost_sessions),
    ("* * * * *", stamp_elsewhere),
    ("* * * * *", ask_witnesses),
    ("* * * * *", export_log),
    ("17 3 * * *", probe_lock_daily),
)


def run_worker(context: ServiceContext) -> None:
    """Probe the store's lock, then work until told to stop."""
    context.objects.prepare()
    with context.unit_of_work() as work:
        work.jobs.defer(probe_lock_daily)
    app = make_app(context.settings.database_url.get_secret_value(), for_worker=True)
    run_queue(app, JOBS, TIMETABLE, context=context, concurrency=context.settings.worker_concurrency)
