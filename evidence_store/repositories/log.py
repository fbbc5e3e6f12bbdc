"""The custody log as a tree: leaves, nodes, checkpoints, time-stamp tokens."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Select, any_, cast, delete, func, select, text
from sqlalchemy.orm import Session

from evidence_store.errors import MissingRowError
from evidence_store.models import (
    CheckpointRow,
    Cosignature,
    CustodyEventRow,
    CustodyLeaf,
    CustodyPending,
    LogExport,
    LogKey,
    TimestampReceipt,
)
from integrity.merkle import HASH_BYTES, ReadNode, TreeNode

EMBEDDED_AUTHORITY = "embedded"
"""Name of the authority that always stamps, and whose token seals."""
_Built = TypeVar("_Built")
_IS_STAMPED = text("SELECT 1 FROM timestamp_receipt WHERE checkpoint_size = CAST(:size AS bigint) AND authority = :authority LIMIT 1")
_NODES = text(
    "SELECT node.level, node.node_index, node.hash FROM merkle_node node "
    "JOIN unnest(CAST(:levels AS bigint[]), CAST(:indexes AS bigint[])) AS wanted (level, node_index) "
    "ON node.level = wanted.level AND node.node_index = wanted.node_index"
)
# Whole columns at once: thousands of rows as separate parameters cost more than the rest of sealing them.
_ADD_LEAVES = text("INSERT INTO custody_leaf (leaf_index, event_id) SELECT * FROM unnest(CAST(:indexes AS bigint[]), CAST(:ids AS bigint[]))")
_ADD_NODES = text(
    "INSERT INTO merkle_node (level, node_index, hash) "
    "SELECT * FROM unnest(CAST(:levels AS bigint[]), CAST(:indexes AS bigint[]), CAST(:hashes AS bytea[]))"
)
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
        # The ids first, so that the planner cannot take the few that wait for a share of all events and read the whole table.
        ids = list(self._session.scalars(select(CustodyPending.event_id).order_by(CustodyPending.event_id).limit(limit)))
        query = select(CustodyEventRow).where(CustodyEventRow.id == any_(cast(ids, ARRAY(BigInteger)))).order_by(CustodyEventRow.id)
        return list(self._session.scalars(query)) if ids else []

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
        ids = [event.id for event in events]
        self._session.execute(_ADD_LEAVES, {"indexes": list(range(first_index, first_index + len(ids))), "ids": ids})
        levels, indexes, hashes = [node.level for node in nodes], [node.index for node in nodes], [node.hash for node in nodes]
        self._session.execute(_ADD_NODES, {"levels": levels, "indexes": indexes, "hashes": hashes})
        self._session.execute(delete(CustodyPending).where(CustodyPending.event_id == any_(cast(ids, ARRAY(BigInteger)))))

    def over_nodes(self, build: Callable[[ReadNode], _Built]) -> _Built:
        """Compute something from stored nodes, read by one query.

        Args:
            build: The computation; it is run twice, first to find out which nodes it reads, so it must read the same ones whatever they are.

        Raises:
            MissingRowError: One of them is gone.
        """
        places: list[tuple[int, int]] = []

        def note_down(level: int, index: int) -> bytes:
            places.append((level, index))
            return bytes(HASH_BYTES)

        build(note_down)
        wanted = {"levels": [level for level, _ in places], "indexes": [index for _, index in places]}
        nodes = {(row[0], row[1]): row[2] for row in self._session.execute(_NODES, wanted)} if places else {}
        gone = next((place for place in places if place not in nodes), None)
        if gone is not None:
            raise MissingRowError(f"node {gone[1]} of level {gone[0]} of the log's tree")
        return build(lambda level, index: nodes[level, index])

    def add_checkpoint(self, checkpoint: CheckpointRow) -> None:
        """Keep a checkpoint."""
        self._session.add(checkpoint)
        self._session.flush()

    def newest_checkpoint(self) -> CheckpointRow | None:
        """The checkpoint that covers most."""
        return self._session.scalars(select(CheckpointRow).order_by(CheckpointRow.size.desc()).limit(1)).one_or_none()

    def checkpoint(self, size: int) -> CheckpointRow | None:
        """The checkpoint of this size."""
        return self._session.get(CheckpointRow, size)

    def is_stamped(self, size: int, authority: str = EMBEDDED_AUTHORITY) -> bool:
        """Whether an authority stamped the checkpoint of this size."""
        return self._session.execute(_IS_STAMPED, {"size": size, "authority": authority}).first() is not None

    def newest_stamped(self) -> tuple[CheckpointRow, TimestampReceipt] | None:
        """The checkpoint that covers most and that the embedded authority stamped."""
        row = self._session.execute(_stamped().order_by(CheckpointRow.size.desc()).limit(1)).one_or_none()
        return None if row is None else (row[0], row[1])

    def stamped(self, size: int) -> tuple[CheckpointRow, TimestampReceipt] | None:
        """The checkpoint of this size with the token of the embedded authority."""
        row = self._session.execute(_stamped().where(CheckpointRow.size == size)).one_or_none()
        return None if row is None else (row[0], row[1])

    def receipts(self, size: int) -> list[TimestampReceipt]:
        """Every authority's token over the checkpoint of this size, by authority."""
        query = select(TimestampReceipt).where(TimestampReceipt.checkpoint_size == size).order_by(TimestampReceipt.authority)
        return list(self._session.scalars(query))

    def add_receipt(self, receipt: TimestampReceipt) -> None:
        """Keep a token."""
        self._session.add(receipt)
        self._session.flush()

    def newest_receipt_elsewhere(self) -> TimestampReceipt | None:
        """The token of an authority elsewhere that covers most."""
        query = select(TimestampReceipt).where(TimestampReceipt.authority != EMBEDDED_AUTHORITY)
        return self._session.scalars(query.order_by(TimestampReceipt.checkpoint_size.desc()).limit(1)).first()

    def oldest_checkpoint_after(self, size: int) -> CheckpointRow | None:
        """The first checkpoint beyond a size."""
        return self._session.scalars(select(CheckpointRow).where(CheckpointRow.size > size).order_by(CheckpointRow.size).limit(1)).first()

    def stamped_between(self, after: int, up_to: int) -> list[CheckpointRow]:
        """Checkpoints beyond a size, up to another, that the embedded authority stamped, by size."""
        query = select(CheckpointRow).join(TimestampReceipt, TimestampReceipt.checkpoint_size == CheckpointRow.size)
        query = query.where(TimestampReceipt.authority == EMBEDDED_AUTHORITY, CheckpointRow.size > after, CheckpointRow.size <= up_to)
        return list(self._session.scalars(query.order_by(CheckpointRow.size)))

    def leaves(self, first_index: int, *, limit: int) -> list[tuple[int, bytes]]:
        """Leaves from an index on, with their events' exact bytes."""
        query = select(CustodyLeaf.leaf_index, CustodyEventRow.canonical).join(CustodyEventRow, CustodyEventRow.id == CustodyLeaf.event_id)
        rows = self._session.execute(query.where(CustodyLeaf.leaf_index >= first_index).order_by(CustodyLeaf.leaf_index).limit(limit))
        return [(row[0], row[1]) for row in rows]

    def newest_export(self) -> LogExport | None:
        """The stretch that was exported last."""
        return self._session.scalars(select(LogExport).order_by(LogExport.first_index.desc()).limit(1)).first()

    def export_of(self, object_key: str) -> LogExport | None:
        """The stretch that lies under a key of the store."""
        return self._session.scalars(select(LogExport).where(LogExport.object_key == object_key)).one_or_none()

    def add_export(self, export: LogExport) -> None:
        """Keep that a stretch lies in the store."""
        self._session.add(export)
        self._session.flush()

    def signing_keys(self) -> list[LogKey]:
        """Every key the log was signed with, in order."""
        return list(self._session.scalars(select(LogKey).order_by(LogKey.from_size, LogKey.since)))

    def add_key(self, key: LogKey) -> None:
        """Keep a key."""
        self._session.add(key)
        self._session.flush()

    def cosignatures(self, size: int) -> list[Cosignature]:
        """What witnesses signed under the checkpoint of this size, by witness."""
        return list(self._session.scalars(select(Cosignature).where(Cosignature.checkpoint_size == size).order_by(Cosignature.witness)))

    def newest_cosigned(self, witness: str) -> Cosignature | None:
        """What a witness signed last."""
        query = select(Cosignature).where(Cosignature.witness == witness).order_by(Cosignature.checkpoint_size.desc())
        return self._session.scalars(query.limit(1)).first()

    def add_cosignature(self, cosignature: Cosignature) -> None:
        """Keep a witness's signature."""
        self._session.add(cosignature)
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


def _stamped() -> Select[CheckpointRow, TimestampReceipt]:
    query = select(CheckpointRow, TimestampReceipt).join(TimestampReceipt, TimestampReceipt.checkpoint_size == CheckpointRow.size)
    return query.where(TimestampReceipt.authority == EMBEDDED_AUTHORITY)
