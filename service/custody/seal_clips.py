"""The sequencer: gives events their places in the tree, signs a checkpoint over them, and has it time-stamped."""

from datetime import timedelta

from evidence_store.models import CheckpointRow, CustodyEventRow
from evidence_store.unit_of_work import UnitOfWork
from integrity.checkpoint import Checkpoint, sign_checkpoint
from integrity.errors import MalformedValueError
from integrity.merkle import append_leaves, leaf_hash, tree_root
from service.context import ServiceContext
from service.custody.change_key import check_key
from service.custody.errors import LogDamagedError
from service.custody.timestamp_checkpoint import timestamp_checkpoint
from service.jobs import job

EVENTS_PER_CHECKPOINT = 256
EVENTS_AT_ONCE = 5_000
LEAST_BETWEEN = timedelta(seconds=1)
SEALING_FIRST = 1
"""Priority before reading back: a large docking is sealed as it goes, not at its end."""


@job("log.seal")
def seal_clips(context: ServiceContext) -> None:
    """Integrate waiting events under one signed checkpoint, at most once a second.

    Raises:
        KeyRetiredError: The log has another key by now; nothing was signed.
        LogDamagedError: An event's bytes do not give its hash, or the tree does not give the root that was signed last; nothing was signed.
    """
    now = context.clock.now()
    with context.unit_of_work() as work:
        work.log.lock()
        newest = work.log.newest_checkpoint()
        events = work.log.pending(EVENTS_AT_ONCE)
        if not events:
            if newest is not None and not work.log.is_stamped(newest.size):
                work.jobs.defer_once(timestamp_checkpoint, priority=SEALING_FIRST)
            return
        if newest is not None and now - newest.signed_at < LEAST_BETWEEN:
            work.jobs.defer_once(seal_clips, delay_s=1, priority=SEALING_FIRST)
            return
        check_key(context, work)
        _check_tree(work, newest)
        checkpoint = _integrate(context, work, events)
        work.log.add_checkpoint(
            CheckpointRow(size=checkpoint.size, root=checkpoint.root, note=sign_checkpoint(checkpoint, context.log_signer), signed_at=now)
        )
        work.jobs.defer_once(timestamp_checkpoint, priority=SEALING_FIRST)
        if len(events) == EVENTS_AT_ONCE:
            work.jobs.defer_once(seal_clips, delay_s=1, priority=SEALING_FIRST)


def _check_tree(work: UnitOfWork, newest: CheckpointRow | None) -> None:
    """Before adding to it, make sure the tree is still the one that was signed."""
    size = work.log.size()
    if newest is None:
        if size:
            raise LogDamagedError("the beginning", f"{size} leaves and no checkpoint")
        return
    if size != newest.size or work.log.over_nodes(lambda read: tree_root(read, size)) != newest.root:
        raise LogDamagedError(f"checkpoint {newest.size}", f"the tree of {size} leaves has another root")


def _integrate(context: ServiceContext, work: UnitOfWork, events: list[CustodyEventRow]) -> Checkpoint:
    leaves = [_leaf(event) for event in events]
    size = work.log.size()
    try:
        nodes, root = work.log.over_nodes(lambda read: append_leaves(read, size, leaves))
    except MalformedValueError as error:
        raise LogDamagedError(f"leaf {size}", str(error)) from error
    work.log.place(events, nodes, first_index=size)
    return Checkpoint(context.log_signer.name, size + len(events), root)


def _leaf(event: CustodyEventRow) -> bytes:
    """Recompute a leaf from the stored bytes, so that nothing changed since is signed."""
    leaf = leaf_hash(event.canonical)
    if leaf != event.leaf_hash:
        raise LogDamagedError(f"event {event.id}", "its bytes do not give its hash")
    return leaf
