"""The custody log: events as their canonical bytes, their place in the tree, signed checkpoints, time-stamp tokens."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from evidence_store.models.base import Base


class CustodyEventRow(Base):
    """One entry of a subject's chain; insert-only.

    Attributes:
        subject_seq: Number within its subject, from 0 without gaps.
        canonical: The event's exact bytes (docs/formats/custody-event.md); what the log proves.
        leaf_hash: RFC 9162 leaf hash of ``canonical``.
    """

    __tablename__ = "custody_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    subject_kind: Mapped[str]
    subject_id: Mapped[UUID]
    subject_seq: Mapped[int]
    action: Mapped[str]
    at: Mapped[datetime]
    canonical: Mapped[bytes]
    leaf_hash: Mapped[bytes]


class CustodyPending(Base):
    """An event that the sequencer has not yet given its place."""

    __tablename__ = "custody_pending"

    event_id: Mapped[int] = mapped_column(ForeignKey("custody_event.id"), primary_key=True)


class CustodyLeaf(Base):
    """The place of an event in the tree; insert-only."""

    __tablename__ = "custody_leaf"

    leaf_index: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("custody_event.id"))


class MerkleNode(Base):
    """Hash of one complete subtree; insert-only."""

    __tablename__ = "merkle_node"

    level: Mapped[int] = mapped_column(primary_key=True)
    node_index: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[bytes]


class CheckpointRow(Base):
    """A signed statement of the log's size and root; insert-only."""

    __tablename__ = "checkpoint"

    size: Mapped[int] = mapped_column(primary_key=True)
    root: Mapped[bytes]
    note: Mapped[str]
    signed_at: Mapped[datetime]


class TimestampReceipt(Base):
    """An RFC 3161 token over a checkpoint's text; insert-only."""

    __tablename__ = "timestamp_receipt"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    checkpoint_size: Mapped[int] = mapped_column(ForeignKey("checkpoint.size"))
    authority: Mapped[str]
    token: Mapped[bytes]
    stamped_at: Mapped[datetime]


class LogExport(Base):
    """A stretch of the log that lies in the store (docs/formats/log-export.md); insert-only.

    Attributes:
        first_index: Its first leaf.
        size: The leaf after its last.
        sha256: Of the object.
    """

    __tablename__ = "log_export"

    first_index: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int]
    object_key: Mapped[str]
    object_version: Mapped[str]
    sha256: Mapped[str]
    retain_until: Mapped[datetime]
    exported_at: Mapped[datetime]


class LogKey(Base):
    """A key that the log was signed with from a size on; insert-only.

    Attributes:
        verifier_key: C2SP verifier key.
        from_size: Checkpoints beyond this size are signed with it.
        transition: Note by which its predecessor and it itself say so; ``None`` for the first.
    """

    __tablename__ = "log_key"

    verifier_key: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]
    from_size: Mapped[int]
    transition: Mapped[str | None]


class Cosignature(Base):
    """A witness's signature under a checkpoint (C2SP tlog-cosignature); insert-only.

    Attributes:
        witness: Name of the witness's key.
        line: The signature line, as it is appended to the note.
    """

    __tablename__ = "cosignature"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    checkpoint_size: Mapped[int] = mapped_column(ForeignKey("checkpoint.size"))
    witness: Mapped[str]
    line: Mapped[str]
    signed_at: Mapped[datetime]
