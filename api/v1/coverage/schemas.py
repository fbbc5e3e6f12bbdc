"""Coverage as it is told to programs."""

from datetime import date, datetime

from pydantic import BaseModel

from service.coverage.measure import CoverageMeasurement
from service.coverage.rate import CoverageRate

MOST_NAMES = 100


class GapItem(BaseModel):
    """An officer without a recorder that counts, and why."""

    officer_code: str
    name: str
    agency_code: str
    agency: str
    reason: str


class CoveragePart(BaseModel):
    """The figures of one agency below."""

    agency_code: str
    agency: str
    numerator: int
    denominator: int
    rate: float | None


class CoverageAnswer(BaseModel):
    """The rate of an agency and those below it; ``rate`` is unrounded, and null when nobody counts."""

    agency_code: str
    agency: str
    numerator: int
    denominator: int
    rate: float | None
    gap_total: int
    gap: list[GapItem]
    as_of: datetime
    day: date
    method: str
    parts: list[CoveragePart]


def coverage_answer(measured: CoverageMeasurement) -> CoverageAnswer:
    """Tell a measurement, with the first names of its gap."""
    return CoverageAnswer(
        agency_code=measured.agency.code,
        agency=measured.agency.name,
        numerator=measured.rate.numerator,
        denominator=measured.rate.denominator,
        rate=measured.rate.rate,
        gap_total=len(measured.rate.gap),
        gap=_gap(measured.rate),
        as_of=measured.as_of,
        day=measured.day,
        method=measured.method,
        parts=[
            CoveragePart(agency_code=agency.code, agency=agency.name, numerator=rate.numerator, denominator=rate.denominator, rate=rate.rate)
            for agency, rate in measured.parts
        ],
    )


def _gap(rate: CoverageRate) -> list[GapItem]:
    return [
        GapItem(
            officer_code=item.officer.code,
            name=item.officer.name,
            agency_code=item.officer.agency_code,
            agency=item.officer.agency_name,
            reason=str(item.reason),
        )
        for item in rate.gap[:MOST_NAMES]
    ]
