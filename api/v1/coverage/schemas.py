"""Coverage as it is told to programs."""

from datetime import date, datetime

from pydantic import BaseModel

from service.coverage.measure import CoverageMeasurement, MissingOfficer


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
    """The rate of an agency and those below it; ``rate`` is unrounded, and null when nobody counts.

    ``gap`` names the first of the gap; ``pool`` counts officers who may take a recorder from a pool, which is never part of the rate; ``known`` is
    the instant up to which facts were known; a day to come (``is_future``) is answered from today's facts.
    """

    agency_code: str
    agency: str
    numerator: int
    denominator: int
    rate: float | None
    gap_total: int
    gap_by_reason: dict[str, int]
    gap: list[GapItem]
    pool: int
    as_of: datetime
    day: date
    known: datetime
    is_future: bool
    method: str
    parts: list[CoveragePart]


def coverage_answer(measured: CoverageMeasurement) -> CoverageAnswer:
    """Tell a measurement, with the first names of its gap."""
    figure = measured.figure
    return CoverageAnswer(
        agency_code=measured.agency.code,
        agency=measured.agency.name,
        numerator=figure.numerator,
        denominator=figure.denominator,
        rate=figure.rate,
        gap_total=figure.missing,
        gap_by_reason={str(reason): count for reason, count in figure.gap.items()},
        gap=[_gap_item(officer) for officer in measured.missing],
        pool=figure.pool,
        as_of=measured.as_of,
        day=measured.at.day,
        known=measured.at.known,
        is_future=measured.is_future,
        method=measured.method,
        parts=[
            CoveragePart(agency_code=place.code, agency=place.name, numerator=part.numerator, denominator=part.denominator, rate=part.rate)
            for place, part in measured.parts
        ],
    )


def _gap_item(officer: MissingOfficer) -> GapItem:
    return GapItem(
        officer_code=officer.code, name=officer.name, agency_code=officer.agency.code, agency=officer.agency.name, reason=str(officer.reason)
    )
