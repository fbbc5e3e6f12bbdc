"""Footage that was brought by a person instead of read by a dock."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from evidence_store.models.agency import Agency
from evidence_store.models.base import Base


class FootageImport(Base):
    """One bringing of footage; what it brings comes through a dock credential of its own (``Dock.import_id``).

    Attributes:
        agency_id: Agency that owns what it brings, unless a stated officer belongs to another.
        kind: ``integrity.provenance.SourceKind``.
        received_from: From whom.
        document: The document it came under.
        importer: Name of the account, as it was then.
        closed_at: Since when nothing more comes; ``None`` while its credential holds.
    """

    __tablename__ = "footage_import"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    kind: Mapped[str]
    received_from: Mapped[str]
    document: Mapped[str]
    opened_by: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    importer: Mapped[str]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class ImportStatement(Base):
    """What the source of an import states of one file (``integrity.provenance.StatedFile``).

    Attributes:
        path_sha256: SHA-256 of the file's path as the import lists it, verbatim.
    """

    __tablename__ = "import_statement"

    import_id: Mapped[UUID] = mapped_column(ForeignKey("footage_import.id"), primary_key=True)
    path_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    stated: Mapped[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ImportRow:
    """An import with its agency, and what came of it.

    Attributes:
        brought: Clips it brought, by state.
        recognised: Files whose content was here already.
        differing: Clips whose content is not what the source stated.
    """

    footage_import: FootageImport
    agency: Agency
    brought: dict[str, int]
    recognised: int
    differing: int
