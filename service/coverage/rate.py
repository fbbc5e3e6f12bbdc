"""The coverage rate (配置率), as a pure rule over facts of one day.

Denominator: officers who are front-line, on duty (在岗) and hold a valid certificate, once each, in their agency. Numerator: those of them with a
current exclusive assignment of a recorder that is in service. A rate over nobody is not applicable, never 100 %.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

METHOD = "bodycam-coverage/1"
"""Version of this rule; printed beside every figure."""
NEWLY_CERTIFIED_DAYS = 30
IN_SERVICE, IN_REPAIR, LOST = "in_service", "in_repair", "lost"


class GapReason(StrEnum):
    """Why an officer of the denominator is not in the numerator."""

    NO_RECORDER = "no_recorder"
    IN_REPAIR = "in_repair"
    LOST = "lost"
    NOT_IN_SERVICE = "not_in_service"
    ONLY_POOL = "only_pool"
    NEWLY_CERTIFIED = "newly_certified"


@dataclass(frozen=True, slots=True)
class HeldRecorder:
    """A recorder assigned to an officer on the day, and the state it is in."""

    is_exclusive: bool
    state: str


@dataclass(frozen=True, slots=True)
class CountedOfficer:
    """An officer of the denominator.

    Attributes:
        certified_since: First day of the certificate that counts.
        held: Recorders assigned to the officer on the day.
    """

    code: str
    name: str
    agency_code: str
    agency_name: str
    certified_since: date
    held: tuple[HeldRecorder, ...]


@dataclass(frozen=True, slots=True)
class MissingOfficer:
    """An officer without a recorder that counts, and why."""

    officer: CountedOfficer
    reason: GapReason


@dataclass(frozen=True, slots=True)
class CoverageRate:
    """The rate and the names behind it.

    Attributes:
        numerator: Officers who count and have a recorder that counts.
        denominator: Officers who count.
        gap: Everyone else of the denominator, by agency and number.
    """

    numerator: int
    denominator: int
    gap: tuple[MissingOfficer, ...]

    @property
    def rate(self) -> float | None:
        """Numerator over denominator, unrounded; ``None`` when nobody counts."""
        return self.numerator / self.denominator if self.denominator else None


def compute_rate(officers: Sequence[CountedOfficer], day: date) -> CoverageRate:
    """Compute the rate on a day.

    Args:
        officers: The denominator of that day, each officer once.
        day: The day, Asia/Shanghai.
    """
    missing = [MissingOfficer(officer, reason) for officer in officers if (reason := why_missing(officer, day)) is not None]
    missing.sort(key=lambda item: (item.officer.agency_code, item.officer.code))
    return CoverageRate(len(officers) - len(missing), len(officers), tuple(missing))


def why_missing(officer: CountedOfficer, day: date) -> GapReason | None:
    """Why an officer has no recorder that counts; ``None`` when they have one."""
    own = {recorder.state for recorder in officer.held if recorder.is_exclusive}
    if IN_SERVICE in own:
        return None
    for state, reason in ((IN_REPAIR, GapReason.IN_REPAIR), (LOST, GapReason.LOST)):
        if state in own:
            return reason
    if own:
        return GapReason.NOT_IN_SERVICE
    if officer.held:
        return GapReason.ONLY_POOL
    if day - officer.certified_since < timedelta(days=NEWLY_CERTIFIED_DAYS):
        return GapReason.NEWLY_CERTIFIED
    return GapReason.NO_RECORDER
