"""Facts with two times: since when something is true, by whole days in Asia/Shanghai, and since when it is known, UTC."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from evidence_store.models.base import Base


class Fact:
    """Mixin of everything the ledger holds; a row is never changed but to say that it was superseded.

    Attributes:
        recorded_at: Since when it is known.
        superseded_at: Since when something else is known instead, or that it never was so; ``None`` while it stands.
        change_id: The change of the roster that brought it; ``None`` for what was there before changes were kept.
        superseded_by: The change that superseded it.
    """

    id: Mapped[UUID] = mapped_column(primary_key=True)
    recorded_at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]
    change_id: Mapped[UUID | None] = mapped_column(ForeignKey("roster_change.id"))
    superseded_by: Mapped[UUID | None] = mapped_column(ForeignKey("roster_change.id"))


class SpanFact(Fact):
    """Mixin of what holds from its first day to its last, included; ``None`` while it lasts."""

    valid_from: Mapped[date]
    valid_until: Mapped[date | None]


class RosterChange(Base):
    """One change of the roster: everything that came at once.

    Attributes:
        recorded_at: The instant of every fact it brought; later than that of any change before.
        made_by: Who brought it, as the custody log names them.
        origin: ``json``, ``csv``, ``xlsx``, ``pull``, ``push`` or ``page``.
        source_name: Name of the file or source, where it has one.
        source_sha256: Digest of the file, hexadecimal, where it was one.
        touches_from: Earliest day on which anything is otherwise now; ``None`` when no day is.
        added: Rows that it brought, by table.
        superseded: Rows that it superseded, by table.
    """

    __tablename__ = "roster_change"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    recorded_at: Mapped[datetime]
    made_by: Mapped[str]
    origin: Mapped[str]
    source_name: Mapped[str]
    source_sha256: Mapped[str]
    touches_from: Mapped[date | None]
    added: Mapped[dict[str, int]] = mapped_column(JSONB)
    superseded: Mapped[dict[str, int]] = mapped_column(JSONB)


class RosterConfirmation(Base):
    """That an agency confirmed its roster for a month, named by its first day."""

    __tablename__ = "roster_confirmation"

    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    confirmed_by: Mapped[str]
    confirmed_at: Mapped[datetime]


class RosterSourceState(Base):
    """How far a source that rosters are pulled from was read.

    Attributes:
        name: Its name in the settings.
        cursor: What the source is asked to go on from; empty before the first time.
        taken_at: When it last gave a roster that was taken in.
        failure: Why the last try failed; ``None`` when it did not.
    """

    __tablename__ = "roster_source_state"

    name: Mapped[str] = mapped_column(primary_key=True)
    cursor: Mapped[str]
    tried_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    failure: Mapped[str | None]
