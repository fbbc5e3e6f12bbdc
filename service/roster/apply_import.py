"""Take a roster in: all of it or nothing, and the same again changes nothing. What it corrects is superseded, never overwritten."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.errors import ConflictingRowError
from evidence_store.models import (
    Agency,
    AgencyPlace,
    AgencySuccession,
    Assignment,
    Base,
    Certificate,
    CertificateStatus,
    CertificateTerm,
    CoverageTarget,
    Officer,
    OfficerCode,
    OfficerPost,
    Recorder,
    RecorderPlace,
    RecorderStatus,
    RecorderUse,
    RosterChange,
)
from evidence_store.repositories.roster import RosterNames
from evidence_store.unit_of_work import UnitOfWork
from service.access.permission import require
from service.access.policy import Action
from service.context import ServiceContext
from service.coverage.measure import day_of
from service.coverage.restate import restate_snapshots
from service.coverage_outlook.watch import watch_coverage
from service.roster.errors import RosterRefusedError
from service.roster.faults import About, Fault
from service.roster.move_due import move_due
from service.roster.plan import FactChange, ImportPlan, Known
from service.roster.plan_import import plan_import
from service.roster.rows import Roster
from service.roster.tell_added import SUBJECT, tell_added
from service.roster.tell_targets import tell_targets

_MODELS: Mapping[str, type[Base]] = {
    model.__tablename__: model
    for model in (
        *(AgencyPlace, AgencySuccession, OfficerPost, OfficerCode, CertificateTerm, CertificateStatus),
        *(RecorderPlace, RecorderStatus, RecorderUse, Assignment, CoverageTarget),
    )
}
_KEYS: Mapping[str, tuple[tuple[str, str | None], ...]] = {
    "agency_place": (("agency_id", "agency"), ("valid_from", None)),
    "agency_succession": (("predecessor_id", "agency"), ("successor_id", "agency"), ("since", None)),
    "officer_post": (("officer_id", "officer"), ("valid_from", None)),
    "officer_code": (("code", None), ("valid_from", None)),
    "certificate_term": (("certificate_id", "certificate"), ("valid_from", None)),
    "certificate_status": (("certificate_id", "certificate"), ("since", None)),
    "recorder_place": (("recorder_id", "recorder"), ("valid_from", None)),
    "recorder_status": (("recorder_id", "recorder"), ("since", None)),
    "recorder_use": (("recorder_id", "recorder"), ("used_on", None), ("source", None)),
    "assignment": (("recorder_id", "recorder"), ("officer_id", "officer"), ("valid_from", None)),
    "coverage_target": (("agency_id", "agency"), ("due_on", None)),
}
"""Columns of each fact's key, and whose identifier each takes where it is told by code."""
_CONTENT: Mapping[str, tuple[str, str]] = {"agency": ("agency_id", "agency"), "parent": ("parent_id", "agency"), "officer": ("officer_id", "officer")}


