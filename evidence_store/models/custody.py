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
