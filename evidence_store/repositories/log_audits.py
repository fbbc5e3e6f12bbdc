"""The custody log as an audit reads it: every row of every table, in pages, within one snapshot; and what audits found."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from evidence_store.models import CheckpointRow, Cosignature, LogAuditRun, LogExport, LogKey, TimestampReceipt

PAGE = 4_096
"""Rows read at once; a power of two, so that pages of leaves end where subtrees do."""

_LEAVES = text(
    "SELECT leaf.leaf_index, leaf.event_id, event.canonical, event.leaf_hash FROM custody_leaf leaf LEFT JOIN custody_event event "
    "ON event.id = leaf.event_id WHERE leaf.leaf_index >= :first AND leaf.leaf_index < :last ORDER BY leaf.leaf_index"
)
_BEYOND = text("SELECT leaf_index, event_id FROM custody_leaf WHERE leaf_index >= :size OR leaf_index < 0 ORDER BY leaf_index")
_NODES = text(
    "SELECT node.level, node.node_index, node.hash FROM generate_series(0, 61) AS wanted (level) JOIN merkle_node node "
    "ON node.level = wanted.level AND node.node_index >= CAST(:first AS bigint) >> wanted.level "
    "AND node.node_index < CAST(:last AS bigint) >> wanted.level"
)
_STRAY_NODES = text(
    "SELECT level, node_index FROM merkle_node WHERE level < 0 OR level > 61 OR node_index < 0 "
    "OR node_index >= CAST(:size AS bigint) >> CAST(least(greatest(level, 0), 61) AS integer) ORDER BY level, node_index"
)
_EVENTS = text(
    "SELECT event.id, event.subject_kind, event.subject_id, event.subject_seq, event.action, event.at, event.canonical, event.leaf_hash, "
    "leaf.leaf_index IS NOT NULL AS is_placed, pending.event_id IS NOT NULL AS is_pending FROM custody_event event "
    "LEFT JOIN custody_leaf leaf ON leaf.event_id = event.id LEFT JOIN custody_pending pending ON pending.event_id = event.id "
    "WHERE (event.subject_kind, event.subject_id, event.subject_seq) > (:kind, CAST(:id AS uuid), :seq) "
    "ORDER BY event.subject_kind, event.subject_id, event.subject_seq LIMIT :limit"
)
_STRAY_PENDING = text("SELECT event_id FROM custody_pending WHERE NOT EXISTS (SELECT FROM custody_event WHERE id = event_id) ORDER BY event_id")
_CLIPS = text(
    "SELECT clip.id, clip.size_bytes, clip.sha256, clip.sm3, clip.object_version, event.canonical FROM clip LEFT JOIN custody_event event "
    "ON event.subject_kind = 'clip' AND event.subject_id = clip.id AND event.action IN ('clip.stored', 'clip.recovered') "
    "WHERE clip.id > CAST(:after AS uuid) AND clip.object_version IS NOT NULL ORDER BY clip.id LIMIT :limit"
)
_GONE_CLIPS = text(
    "SELECT subject_id, min(subject_seq) FROM custody_event WHERE subject_kind = 'clip' "
    "AND NOT EXISTS (SELECT FROM clip WHERE clip.id = subject_id) GROUP BY subject_id ORDER BY subject_id"
)
_ACTIONS = text("SELECT canonical FROM custody_event WHERE action = :action AND subject_kind = :kind ORDER BY id")
_REPAIRED = text(
    "SELECT repaired_version FROM object_loss WHERE store = 'first' AND key = :key AND version_id = :version_id AND repaired_version IS NOT NULL"
)
_NO_ID = UUID(int=0)
_Row = TypeVar("_Row", CheckpointRow, Cosignature, LogExport, TimestampReceipt)


class AuditedLeaf(NamedTuple):
    """A leaf with the event it stands for; ``canonical`` and ``leaf_hash`` are ``None`` when there is no such event."""

    leaf_index: int
    event_id: int
    canonical: bytes | None
    leaf_hash: bytes | None


class AuditedEvent(NamedTuple):
    """A custody event, column by column, and whether it has a place in the tree or waits for one."""

    id: int
    subject_kind: str
    subject_id: UUID
    subject_seq: int
    action: str
    at: datetime
    canonical: bytes
    leaf_hash: bytes
    is_placed: bool
    is_pending: bool


class AuditedClip(NamedTuple):
    """What a clip's row says about its original, and the event that says the same; ``None`` when it is not there."""

    id: UUID
    size_bytes: int
    sha256: str
    sm3: str
    object_version: str
    stored: bytes | None


