"""What was looked after and what was found: findings, runs, fixity checks, proposals to remove leftovers, and the listing a run works on."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from evidence_store.models.base import Base


class Finding(Base):
    """Something that is not as the records say; it stays open until a run no longer finds it.

    Attributes:
        kind: ``service.safekeeping.findings.FindingKind``.
        subject: What it is about: a key with its version, a clip, a session; one open finding for each kind and subject.
        clip_id: The clip it concerns, whether or not there is such a row.
        severity: ``alarm``, ``fault`` or ``notice``.
        resolved_at: When a run no longer found it, or the leftover was removed.
    """

    __tablename__ = "finding"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject: Mapped[str]
    clip_id: Mapped[UUID | None]
    severity: Mapped[str]
    details: Mapped[dict[str, Any]]
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
    resolved_at: Mapped[datetime | None]


class ReconcileRun(Base):
    """One comparison of announced listings, database and store, from end to end; insert-only.

    Attributes:
        clips: Rows that were compared.
        objects: Versions and delete markers the store listed.
        new_findings: Findings that were not open before.
        open_findings: Findings open afterwards.
    """

    __tablename__ = "reconcile_run"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]
    clips: Mapped[int]
    objects: Mapped[int]
    new_findings: Mapped[int]
    open_findings: Mapped[int]


class RemovalProposal(Base):
    """A leftover in the store that one person proposed to remove and another must confirm.

    Attributes:
        version_id: Of an object's version or delete marker; ``None`` for an unfinished upload.
        upload_id: Of an unfinished upload; ``None`` for an object.
        removed_at: When the store had removed it.
    """

    __tablename__ = "removal_proposal"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    finding_id: Mapped[UUID] = mapped_column(ForeignKey("finding.id"))
    key: Mapped[str]
    version_id: Mapped[str | None]
    upload_id: Mapped[str | None]
    reason: Mapped[str]
    proposed_by: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    proposed_at: Mapped[datetime]
    confirmed_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    confirmed_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]


class FixityRun(Base):
    """One stretch of re-reading clips, written when it ends; insert-only.

    Attributes:
        due: Clips whose turn it was.
        root: Merkle root over the ids of the clips that were read, in order, in hexadecimal.
    """

    __tablename__ = "fixity_run"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]
    due: Mapped[int]
    checked: Mapped[int]
    failed: Mapped[int]
    size_bytes: Mapped[int]
    root: Mapped[str]


class FixityCheck(Base):
    """One clip that was read in full again; insert-only.

    Attributes:
        found: SHA-256 of what was read, in hexadecimal, or what was found instead.
    """

    __tablename__ = "fixity_check"

    clip_id: Mapped[UUID] = mapped_column(ForeignKey("clip.id"), primary_key=True)
    checked_at: Mapped[datetime] = mapped_column(primary_key=True)
    run_id: Mapped[UUID]
    is_good: Mapped[bool]
    found: Mapped[str]


class StoreListing(Base):
    """What the store lists, laid down for one run: stores agree about no order, and a listing can be longer than memory."""

    __tablename__ = "store_listing"

    key: Mapped[str] = mapped_column(primary_key=True)
    version_id: Mapped[str] = mapped_column(primary_key=True)
    size_bytes: Mapped[int]
    is_newest: Mapped[bool]
    is_delete_marker: Mapped[bool]
    written_at: Mapped[datetime]
