"""Whose clips a listing holds, and which agency owns them: facts for the rules in ``policy``."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from evidence_store.models import DockSession
from evidence_store.unit_of_work import UnitOfWork
from integrity.listing import Listing, is_identity
from service.context import ServiceContext
from service.errors import ServiceError
from service.ingest.policy import CheckOut, CodeTenure, Tenure, attribute, corrected_time, holder_at, holder_of_code, is_plausible, recorded_time

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
        moment = _believed_moment(session, recorded_at, now)
        day = (moment or now).astimezone(_DAYS).date()
        claimed, checked_out = owner.claimed_on(day), holder_at(owner.check_outs, moment)
        attribution = attribute(owner.tenures, day, claimed=claimed, claims_anybody=owner.claims_anybody, checked_out=checked_out)
        agency_id = owner.agency_on(attribution.officer_id, day)
        origins.append(ClipOrigin(agency_id, attribution.officer_id, recorded_at, frozenset(flags | set(attribution.flags))))
    return origins


def _believed_moment(session: DockSession, recorded_at: datetime | None, now: datetime) -> datetime | None:
    """When a file was recorded, as well as we know: corrected by the measured clocks, unless that makes no sense; else as the recorder says."""
    if recorded_at is None or session.clock is None or session.dock_clock is None:
        return recorded_at
    corrected = corrected_time(recorded_at, clock_offset_s=session.clock["offset_s"], dock_offset_s=session.dock_clock["offset_s"])
    return corrected if corrected is not None and is_plausible(corrected, now) else recorded_at


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
        carried = session.identity["officer_code"]
        code = carried if is_identity(carried) else None
        officer = work.officers.by_code(code) if code else None
        self.claims_anybody = bool(code)
        self._current = officer.id if officer else None
        self._codes = [CodeTenure(row.officer_id, row.valid_from, row.valid_until) for row in work.officers.holders_of_code(code)] if code else []
        self.tenures = list(_tenures(work, recorder.id)) if recorder else []
        self.check_outs = [CheckOut(row.officer_id, row.taken_at, row.returned_at) for row in work.checkouts.of(recorder.id)] if recorder else []
        self.flags = _recorder_flags(session)

    def claimed_on(self, day: date) -> UUID | None:
        """The officer whom the number on the recorder meant on that day."""
        return holder_of_code(self._codes, day, current=self._current)

    def agency_on(self, officer_id: UUID | None, day: date) -> UUID:
        """The agency that owns footage of that day: the officer's, else the recorder's, else the dock's."""
        if officer_id is None:
            return self._default
        if (officer_id, day) not in self._agencies:
            self._agencies[officer_id, day] = self._work.officers.agency_on(officer_id, day)
        return self._agencies[officer_id, day] or self._default


def _recorder_flags(session: DockSession) -> frozenset[str]:
    if session.recorder_id is None:
        return frozenset({"unregistered_recorder"})
    return frozenset({"adopted_identity"}) if session.adoption_id is not None else frozenset()


def _tenures(work: UnitOfWork, recorder_id: UUID) -> Iterable[Tenure]:
    for assignment in work.recorders.assignments_of(recorder_id):
        yield Tenure(assignment.officer_id, assignment.is_exclusive, assignment.valid_from, assignment.valid_until)