class LogAudits:
    """Reads everything an audit compares. Rows come in pages, so that a log of any length takes the same memory."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def freeze(self) -> None:
        """See one snapshot until the transaction ends, and change nothing; to be called first."""
        self._session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))

    def count_events(self) -> int:
        """Count events."""
        return int(self._session.execute(text("SELECT count(*) FROM custody_event")).scalar_one())

    def leaves(self, first: int, last: int) -> list[AuditedLeaf]:
        """List the leaves from ``first`` up to, and without, ``last``."""
        rows = self._session.execute(_LEAVES, {"first": first, "last": last})
        return [AuditedLeaf(*row) for row in rows]

    def leaves_beyond(self, size: int) -> Iterator[tuple[int, int]]:
        """Index and event of every leaf that does not belong into a tree of this size."""
        return ((row[0], row[1]) for row in self._session.execute(_BEYOND, {"size": size}))

    def nodes(self, first: int, last: int) -> dict[tuple[int, int], bytes]:
        """Stored nodes that the leaves from ``first`` up to ``last`` complete, by level and index."""
        rows = self._session.execute(_NODES, {"first": first, "last": last})
        return {(row[0], row[1]): row[2] for row in rows}

    def stray_nodes(self, size: int) -> Iterator[tuple[int, int]]:
        """Level and index of every node that does not belong into a tree of this size."""
        return ((row[0], row[1]) for row in self._session.execute(_STRAY_NODES, {"size": size}))

    def events(self) -> Iterator[list[AuditedEvent]]:
        """Every event, page by page, by subject and number."""
        place: tuple[str, UUID, int] = ("", _NO_ID, -1)
        while rows := self._session.execute(_EVENTS, {"kind": place[0], "id": place[1], "seq": place[2], "limit": PAGE}).all():
            page = [AuditedEvent(*row) for row in rows]
            place = page[-1].subject_kind, page[-1].subject_id, page[-1].subject_seq
            yield page

    def stray_pending(self) -> list[int]:
        """Ids that wait for a place and are no event's."""
        return list(self._session.scalars(_STRAY_PENDING))

    def stored_clips(self) -> Iterator[AuditedClip]:
        """Every clip whose original is stored; one with several events about that comes several times."""
        after = _NO_ID
        while rows := self._session.execute(_CLIPS, {"after": after, "limit": PAGE}).all():
            after = rows[-1][0]
            yield from (AuditedClip(*row) for row in rows)

    def gone_clips(self) -> list[UUID]:
        """Clips that have events and no row."""
        return [row[0] for row in self._session.execute(_GONE_CLIPS)]

    def standing_version(self, key: str, version_id: str) -> str:
        """The version that stands for a stored one now: itself, or the one it was laid there again as from its copy."""
        seen = {version_id}
        while (found := self._session.scalars(_REPAIRED, {"key": key, "version_id": version_id}).first()) is not None and found not in seen:
            version_id = found
            seen.add(found)
        return version_id

    def event_bytes(self, subject_kind: str, action: str) -> list[bytes]:
        """The exact bytes of every event of a kind that there are few of."""
        return list(self._session.scalars(_ACTIONS, {"action": action, "kind": subject_kind}))

    def checkpoints(self, after: int, up_to: int) -> list[CheckpointRow]:
        """Checkpoints beyond a size, up to another, by size."""
        query = select(CheckpointRow).where(CheckpointRow.size > after, CheckpointRow.size <= up_to).order_by(CheckpointRow.size)
        return self._detached(list(self._session.scalars(query)))

    def newest_checkpoints(self) -> Iterator[CheckpointRow]:
        """Checkpoints, the one that covers most first."""
        query, below = select(CheckpointRow).order_by(CheckpointRow.size.desc()).limit(PAGE), None
        while page := self._detached(list(self._session.scalars(query if below is None else query.where(CheckpointRow.size < below)))):
            below = page[-1].size
            yield from page

    def receipts(self, after: int, up_to: int) -> list[TimestampReceipt]:
        """Tokens over checkpoints beyond a size, up to another."""
        query = select(TimestampReceipt).where(TimestampReceipt.checkpoint_size > after, TimestampReceipt.checkpoint_size <= up_to)
        return self._detached(list(self._session.scalars(query.order_by(TimestampReceipt.checkpoint_size, TimestampReceipt.authority))))

    def cosignatures(self, after: int, up_to: int) -> list[Cosignature]:
        """Lines of witnesses under checkpoints beyond a size, up to another."""
        query = select(Cosignature).where(Cosignature.checkpoint_size > after, Cosignature.checkpoint_size <= up_to)
        return self._detached(list(self._session.scalars(query.order_by(Cosignature.checkpoint_size, Cosignature.witness))))

    def exports(self) -> Iterator[LogExport]:
        """Every stretch that was recorded as exported, by its first leaf."""
        query, after = select(LogExport).order_by(LogExport.first_index).limit(PAGE), -1
        while page := self._detached(list(self._session.scalars(query.where(LogExport.first_index > after)))):
            after = page[-1].first_index
            yield from page

    def signing_keys(self) -> list[LogKey]:
        """Every key of the log that was noted down."""
        return list(self._session.scalars(select(LogKey).order_by(LogKey.from_size, LogKey.since)))

    def add_run(self, run: LogAuditRun) -> None:
        """Keep what an audit found."""
        self._session.add(run)

    def newest_run(self) -> LogAuditRun | None:
        """What the last audit found."""
        return self._session.scalars(select(LogAuditRun).order_by(LogAuditRun.finished_at.desc()).limit(1)).first()

    def _detached(self, rows: list[_Row]) -> list[_Row]:
        """Let the session forget rows, or it would hold the whole log in the end."""
        for row in rows:
            self._session.expunge(row)
        return rows
