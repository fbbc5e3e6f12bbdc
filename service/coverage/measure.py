"""The coverage of an agency and those below it, at an instant."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from evidence_store.actor import Actor
from evidence_store.models import Agency
from evidence_store.repositories.coverage import DenominatorRow
from service.access.permission import require
from service.access.policy import Action
from service.context import ServiceContext
from service.coverage.rate import METHOD, CountedOfficer, CoverageRate, HeldRecorder, compute_rate
from service.errors import UnacceptableValueError, UnknownAgencyError

DAYS = ZoneInfo("Asia/Shanghai")
"""Facts of the roster hold by whole days of this zone."""


@dataclass(frozen=True, slots=True)
class CoverageMeasurement:
    """A rate with what it was measured of.

    Attributes:
        as_of: The instant, UTC.
        day: The day whose facts count, Asia/Shanghai.
        parts: The same for each agency directly below, by its path.
    """

    agency: Agency
    as_of: datetime
    day: date
    method: str
    rate: CoverageRate
    parts: tuple[tuple[Agency, CoverageRate], ...]


def parse_as_of(text: str | None, now: datetime) -> datetime:
    """Read an instant; a date alone means its end in Asia/Shanghai, nothing means now.

    Raises:
        UnacceptableValueError: It is neither an RFC 3339 instant with an offset nor a date.
    """
    if text is None:
        return now
    try:
        if len(text) == len("2026-12-31"):
            return datetime.combine(date.fromisoformat(text), time.max, tzinfo=DAYS).astimezone(UTC)
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UnacceptableValueError("as_of", "expected a date or an RFC 3339 instant") from error
    raise UnacceptableValueError("as_of", "expected an offset, for instance +08:00")


def measure_coverage(context: ServiceContext, *, actor: Actor, agency_code: str | None = None, as_of: datetime | None = None) -> CoverageMeasurement:
    """Measure the coverage of an agency within the actor's, from the facts that hold on the day.

    Raises:
        NotPermittedError: This role may not.
        UnknownAgencyError: No such agency within the actor's.
    """
    require(Action.READ_COVERAGE, actor)
    moment = as_of or context.clock.now()
    day = moment.astimezone(DAYS).date()
    with context.unit_of_work() as work:
        agency = work.agencies.by_code(agency_code) if agency_code else work.agencies.get(actor.agency_id) if actor.agency_id else None
        if agency is None or not agency.path.startswith(actor.scope.agency_path):
            raise UnknownAgencyError(agency_code or "")
        rows = work.coverage.denominator(agency.path, day)
        below = work.agencies.children(agency.id)
    parts = tuple((child, _rate([row for row in rows if row.agency_path.startswith(child.path)], day)) for child in below)
    return CoverageMeasurement(agency, moment, day, METHOD, _rate(rows, day), parts)


def _rate(rows: list[DenominatorRow], day: date) -> CoverageRate:
    return compute_rate([_counted(row) for row in rows], day)


def _counted(row: DenominatorRow) -> CountedOfficer:
    held = tuple(HeldRecorder(is_exclusive, state) for is_exclusive, state in row.held)
    return CountedOfficer(row.code, row.name, row.agency_code, row.agency_name, row.certified_since, held)