@dataclass(frozen=True, slots=True)
class RosterSource:
    """Where a roster came from.

    Attributes:
        origin: ``json``, ``csv``, ``xlsx``, ``pull``, ``push`` or ``page``.
        name: Name of the file or source.
        sha256: Digest of the file, hexadecimal.
    """

    origin: str = "json"
    name: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What a roster changed, or would change.

    Attributes:
        added: Rows it added, by table.
        superseded: Rows it superseded, by table.
        plan: Every change by itself, and, of a dry run, everything that forbids it.
        change_id: The change it became; ``None`` for a dry run, and where everything stood already.
    """

    added: dict[str, int]
    superseded: dict[str, int]
    plan: ImportPlan
    change_id: UUID | None = None


def import_roster(
    context: ServiceContext, roster: Roster, *, actor: Actor, is_dry_run: bool = False, source: RosterSource | None = None
) -> ImportResult:
    """Take in what of a roster does not stand already; what it corrects is superseded.

    Args:
        context: What the service needs.
        roster: The facts.
        actor: Who hands them over.
        is_dry_run: Say what would be changed and what forbids it, and change nothing.
        source: Where it came from.

    Raises:
        NotPermittedError: This role may not.
        RosterRefusedError: The roster contradicts itself or what is known; nothing was changed.
    """
    require(Action.CHANGE_ROSTER, actor)
    try:
        with context.unit_of_work() as work:
            work.snapshots.lock_ledger()
            ledger = _Ledger(context, work, actor)
            plan = ledger.plan(roster)
            if is_dry_run or (plan.is_empty and not plan.faults):
                return ImportResult(*_counts(plan), plan)
            if plan.faults:
                raise RosterRefusedError(plan.faults)
            return ledger.apply(roster, plan, source or RosterSource())
    except ConflictingRowError as error:
        raise RosterRefusedError([Fault("meanwhile", About("roster"), {"what": error.constraint})]) from error


def _counts(plan: ImportPlan) -> tuple[dict[str, int], dict[str, int]]:
    subjects = {"agency": len(plan.agencies), "officer": len(plan.officers), "certificate": len(plan.certificates), "recorder": len(plan.recorders)}
    added = Counter(change.telling.table for change in plan.changes if change.after is not None)
    added.update({table: count for table, count in subjects.items() if count})
    return dict(added), dict(Counter(change.telling.table for change in plan.changes if change.before is not None))


@dataclass(slots=True)
class _Identifiers:
    """Identifiers of subjects by their codes, of each kind."""

    agency: dict[str, UUID] = field(default_factory=dict)
    officer: dict[str, UUID] = field(default_factory=dict)
    certificate: dict[str, UUID] = field(default_factory=dict)
    recorder: dict[str, UUID] = field(default_factory=dict)

    def of(self, kind: str, code: str | None) -> UUID | None:
        known: dict[str, UUID] = getattr(self, kind)
        return None if code is None else known[code]


class _Ledger:
    """What is known of whom a roster names, and what is written of it."""

    def __init__(self, context: ServiceContext, work: UnitOfWork, actor: Actor) -> None:
        self._context, self._work, self._actor = context, work, actor
        self._ids = _Identifiers()
        self._agencies: dict[str, Agency] = {}
        self._officers: dict[str, Officer] = {}
        self._recorders: dict[str, Recorder] = {}

    def plan(self, roster: Roster) -> ImportPlan:
        officers = {officer.code for officer in roster.officers} | {one.officer for recorder in roster.recorders for one in recorder.assignments}
        numbers = {one.number for officer in roster.officers for one in officer.certificates}
        serials = {recorder.serial for recorder in roster.recorders}
        codes = {one.code for officer in roster.officers for one in officer.codes}
        within = self._work.agencies.within(self._actor.scope)
        everywhere = self._work.roster.agencies()
        self._agencies = {agency.code: agency for agency in within}
        self._ids.agency = {agency.code: agency.id for agency in everywhere}
        self._officers = self._work.roster.officers(officers)
        self._recorders = self._work.roster.recorders(serials)
        self._ids.certificate = self._work.roster.certificates(numbers)
        scrapped = [one.serial for one in roster.recorders if any(change.state == "scrapped" for change in one.changes)]
        own_place = {within[0].code} if within[0].parent_id is not None else set()
        holders = self._work.roster.holders(codes, numbers)
        known = Known(
            top=within[0].code,
            agencies=frozenset(self._agencies),
            elsewhere=frozenset((self._ids.agency.keys() - self._agencies.keys()) | own_place),
            officers={code: officer.name for code, officer in self._officers.items()},
            recorders={serial: recorder.model for serial, recorder in self._recorders.items()},
            standing=self._work.roster.standing(RosterNames(officers | holders, codes, numbers, serials)),
            unsealed=self._work.roster.unsealed(scrapped),
        )
        return plan_import(roster, known)

    def apply(self, roster: Roster, plan: ImportPlan, source: RosterSource) -> ImportResult:
        now = self._instant()
        added, superseded = _counts(plan)
        change = RosterChange(id=self._context.new_id(), recorded_at=now, made_by=self._actor.name, touches_from=plan.touches_from)
        change.origin, change.source_name, change.source_sha256 = source.origin, source.name, source.sha256
        change.added, change.superseded = added, superseded
        self._work.roster.begin(change)
        told = self._add_subjects(roster, plan, now)
        self._write(plan, change)
        details = {"change_id": str(change.id), "origin": source.origin, "source": source.name, "sha256": source.sha256}
        self._work.custody.append(
            SUBJECT, change.id, "roster.imported", actor=self._actor, at=now, details={**details, "added": added, "superseded": superseded}
        )
        tell_added(self._work, change.id, told, actor=self._actor, at=now)
        tell_targets(self._work, change.id, plan.changes, actor=self._actor, at=now)
        move_due(self._work, actor=self._actor, now=now)
        if change.touches_from is not None and change.touches_from < day_of(now):
            self._work.jobs.defer_once(restate_snapshots)
        self._work.jobs.defer_once(watch_coverage)
        return ImportResult(added, superseded, plan, change.id)

    def _instant(self) -> datetime:
        """Later than every change and every frozen figure."""
        now, known = self._context.clock.now(), self._work.snapshots.known_until()
        return now if known is None else max(now, known + timedelta(microseconds=1))

    def _add_subjects(self, roster: Roster, plan: ImportPlan, now: datetime) -> list[Agency | Officer | Recorder]:
        """Write new agencies, officers, certificates and recorders; name those that had no name."""
        agencies = [self._add_agency(facts) for facts in plan.agencies]
        names = {officer.code: officer.name for officer in roster.officers if officer.name is not None}
        officers = [Officer(id=self._context.new_id(), code=code, name=names[code]) for code in plan.officers]
        for code, officer in self._officers.items():
            if not officer.name and code in names:
                officer.name = names[code]
        recorders = self._new_recorders(roster, plan, now)
        self._work.roster.add([*officers, *recorders])
        self._ids.officer = {officer.code: officer.id for officer in (*self._officers.values(), *officers)}
        self._ids.recorder = {recorder.serial: recorder.id for recorder in (*self._recorders.values(), *recorders)}
        fresh = {number: self._context.new_id() for number in plan.certificates if number not in self._ids.certificate}
        self._work.roster.insert(Certificate, [{"id": certificate_id, "number": number} for number, certificate_id in fresh.items()])
        self._ids.certificate |= fresh
        return [*agencies, *officers, *recorders]

    def _add_agency(self, facts: Any) -> Agency:
        parent = self._agencies[facts.parent] if facts.parent else next(iter(self._agencies.values()))
        agency = Agency(id=self._context.new_id(), code=facts.code, name=facts.name, level=facts.level, parent_id=parent.id)
        agency.path = f"{parent.path}{facts.code}/"
        self._work.agencies.add([agency])
        self._agencies[agency.code] = agency
        self._ids.agency[agency.code] = agency.id
        return agency

    def _new_recorders(self, roster: Roster, plan: ImportPlan, now: datetime) -> list[Recorder]:
        new, recorders = set(plan.recorders), []
        for facts in roster.recorders:
            known = self._recorders.get(facts.serial)
            if known is not None and facts.model and not known.model:
                known.model = facts.model
            if facts.serial in new and facts.agency is not None:
                agency_id = self._ids.agency[facts.agency]
                recorders.append(Recorder(id=self._context.new_id(), serial=facts.serial, model=facts.model, agency_id=agency_id, registered_at=now))
        return recorders

    def _write(self, plan: ImportPlan, change: RosterChange) -> None:
        """Supersede first, so that what follows may take its place."""
        for table, model in _MODELS.items():
            changes = [one for one in plan.changes if one.telling.table == table]
            gone = [one.before.id for one in changes if one.before is not None]
            if self._work.roster.supersede(model, gone, at=change.recorded_at, by=change.id) != len(gone):
                raise RosterRefusedError([Fault("meanwhile", About("roster"), {"what": table})])
            self._work.roster.insert(model, [self._row(one, change) for one in changes if one.after is not None])

    def _row(self, change: FactChange, by: RosterChange) -> dict[str, Any]:
        row: dict[str, Any] = {"id": self._context.new_id(), "recorded_at": by.recorded_at, "change_id": by.id}
        for (column, kind), value in zip(_KEYS[change.telling.table], change.telling.key, strict=True):
            row[column] = value if kind is None else self._ids.of(kind, value)
        for name, value in (change.after or {}).items():
            column, kind = _CONTENT.get(name, (name, None))
            row[column] = value if kind is None else self._ids.of(kind, value)
        return row
