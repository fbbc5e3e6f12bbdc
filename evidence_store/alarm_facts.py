"""Facts that alarms of coverage are raised from, as plain values: what repositories read, and pure rules look at."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class HolderRow:
    """An officer whose certificate was taken from them, and who has recorders of their own.

    Attributes:
        agency_id: Where they serve, else where a recorder belongs.
        since: First day on which both were so.
        serials: Those recorders.
    """

    code: str
    agency_id: UUID
    state: str
    since: date
    serials: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UndockedRow:
    """A recorder in service that somebody has, at an agency whose recorders are seen.

    Attributes:
        begun: Since when it is in service and somebody's.
        last_used: Day on which it was seen last; ``None`` when it never was.
    """

    serial: str
    agency_id: UUID
    officer: str
    begun: date
    last_used: date | None


@dataclass(frozen=True, slots=True)
class GapRow:
    """An officer of the denominator without a recorder that counts.

    Attributes:
        since: First day on which they were so, as far as posts, certificates, assignments and states tell.
        certified_since: First day of the certificate that counts.
    """

    code: str
    agency_id: UUID
    since: date
    certified_since: date
