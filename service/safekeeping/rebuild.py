"""The database is made again from the store alone: the exported custody log, proved by its checkpoints, and the manifests beside the originals."""

from datetime import datetime, timedelta

from evidence_store.models import Agency, Case, CaseClip, CheckpointRow, LogExport, LogKey, Recorder, TimestampReceipt
from evidence_store.object_store.keys import LOG_PREFIX
from evidence_store.repositories.log import EMBEDDED_AUTHORITY
from service.context import ServiceContext
from service.safekeeping.events import read_past_event
from service.safekeeping.read_exported_log import ExportedLog, ProvenPiece, ProvenStretch
from service.safekeeping.rebuild_clips import write_clips, write_files, write_sessions
from service.safekeeping.rebuild_coverage import write_snapshots
from service.safekeeping.rebuild_errors import DatabaseLostError, NotEmptyError, NothingExportedError
from service.safekeeping.rebuilt_rows import Rebuild, RebuildResult, Report, ToldRow
from service.safekeeping.recover_clips import recover_clips
from service.safekeeping.replay_case import replay_case
from service.safekeeping.replay_people import REPLAYS, moved_to


def rebuild(context: ServiceContext, report: Report = lambda _: None) -> RebuildResult:
    """Make the database of this service again, all of it or nothing.

    What neither log nor manifests tell is listed in docs/operations.md: credentials, what the roster tells, what workers find out again.

    Args:
        context: The service, whose database has tables and no records; its keys are those that signed log and manifests.
        report: Told how far it is.

    Raises:
        NotEmptyError: The database holds records.
        NothingExportedError: The store holds no log that these keys signed.
        StoreUnavailableError: Database or store is away; nothing was written.
    """
    with context.unit_of_work() as work:
        occupied = work.rebuilding.occupied_by()
        if occupied is not None:
            raise NotEmptyError(occupied)
        work.log.lock()
        under_way = Rebuild(work, RebuildResult(), report)
        _take_over_log(context, under_way)
        if not under_way.result.log_size:
            raise NothingExportedError(context.objects.description)
        for kind, replay in REPLAYS:
            report(f"writing what the log tells of each {kind}")
            told = [row for subject_id, chain in under_way.chains(kind) for row in replay(subject_id, map(read_past_event, chain))]
            under_way.write(sorted(told, key=_agencies_from_the_top))
        _move(under_way)
        write_sessions(under_way)
        write_clips(context, under_way)
        write_files(under_way)
        _write_cases(under_way)
        write_snapshots(context, under_way)
        work.rebuilding.seal()
        recover_clips(context, under_way)
        return under_way.result


def _move(under_way: Rebuild) -> None:
    """Leave agencies and recorders where their last move left them."""
    moved: tuple[tuple[str, type[Agency | Recorder]], ...] = (("agency", Agency), ("recorder", Recorder))
    for kind, model in moved:
        for subject_id, chain in under_way.chains(kind):
            columns = moved_to(map(read_past_event, chain))
            if columns:
                under_way.work.rebuilding.change(model, subject_id, columns)


def refuse_lost_database(context: ServiceContext) -> None:
    """Begin no second custody log beside the one that lies in the store.

    Raises:
        DatabaseLostError: The database is new, and the store holds a log.
    """
    with context.unit_of_work() as work:
        if work.rebuilding.occupied_by() is not None:
            return
    if next(iter(context.objects.list_all(LOG_PREFIX)), None) is not None:
        raise DatabaseLostError(context.objects.description)


def _take_over_log(context: ServiceContext, under_way: Rebuild) -> None:
    log = ExportedLog(context, under_way.result.reject)
    for part in log.read():
        if isinstance(part, ProvenPiece):
            under_way.work.rebuilding.add_events(part.first_index, part.events, part.nodes)
            _add_checkpoint(context, under_way, part, unstamped_at=context.clock.now())
            under_way.result.log_size = part.checkpoint.size
            under_way.report(f"took over {part.checkpoint.size} events")
        else:
            _add_export(context, under_way, part)
    if under_way.result.log_size:
        _add_keys(under_way, log)


def _add_checkpoint(context: ServiceContext, under_way: Rebuild, piece: ProvenPiece, *, unstamped_at: datetime) -> None:
    proven = piece.checkpoint
    signed_at = proven.stamped_at or unstamped_at
    log = under_way.work.log
    log.add_checkpoint(CheckpointRow(size=proven.size, root=proven.root, note=proven.note, signed_at=signed_at))
    if proven.token is not None:
        receipt = TimestampReceipt(id=context.new_id(), checkpoint_size=proven.size, authority=EMBEDDED_AUTHORITY, token=proven.token)
        receipt.stamped_at = signed_at
        log.add_receipt(receipt)


def _add_export(context: ServiceContext, under_way: Rebuild, stretch: ProvenStretch) -> None:
    until = stretch.retain_until or context.clock.now()
    row = LogExport(first_index=stretch.first_index, size=stretch.size, object_key=stretch.key, object_version=stretch.version_id)
    row.sha256, row.retain_until, row.exported_at = stretch.sha256, until, until - timedelta(days=context.settings.log_retention_days)
    under_way.work.log.add_export(row)


def _add_keys(under_way: Rebuild, log: ExportedLog) -> None:
    changes = {str(event.details.get("new_key")): event for _, chain in under_way.chains("key") for event in map(read_past_event, chain)}
    ((_, first),) = under_way.work.log.leaves(0, limit=1)
    for key, size in log.keys.keys:
        change = changes.get(key)
        since = (change or read_past_event(first)).at
        transition = str(change.details["transition"]) if change is not None else None
        under_way.work.log.add_key(LogKey(verifier_key=key, since=since, from_size=size, transition=transition))


def _agencies_from_the_top(row: ToldRow) -> tuple[bool, int]:
    model, columns = row
    return model is not Agency, columns["path"].count("/") if model is Agency else 0


def _write_cases(under_way: Rebuild) -> None:
    under_way.report("writing cases")
    for case_id, chain in under_way.chains("case"):
        case = replay_case(case_id, map(read_past_event, chain))
        under_way.write([(Case, case.values), *((CaseClip, link) for link in case.links.values())])
