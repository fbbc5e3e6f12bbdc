"""Work for later, deferred in the same transaction as the change that asks for it: Procrastinate on our own PostgreSQL.

The only importer of Procrastinate. A function becomes a job by the name that ``service.jobs.job`` gives it. A job may be
done twice (a worker dies after the work and before saying so), so every job looks first whether there is still something to do.
"""

import logging
from collections.abc import Iterable
from typing import Any, Protocol

import procrastinate
from procrastinate.jobs import Job
from sqlalchemy import text
from sqlalchemy.orm import Session

_LOG = logging.getLogger(__name__)

HEARTBEAT_S = 2.0
STALLED_AFTER_S = 10.0
"""A worker that was silent this long is gone, and its jobs are taken up again."""
SHUTDOWN_GRACE_S = 10.0
LONGEST_WAIT_S = 60
POLL_S = 2.0
DUE_SOON_S = 1
"""A waiting job that is due within so many seconds is soon enough for whoever wants it now."""


class JobFunction(Protocol):
    """A function that ``service.jobs.job`` has named; the name is frozen, because it stands in waiting rows."""

    job_name: str

    def __call__(self, context: Any, /, **arguments: Any) -> None:
        """Do the work."""


class JobQueue:
    """Defers jobs within the transaction of a session.

    Args:
        session: Session of the unit of work.
        app: Procrastinate application, from :func:`make_app`.
    """

    def __init__(self, session: Session, app: procrastinate.App) -> None:
        self._session = session
        self._app = app

    def defer(self, function: JobFunction, *, delay_s: int = 0, priority: int = 0, **arguments: Any) -> None:
        """Have a job done once this transaction has committed.

        Args:
            function: What to do.
            delay_s: Not before this many seconds from now.
            priority: Higher goes first; what nobody waits for is below 0.
            **arguments: JSON values that name its subject.
        """
        self._app.configure_task(
            function.job_name,
            priority=priority,
            schedule_in={"seconds": delay_s} if delay_s else None,
            connection=self._session.connection().connection.driver_connection,
        ).defer(**arguments)

    def defer_once(self, function: JobFunction, *, delay_s: int = 0, priority: int = 0) -> None:
        """Have a job without arguments done once this transaction has committed, unless one that has not begun yet and is due by then will do.

        A worker cannot take up that one before this transaction ends, so it sees what was changed here.

        Args:
            function: What to do.
            delay_s: Not before this many seconds from now.
            priority: Higher goes first.
        """
        query = text(
            "SELECT id FROM procrastinate_jobs WHERE task_name = :name AND status = 'todo' "
            "AND (scheduled_at IS NULL OR scheduled_at <= now() + make_interval(secs => :due_s)) LIMIT 1 FOR KEY SHARE SKIP LOCKED"
        )
        due_s = max(delay_s, DUE_SOON_S)
        if self._session.execute(query, {"name": function.job_name, "due_s": due_s}).scalar_one_or_none() is None:
            self.defer(function, delay_s=delay_s, priority=priority)

    def count_waiting(self, name: str) -> int:
        """Count the jobs of a name that wait or are under way."""
        query = text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = :name AND status IN ('todo', 'doing')")
        return int(self._session.execute(query, {"name": name}).scalar_one())


def make_app(database_url: str, *, for_worker: bool = False) -> procrastinate.App:
    """Build the queue's application.

    Args:
        database_url: SQLAlchemy URL of the application's role.
        for_worker: Whether it will run jobs; otherwise it only defers, on connections that are handed to it.
    """
    conninfo = database_url.replace("postgresql+psycopg://", "postgresql://", 1)
    if for_worker:
        return procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=conninfo))
    return procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=conninfo))


def run_worker(
    app: procrastinate.App,
    jobs: Iterable[JobFunction],
    timetable: Iterable[tuple[str, JobFunction]],
    *,
    context: Any,
    concurrency: int,
) -> None:
    """Work until SIGTERM or Ctrl-C; a job that does not end in time is taken up again by the next worker.

    Args:
        app: From :func:`make_app` with ``for_worker``.
        jobs: Every job function; each is called with the context and its arguments, in a thread.
        timetable: Cron expression (UTC; a sixth field counts seconds) and the job it starts, without arguments.
        context: Handed to every job.
        concurrency: Jobs at a time.
    """
    for function in jobs:
        _bind(app, function, context)
    for cron, function in timetable:
        _bind_tick(app, cron, function)
    _bind_recovery(app)
    app.run_worker(
        concurrency=concurrency,
        fetch_job_polling_interval=POLL_S,
        update_heartbeat_interval=HEARTBEAT_S,
        stalled_worker_timeout=STALLED_AFTER_S,
        shutdown_graceful_timeout=SHUTDOWN_GRACE_S,
        delete_jobs="successful",
    )


class _RetryForever(procrastinate.BaseRetryStrategy):
    """Try again after 1, 2, 4 ... at most 60 seconds: a store that is away comes back, and no clip is forgotten meanwhile."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> procrastinate.RetryDecision:
        wait_s = min(2 ** min(job.attempts, 6), LONGEST_WAIT_S)
        _LOG.warning("job failed and will be tried again", extra={"job": job.task_name, "wait_s": wait_s, "error": str(exception)})
        return procrastinate.RetryDecision(retry_in={"seconds": wait_s})


def _bind(app: procrastinate.App, function: JobFunction, context: Any) -> None:
    @app.task(name=function.job_name, retry=_RetryForever())
    def run(**arguments: Any) -> None:
        function(context, **arguments)


def _bind_tick(app: procrastinate.App, cron: str, function: JobFunction) -> None:
    name = f"{function.job_name}.tick"

    @app.periodic(cron=cron, periodic_id=name)
    @app.task(name=name)
    async def tick(timestamp: int) -> None:  # noqa: ARG001 - the timetable hands over its time
        await app.configure_task(function.job_name).defer_async()


def _bind_recovery(app: procrastinate.App) -> None:
    @app.periodic(cron="* * * * * */5", periodic_id="queue.recover")
    @app.task(name="queue.recover")
    async def recover(timestamp: int) -> None:  # noqa: ARG001 - the timetable hands over its time
        for stalled in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_S):
            await app.job_manager.retry_job(stalled)
