"""The ledger of copies in the second store, and what was found gone from either store."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from evidence_store.models.base import Base


class StoreRole(StrEnum):
    """Which of the two stores."""

    FIRST = "first"
    SECOND = "second"


class ObjectCopy(Base):
    """One verified object version in the second store.

    Attributes:
        store: Address and bucket of the second store; a copy in a store that is no longer configured does not count.
        source_version: Version in the first store that it is a copy of.
        copy_version: Version in the second store.
        sha256: Of the bytes that were read back from the second store.
        retain_until: Lock that was read back from the second store, UTC.
    """

    __tablename__ = "object_copy"

    key: Mapped[str] = mapped_column(primary_key=True)
    store: Mapped[str] = mapped_column(primary_key=True)
    clip_id: Mapped[UUID | None] = mapped_column(ForeignKey("clip.id"))
    source_version: Mapped[str]
    copy_version: Mapped[str]
    size_bytes: Mapped[int]
    sha256: Mapped[str]
    retain_until: Mapped[datetime]
    verified_at: Mapped[datetime]


class ObjectLoss(Base):
    """A version that one store no longer gives, from when it was found until it was repaired from the other.

    Attributes:
        store: ``first`` or ``second``.
        place: Address and bucket of that store when it was found.
        reason: ``missing`` (not listed), ``unreadable`` (listed, not given) or ``altered`` (other bytes).
        repaired_version: The version that stands for it since.
    """

    __tablename__ = "object_loss"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    store: Mapped[str]
    place: Mapped[str]
    key: Mapped[str]
    version_id: Mapped[str]
    clip_id: Mapped[UUID | None] = mapped_column(ForeignKey("clip.id"))
    reason: Mapped[str]
    found_at: Mapped[datetime]
    repaired_at: Mapped[datetime | None]
    repaired_version: Mapped[str | None]
