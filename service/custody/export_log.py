"""The custody log is laid into the object store, locked, so that it survives its database and shows when that was rolled back."""

import base64
from datetime import timedelta

from evidence_store.models import LogExport
from evidence_store.object_store.keys import log_export_key
from evidence_store.unit_of_work import UnitOfWork
from integrity.hashing import sha256_hex
from integrity.log_export import LogStretch, StampedCheckpointLine, cut_stretch, write_stretch
from service.context import ServiceContext
from service.copies.make_copies import defer_copies
from service.jobs import job

MOST_EVENTS = 5_000
MOST_EVENT_BYTES = 16 * 1024**2


@job("log.export")
def export_log(context: ServiceContext) -> None:
    """Lay what is under a stamped checkpoint and not yet in the store there, stretch by stretch.

    Killed between the store and the database, the stretch is written once more, as a second version of equal content, which harms nobody.
    """
    while True:
        with context.unit_of_work() as work:
            before = work.log.newest_export()
            stretch = _next_stretch(context, work, before)
        if stretch is None:
            return
        data = write_stretch(stretch)
        now = context.clock.now()
        until = now + timedelta(days=context.settings.log_retention_days)
        stored = context.objects.put(log_export_key(stretch.first_index), data, retain_until=until)
        row = LogExport(first_index=stretch.first_index, size=stretch.size, object_key=stored.key, object_version=stored.version_id)
        row.sha256, row.retain_until, row.exported_at = sha256_hex(data), until, now
        with context.unit_of_work() as work:
            newest = work.log.newest_export()
            if (newest.size if newest else 0) != stretch.first_index:
                return  # another worker was faster
            work.log.add_export(row)
            defer_copies(context, work, row.object_key)


def _next_stretch(context: ServiceContext, work: UnitOfWork, before: LogExport | None) -> LogStretch | None:
    first = before.size if before else 0
    stamped = work.log.newest_stamped()
    if stamped is None or stamped[0].size <= first:
        return None
    events = cut_stretch(work.log.leaves(first, limit=min(MOST_EVENTS, stamped[0].size - first)), limit_bytes=MOST_EVENT_BYTES)
    checkpoints = []
    for checkpoint in work.log.stamped_between(first, first + len(events)):
        found = work.log.stamped(checkpoint.size)
        if found is not None:
            checkpoints.append(StampedCheckpointLine(found[0].note, base64.b64encode(found[1].token).decode()))
    return LogStretch(context.log_signer.name, first, before.sha256 if before else None, tuple(events), tuple(checkpoints))
