"""Take a roster in: all of it or nothing, and the same again changes nothing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.errors import ConflictingRowError
from evidence_store.models import (
    Agency,
    AgencyPlace,
    Assignment,
    Certificate,
    CertificateStatus,
    CertificateTerm,
    Officer,
    OfficerCode,
    OfficerPost,
    Recorder,
    RecorderPlace,
    RecorderStatus,
)
from evidence_store.unit_of_work import UnitOfWork
from service.access.permission import require
from service.access.policy import Action
from service.context import ServiceContext
from service.roster.errors import RosterRefusedError
from service.roster.plan_import import KnownCodes, find_faults, in_order
from service.roster.rows import FIRST_DAY, Roster
from service.roster.tell_added import SUBJECT, tell_added


@dataclass(frozen=True, slots=True)
class ImportResult:
    """How many rows a roster added, by table."""

    added: dict[str, int]


def import_roster(context: ServiceContext, roster: Roster, *, actor: Actor, is_dry_run: bool = False) -> ImportResult:
    """Add the facts of a roster that are not known yet; nothing is overwritten.

    Args:
        context: What the service needs.
        roster: The facts.
        actor: Who hands them over.
        is_dry_run: Say what would be added, and add nothing.

    Raises:
        NotPermittedError: This role may not.
        RosterRefusedError: The roster contradicts itself or what is known; nothing was added.
    """
    require(Action.CHANGE_ROSTER, actor)
    try:
        with context.unit_of_work() as work:
            ledger = _Ledger(context, work, actor)
            _refuse_faults(find_faults(roster, ledger.known()))
            ledger.add(roster)
            _end_dry_run(is_dry_run=is_dry_run)
            roster_id = context.new_id()
            work.custody.append(SUBJECT, roster_id, "roster.imported", actor=actor, at=ledger.now, details=dict(ledger.added))
            tell_added(work, roster_id, ledger.rows, actor=actor, at=ledger.now)
    except _DryRunEnded:
        return ImportResult(ledger.added)
    except ConflictingRowError as error:
        raise RosterRefusedError([f"contradicts what is known: {error.constraint}"]) from error
    return ImportResult(ledger.added)


def _refuse_faults(faults: list[str]) -> None:
    if faults:
        raise RosterRefusedError(faults)


class _DryRunEnded(Exception):  # noqa: N818 - rolls the transaction back, nothing is wrong
    pass


def _end_dry_run(*, is_dry_run: bool) -> None:
    if is_dry_run:
        raise _DryRunEnded


class _Ledger:
    """What is known of the roster's tables, and what is being added to it."""

    def __init__(self, context: ServiceContext, work: UnitOfWork, actor: Actor) -> None:
        self._context = context
        self._work = work
        self.now: datetime = context.clock.now()
        self.added: dict[str, int] = {}
        self.rows: list[Any] = []
        within = work.agencies.within(actor.scope)
        self._top = within[0]
        self._agencies = {agency.code: agency for agency in within}
        self._officers = work.officers.ids_by_code()
        self._nameless = work.officers.nameless()
        self._recorders = work.recorders.ids_by_serial()
        self._facts = work.roster.fact_keys()

    def known(self) -> KnownCodes:
        """Codes a roster may refer to."""
        return KnownCodes(frozenset(self._agencies), frozenset(self._officers))

    def add(self, roster: Roster) -> None:
        """Add what is new."""
        for facts in in_order(roster.agencies, frozenset(self._agencies)):
            self._add_agency(facts)
        rows: list[Any] = []
        for officer in roster.officers:
            rows += self._officer_rows(officer)
        for recorder in roster.recorders:
            rows += self._recorder_rows(recorder)
        self._work.roster.add(rows)
        self.rows += rows

    def _add_agency(self, facts: Any) -> None:
        if facts.code in self._agencies:
            return
        parent = self._agencies[facts.parent] if facts.parent else self._top
        agency = Agency(
            id=self._context.new_id(), code=facts.code, name=facts.name, level=facts.level, parent_id=parent.id, path=f"{parent.path}{facts.code}/"
        )
        self._work.agencies.add([agency])
        self._work.roster.add([self._place(agency)])
        self._agencies[facts.code] = agency
        self.rows.append(agency)
        self._count("agency")

    def _place(self, agency: Agency) -> AgencyPlace:
        return AgencyPlace(
            id=self._context.new_id(),
            agency_id=agency.id,
            parent_id=agency.parent_id,
            name=agency.name,
            level=agency.level,
            valid_from=FIRST_DAY,
            document_number="",
            reason="",
            recorded_at=self.now,
        )

    def _officer_rows(self, facts: Any) -> list[Any]:
        rows: list[Any] = []
        if facts.code not in self._officers:
            self._officers[facts.code] = self._context.new_id()
            self._note(rows, Officer(id=self._officers[facts.code], code=facts.code, name=facts.name))
        elif facts.code in self._nameless:
            self._work.officers.name_once(facts.code, facts.name)
        officer_id = self._officers[facts.code]
        for post in facts.posts:
            agency_id = self._agencies[post.agency].id
            key = ("officer_post", officer_id, agency_id, post.valid_from)
            row = OfficerPost(
                id=self._context.new_id(),
                officer_id=officer_id,
                agency_id=agency_id,
                recorded_at=self.now,
                document_number="",
                reason="",
                **post.model_dump(exclude={"agency"}),
            )
            self._note_fact(rows, key, row)
        for held in facts.codes:
            code = OfficerCode(id=self._context.new_id(), officer_id=officer_id, recorded_at=self.now, **held.model_dump())
            self._note_fact(rows, ("officer_code", officer_id, held.code, held.valid_from), code)
        for certificate in facts.certificates:
            rows += self._certificate_rows(officer_id, certificate)
        return rows

    def _certificate_rows(self, officer_id: UUID, facts: Any) -> list[Any]:
        rows: list[Any] = []
        certificate_id = self._facts.certificates.get(facts.number)
        if certificate_id is None:
            certificate_id = self._facts.certificates[facts.number] = self._context.new_id()
            dates = facts.model_dump(include={"valid_from", "valid_until"})
            self._note(rows, Certificate(id=certificate_id, number=facts.number))
            term = CertificateTerm(id=self._context.new_id(), certificate_id=certificate_id, officer_id=officer_id, recorded_at=self.now, **dates)
            self._note(rows, term)
        for change in facts.changes:
            row = CertificateStatus(id=self._context.new_id(), certificate_id=certificate_id, recorded_at=self.now, **change.model_dump())
            self._note_fact(rows, ("certificate_status", certificate_id, str(change.state), change.since), row)
        return rows

    def _recorder_rows(self, facts: Any) -> list[Any]:
        rows: list[Any] = []
        if facts.serial not in self._recorders:
            self._recorders[facts.serial] = self._context.new_id()
            agency_id = self._agencies[facts.agency].id
            recorder = Recorder(id=self._recorders[facts.serial], serial=facts.serial, model=facts.model, agency_id=agency_id, registered_at=self.now)
            self._note(rows, recorder)
            place = RecorderPlace(id=self._context.new_id(), recorder_id=recorder.id, agency_id=agency_id, valid_from=FIRST_DAY, recorded_at=self.now)
            self._note(rows, place)
        recorder_id = self._recorders[facts.serial]
        for change in facts.changes:
            status = RecorderStatus(
                id=self._context.new_id(), recorder_id=recorder_id, recorded_at=self.now, document_number="", reason="", **change.model_dump()
            )
            self._note_fact(rows, ("recorder_status", recorder_id, str(change.state), change.since), status)
        for assignment in facts.assignments:
            officer_id = self._officers[assignment.officer]
            values = assignment.model_dump(exclude={"officer"})
            row = Assignment(id=self._context.new_id(), recorder_id=recorder_id, officer_id=officer_id, recorded_at=self.now, **values)
            self._note_fact(rows, ("assignment", recorder_id, officer_id, assignment.valid_from), row)
        return rows

    def _note_fact(self, rows: list[Any], key: tuple[Any, ...], row: Any) -> None:
        if key not in self._facts.keys:
            self._facts.keys.add(key)
            self._note(rows, row)

    def _note(self, rows: list[Any], row: Any) -> None:
        rows.append(row)
        self._count(row.__tablename__)

    def _count(self, table: str) -> None:
        self.added[table] = self.added.get(table, 0) + 1
