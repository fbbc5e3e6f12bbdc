"""The custody log as a tree: leaves, nodes, checkpoints, time-stamp tokens."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.orm import Session

from evidence_store.models import CheckpointRow, CustodyEventRow, CustodyLeaf, CustodyPending, MerkleNode, TimestampReceipt
from integrity.merkle import TreeNode

_SEQUENCER_LOCK = 0x6C6F67  # "log": one sequencer at a time


class Log:
    """The log's tree. Leaf indexes never come from a sequence, which leaves gaps; the one sequencer counts."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def lock(self) -> None:
        """Become the one sequencer until the transaction ends."""
        self._session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SEQUENCER_LOCK})

    def pending(self, limit: int) -> list[CustodyEventRow]:
        """List events that have no place yet, oldest first."""
        query = select(CustodyEventRow).join(CustodyPending, CustodyPending.event_id == CustodyEventRow.id).order_by(CustodyEventRow.id).limit(limit)
        return list(self._session.scalars(query))

    def count_pending(self) -> int:
        """Count events that have no place yet."""
        return self._session.execute(select(func.count()).select_from(CustodyPending)).scalar_one()

    def oldest_pending_at(self) -> datetime | None:
        """When the oldest event that has no place yet was appended."""
        query = select(func.min(CustodyEventRow.at)).join(CustodyPending, CustodyPending.event_id == CustodyEventRow.id)
        return self._session.execute(query).scalar_one()

    def size(self) -> int:
        """Number of leaves."""
        return self._session.execute(select(func.coalesce(func.max(CustodyLeaf.leaf_index) + 1, 0))).scalar_one()

    def place(self, events: Sequence[CustodyEventRow], nodes: Sequence[TreeNode], *, first_index: int) -> None:
        """Give events their places, in order, and store the nodes this completed."""
        self._session.execute(insert(CustodyLeaf), [{"leaf_index": first_index + n, "event_id": event.id} for n, event in enumerate(events)])
        self._session.execute(insert(MerkleNode), [{"level": node.level, "node_index": node.index, "hash": node.hash} for node in nodes])
        self._session.execute(delete(CustodyPending).where(CustodyPending.event_id.in_([event.id for event in events])))

    def node_reader(self) -> Callable[[int, int], bytes]:
        """Make a reader of stored nodes, as ``integrity.merkle`` asks for."""

        def read_node(level: int, index: int) -> bytes:
            query = select(MerkleNode.hash).where(MerkleNode.level == level, MerkleNode.node_index == index)
            return self._session.scalars(query).one()

        return read_node

    def add_checkpoint(self, checkpoint: CheckpointRow) -> None:
        """Keep a checkpoint."""
        self._session.add(checkpoint)
        self._session.flush()

    def newest_checkpoint(self) -> CheckpointRow | None:
        """The checkpoint that covers most."""
        return self._session.scalars(select(CheckpointRow).order_by(CheckpointRow.size.desc()).limit(1)).one_or_none()

    def is_stamped(self, size: int) -> bool:
        """Whether the checkpoint of this size has a token."""
        query = select(TimestampReceipt.id).where(TimestampReceipt.checkpoint_size == size).limit(1)
        return self._session.scalars(query).first() is not None

    def newest_stamped(self) -> tuple[CheckpointRow, TimestampReceipt] | None:
        """The checkpoint that covers most and has a token."""
        query = (
            select(CheckpointRow, TimestampReceipt)
            .join(TimestampReceipt, TimestampReceipt.checkpoint_size == CheckpointRow.size)
            .order_by(CheckpointRow.size.desc())
            .limit(1)
        )
        row = self._session.execute(query).one_or_none()
        return None if row is None else (row[0], row[1])

    def stamped(self, size: int) -> tuple[CheckpointRow, TimestampReceipt] | None:
        """The checkpoint of this size with its token."""
        query = select(CheckpointRow, TimestampReceipt).join(TimestampReceipt, TimestampReceipt.checkpoint_size == CheckpointRow.size)
        row = self._session.execute(query.where(CheckpointRow.size == size).limit(1)).one_or_none()
        return None if row is None else (row[0], row[1])

    def add_receipt(self, receipt: TimestampReceipt) -> None:
        """Keep a token."""
        self._session.add(receipt)
        self._session.flush()

    def clips_below(self, size: int) -> list[UUID]:
        """Clips that were verified, wait to be sealed, and whose verification has a place below ``size``."""
        query = text(
            """
            SELECT clip.id FROM clip
            JOIN custody_event event ON event.subject_kind = 'clip' AND event.subject_id = clip.id AND event.action = 'clip.verified'
            JOIN custody_leaf leaf ON leaf.event_id = event.id
            WHERE clip.state = 'verified' AND leaf.leaf_index < :size
            """
        )
        return list(self._session.scalars(query, {"size": size}))
