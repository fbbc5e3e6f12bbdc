"""Whose clips a listing holds, and which agency owns them: facts for the rules in ``policy``."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from evidence_store.models import DockSession
from evidence_store.unit_of_work import UnitOfWork
from integrity.listing import RecordedFile, is_identity
from service.context import ServiceContext
from service.errors import ServiceError
from service.ingest.policy import CheckOut, CodeTenure, Tenure, attribute, corrected_time, holder_at, holder_of_code, is_plausible, recorded_time

_DAYS = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Claim:
    """Whom and what footage says it is of.

    Attributes:
        serial: Serial number of the recorder, registered or not.
        officer_code: Number of the officer, known or not.
        recorder_id: The registered recorder.
    """

    serial: str | None
    officer_code: str | None
    recorder_id: UUID | None


@dataclass(frozen=True, slots=True)
class ClipOrigin:
    """Where a clip comes from, as far as is known.

    Attributes:
        agency_id: Agency that owns it.
        officer_id: Officer to whom it is put down.
        recorded_at: The recorder's own time, UTC, uncorrected.
        flags: What is unusual.
        claim: What it says itself, or what its source states.
        provenance: How it was imported; ``None`` where a dock read it.
    """

    agency_id: UUID
    officer_id: UUID | None
    recorded_at: datetime | None
    flags: frozenset[str]
    claim: Claim
    provenance: dict[str, Any] | None = None


def resolve_origin(context: ServiceContext, work: UnitOfWork, session: DockSession, files: Iterable[RecordedFile]) -> list[ClipOrigin]:
    """Find agency, officer and time of files that a dock listed; what is unknown is flagged, never refused."""
    zone = ZoneInfo(context.settings.recorder_time_zone)
    now = context.clock.now()
    claim = Claim(session.identity["serial"], session.identity["officer_code"], session.recorder_id)
    owner = Owner(work, claim, home_id=_home_of(work, session), flags=_recorder_flags(session))
    origins = []
    for file in files:
        recorded_at = recorded_time(file, zone)
        moment = _believed_moment(session, recorded_at, now)
        flags = set() if recorded_at is not None and is_plausible(recorded_at, now) else {"implausible_time"}
        origins.append(owner.origin_of(file, recorded_at, day_of=moment or now, moment=moment, flags=flags))
    return origins


def _believed_moment(session: DockSession, recorded_at: datetime | None, now: datetime) -> datetime | None:
    """When a file was recorded, as well as we know: corrected by the measured clocks, unless that makes no sense; else as the recorder says."""
    if recorded_at is None or session.clock is None or session.dock_clock is None:
        return recorded_at
    corrected = corrected_time(recorded_at, clock_offset_s=session.clock["offset_s"], dock_offset_s=session.dock_clock["offset_s"])
    return corrected if corrected is not None and is_plausible(corrected, now) else recorded_at


class Owner:
    """Whose footage a claim makes it, its facts read once for many files.

    Args:
        work: The caller's transaction.
        claim: What the footage says.
        home_id: Agency that owns it where neither officer nor recorder tells another.
        flags: What is unusual about all of it.
        within: Path of the agency that may own it, with those below; any may when not given.
    """

    def __init__(self, work: UnitOfWork, claim: Claim, *, home_id: UUID, flags: Iterable[str] = (), within: str = "") -> None:
        self._work = work
        self._claim = claim
        self._flags = frozenset(flags)
        self._within = within
        self._agencies: dict[tuple[UUID, date], UUID | None] = {}
        recorder = work.recorders.named({claim.recorder_id}).get(claim.recorder_id) if claim.recorder_id else None
        self._default = self._allowed(recorder.agency_id) or home_id if recorder else home_id
        code = claim.officer_code if is_identity(claim.officer_code) else None
        officer = work.officers.by_code(code) if code else None
        self._claims_anybody = bool(code)
        self._current = officer.id if officer else None
        self._codes = [CodeTenure(row.officer_id, row.valid_from, row.valid_until) for row in work.officers.holders_of_code(code)] if code else []
        self._tenures = list(_tenures(work, recorder.id)) if recorder else []
        self._check_outs = [CheckOut(row.officer_id, row.taken_at, row.returned_at) for row in work.checkouts.of(recorder.id)] if recorder else []

    def origin_of(
        self,
        file: RecordedFile,
        recorded_at: datetime | None,
        *,
        day_of: datetime,
        moment: datetime | None,
        flags: Iterable[str] = (),
        provenance: dict[str, Any] | None = None,
    ) -> ClipOrigin:
        """Put a file down to somebody.

        Args:
            file: The file.
            recorded_at: The recorder's own time, UTC.
            day_of: The moment whose day decides about assignments, UTC.
            moment: When it was recorded as well as we know, UTC.
            flags: What is unusual about it.
            provenance: How it was imported.
        """
        day = day_of.astimezone(_DAYS).date()
        claimed, checked_out = holder_of_code(self._codes, day, current=self._current), holder_at(self._check_outs, moment)
        attribution = attribute(self._tenures, day, claimed=claimed, claims_anybody=self._claims_anybody, checked_out=checked_out)
        unusual = {*self._flags, *flags, *attribution.flags, *(("empty",) if file.size_bytes == 0 else ())}
        agency_id = self._agency_on(attribution.officer_id, day)
        return ClipOrigin(agency_id, attribution.officer_id, recorded_at, frozenset(unusual), self._claim, provenance)

    def _agency_on(self, officer_id: UUID | None, day: date) -> UUID:
        """The agency that owns footage of that day: the officer's, else the recorder's, else the one it comes home to."""
        if officer_id is None:
            return self._default
        if (officer_id, day) not in self._agencies:
            self._agencies[officer_id, day] = self._allowed(self._work.officers.agency_on(officer_id, day))
        return self._agencies[officer_id, day] or self._default

    def _allowed(self, agency_id: UUID | None) -> UUID | None:
        if agency_id is None or not self._within:
            return agency_id
        agency = self._work.agencies.get(agency_id)
        return agency_id if agency is not None and agency.path.startswith(self._within) else None


def _home_of(work: UnitOfWork, session: DockSession) -> UUID:
    dock = work.docks.get(session.dock_id)
    if dock is None:
        raise ServiceError(f"dock {session.dock_id} is gone")
    return dock.agency_id


def _recorder_flags(session: DockSession) -> frozenset[str]:
    if session.recorder_id is None:
        return frozenset({"unregistered_recorder"})
    return frozenset({"adopted_identity"}) if session.adoption_id is not None else frozenset()


def _tenures(work: UnitOfWork, recorder_id: UUID) -> Iterable[Tenure]:
    for assignment in work.recorders.assignments_of(recorder_id):
        yield Tenure(assignment.officer_id, assignment.is_exclusive, assignment.valid_from, assignment.valid_until)
