"""Units in the tree ministry, province, city, county, station."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from evidence_store.models.base import Base
from evidence_store.models.fact import Fact, SpanFact


class AgencyLevel(StrEnum):
    """Where in the tree an agency stands, from the top."""

    MINISTRY = "ministry"
    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    STATION = "station"


class Agency(Base):
    """A unit that owns evidence, where it stands now: whose footage its people see follows from that.

    Attributes:
        path: ``/code/code/`` from the top down to itself; a prefix search finds everything below.
    """

    __tablename__ = "agency"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str]
    name: Mapped[str]
    level: Mapped[str]
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("agency.id"))
    path: Mapped[str]


class AgencyPlace(SpanFact, Base):
    """What an agency was called and where it stood in the tree; one place a day, and none on days before it opened or after it closed.

    Attributes:
        parent_id: The agency above; ``None`` at the top.
        document_number: What ordered it, where that was told.
    """

    __tablename__ = "agency_place"

    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("agency.id"))
    name: Mapped[str]
    level: Mapped[str]
    document_number: Mapped[str]
    reason: Mapped[str]


class AgencySuccession(Fact, Base):
    """That an agency took over another (``merge``) or a part of it (``split``), since a day.

    Figures before and after that day are compared like for like by it.
    """

    __tablename__ = "agency_succession"

    predecessor_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    successor_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    kind: Mapped[str]
    since: Mapped[date]
    document_number: Mapped[str]
    reason: Mapped[str]
