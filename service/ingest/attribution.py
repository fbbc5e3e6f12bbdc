"""Whose clips a listing holds, and which agency owns them: facts for the rules in ``policy``."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from evidence_store.models import DockSession
from evidence_store.unit_of_work import UnitOfWork
from integrity.listing import Listing
from service.context import ServiceContext
from service.errors import ServiceError
from service.ingest.policy import Tenure, attribute, is_plausible, recorded_time

_DAYS = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class ClipOrigin:
    """Where a clip comes from, as far as is known."""

    agency_id: UUID
    officer_id: UUID | None
    recorded_at: datetime | None
    flags: frozenset[str]


def resolve_origin(context: ServiceContext, work: UnitOfWork, session: DockSession, listing: Listing) -> list[ClipOrigin]:
    """Find agency, officer and time of every file of a listing; what is unknown is flagged, never refused."""
    zone = ZoneInfo(context.settings.recorder_time_zone)
    now = context.clock.now()
    owner = _Owner(work, session)
    origins = []
    for file in listing.files:
        recorded_at = recorded_time(file, zone)
        flags = set(owner.flags)
        if recorded_at is None or not is_plausible(recorded_at, now):
            flags.add("implausible_time")
        if file.size_bytes == 0:
            flags.add("empty")
        day = (recorded_at or now).astimezone(_DAYS).date()
        attribution = attribute(owner.tenures, day, claimed=owner.claimed, claims_anybody=owner.claims_anybody)
        agency_id = owner.agency_on(attribution.officer_id, day)
        origins.append(ClipOrigin(agency_id, attribution.officer_id, recorded_at, frozenset(flags | set(attribution.flags))))
    return origins


class _Owner:
    """What is known of the recorder's owner, read once for a whole listing."""

    def __init__(self, work: UnitOfWork, session: DockSession) -> None:
        self._work = work
        self._agencies: dict[tuple[UUID, date], UUID | None] = {}
        dock = work.docks.get(session.dock_id)
        recorder = work.recorders.named({session.recorder_id}).get(session.recorder_id) if session.recorder_id else None
        if dock is None:
            raise ServiceError(f"dock {session.dock_id} is gone")
        self._default = recorder.agency_id if recorder else dock.agency_id
        code = session.identity["officer_code"]
        officer = work.officers.by_code(code) if code else None
        self.claims_anybody = bool(code)
        self.claimed = officer.id if officer else None
        self.tenures = list(_tenures(work, recorder.id)) if recorder else []
        self.flags = frozenset() if recorder else frozenset({"unregistered_recorder"})

    def agency_on(self, officer_id: UUID | None, day: date) -> UUID:
        """The agency that owns footage of that day: the officer's, else the recorder's, else the dock's."""
        if officer_id is None:
            return self._default
        if (officer_id, day) not in self._agencies:
            self._agencies[officer_id, day] = self._work.officers.agency_on(officer_id, day)
        return self._agencies[officer_id, day] or self._default


def _tenures(work: UnitOfWork, recorder_id: UUID) -> Iterable[Tenure]:
    for assignment in work.recorders.assignments_of(recorder_id):
        yield Tenure(assignment.officer_id, assignment.is_exclusive, assignment.valid_from, assignment.valid_until)
