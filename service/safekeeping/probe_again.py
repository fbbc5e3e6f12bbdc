"""After a rebuild, workers look at every original again: what a probe finds stands in no event."""

from evidence_store.unit_of_work import UnitOfWork
from service.context import ServiceContext
from service.ingest.probe_clip import probe_clip
from service.ingest.read_back_clip import LOOKS_CAN_WAIT
from service.jobs import job

_AT_ONCE = 500


@job("clip.probe_again")
def probe_again(context: ServiceContext, *, after: str | None = None) -> None:
    """Have every clip probed that nobody has looked at, some hundred at a time."""
    with context.unit_of_work() as work:
        last = _defer_some(work, after)
        if last is not None:
            work.jobs.defer(probe_again, priority=LOOKS_CAN_WAIT, after=last)


def _defer_some(work: UnitOfWork, after: str | None) -> str | None:
    clip_ids = work.rebuilding.unprobed(after, limit=_AT_ONCE)
    for clip_id in clip_ids:
        work.jobs.defer(probe_clip, priority=LOOKS_CAN_WAIT, clip_id=str(clip_id))
    return str(clip_ids[-1]) if clip_ids else None
