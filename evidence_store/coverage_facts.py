"""Facts of coverage as values: which count, and what they say of officers and agencies. Without rules, and without SQL."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class FactsAt:
    """Which facts count.

    Attributes:
        day: Facts that are true on this day, Asia/Shanghai.
        known: As far as they were known at this instant, UTC.
    """

    day: date
    known: datetime


@dataclass(frozen=True, slots=True)
class Holding:
    """What recorders an officer has: of their own by state, and from a pool."""

    in_service: bool = False
    in_repair: bool = False
    lost: bool = False
    otherwise: bool = False
    pool: bool = False


@dataclass(frozen=True, slots=True)
class CountedGroup:
    """Officers of the denominator who serve at one agency and are alike in what they have.

    Attributes:
        is_new: Whether their certificate is younger than the days asked for.
    """

    agency_id: UUID
    holding: Holding
    is_new: bool
    officers: int


@dataclass(frozen=True, slots=True)
class CountedRow:
    """One officer of the denominator.

    Attributes:
        certified_since: First day of the certificate that counts.
        recorders: Of their own, as ``(serial, state)``, by serial.
    """

    officer_id: UUID
    code: str
    name: str
    agency_id: UUID
    certified_since: date
    holding: Holding
    recorders: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """Where an agency stands on the day, or stood last when it is closed by then.

    Attributes:
        path: Its present path, which says whose people may see it.
    """

    agency_id: UUID
    code: str
    name: str
    level: str
    parent_id: UUID | None
    is_open: bool
    path: str


@dataclass(frozen=True, slots=True)
class SuccessionRow:
    """An agency taken over by another, as a whole or in part."""

    predecessor_id: UUID
    successor_id: UUID
    kind: str
    since: date
