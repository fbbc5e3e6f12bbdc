"""What was handed over: packages of evidence, the clips in each, and everything needed to write the same bytes again. All of it insert-only."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from evidence_store.models.agency import Agency
from evidence_store.models.base import Base
from evidence_store.models.case import Case


class EvidencePackage(Base):
    """One handing-over.

    Attributes:
        agency_id: The maker's agency; whoever sees it sees the package.
        case_id: The case whose clips were handed over; ``None`` when they were chosen by themselves.
        recipient: To whom.
        maker: Name of the account, as it was then.
        size_bytes: Of all originals together.
        contents_sha256: Digest of ``contents.json``, as the custody log has it.
    """

    __tablename__ = "evidence_package"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("evidence_case.id"))
    recipient: Mapped[str]
    purpose: Mapped[str]
    made_by: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    maker: Mapped[str]
    made_at: Mapped[datetime]
    clip_count: Mapped[int]
    size_bytes: Mapped[int]
    contents_sha256: Mapped[str]


class PackagedClip(Base):
    """A clip as it was when it was handed over.

    Attributes:
        events: Events of its chain that go along: up to and with the one that this handing-over appended.
        facts: What index and report say of it, fixed then.
    """

    __tablename__ = "evidence_package_clip"

    package_id: Mapped[UUID] = mapped_column(ForeignKey("evidence_package.id"), primary_key=True)
    clip_id: Mapped[UUID] = mapped_column(ForeignKey("clip.id"), primary_key=True)
    events: Mapped[int]
    facts: Mapped[dict[str, Any]]


class PackageFile(Base):
    """A small file of a package, kept once however many packages hold it."""

    __tablename__ = "evidence_package_file"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[bytes]


class PackageSeal(Base):
    """The checkpoint that a package proves its events by, and the files that were made for it.

    Attributes:
        software: What made the files, with its version.
        files: Digest in :class:`PackageFile` of each file, by its path in the package.
        tokens: ``{"path", "checkpoint", "consistency"}`` of each token of an authority elsewhere.
    """

    __tablename__ = "evidence_package_seal"

    package_id: Mapped[UUID] = mapped_column(ForeignKey("evidence_package.id"), primary_key=True)
    checkpoint_size: Mapped[int] = mapped_column(ForeignKey("checkpoint.size"))
    software: Mapped[str]
    files: Mapped[dict[str, Any]]
    tokens: Mapped[list[dict[str, Any]]]
    sealed_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class PackageRow:
    """A package with those it names."""

    package: EvidencePackage
    agency: Agency
    case: Case | None
    seal: PackageSeal | None
