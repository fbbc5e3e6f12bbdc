"""Units in the tree ministry, province, city, county, station."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from evidence_store.models.base import Base


class AgencyLevel(StrEnum):
    """Where in the tree an agency stands, from the top."""

    MINISTRY = "ministry"
    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    STATION = "station"


class Agency(Base):
    """A unit that owns evidence.

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
