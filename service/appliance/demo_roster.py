"""The demonstration's roster: what the people of ``demo_people`` were, wore and lost since 2023, up to the day it is made.

The rate climbs as provinces report it: 55 % at the start of 2024, 78 % at its end, 90 % a year later, about 96 % on the day itself, with a named gap
of every reason. It is made of facts alone; the rate is what the coverage rule makes of them.
"""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from evidence_store.models.officer import CertificateState, DutyState
from evidence_store.models.recorder import RecorderState
from service.accounts.first_people import PLANNED_BY, TOP_CODE
from service.appliance.demo_people import FRONT_AGENCIES, MARK, Person, demo_agencies, demo_people
from service.roster.rows import (
    AssignmentFacts,
    CertificateFacts,
    OfficerFacts,
    PostFacts,
    RecorderFacts,
    RecorderStatusFacts,
    Roster,
    StatusFacts,
    TargetFacts,
    WipeFacts,
)

_MODEL = f"示范记录仪{MARK}"
_FIRST_POSTS = date(2023, 1, 1)
_START = date(2024, 1, 1)
_EARLIEST_DAY = date(2026, 3, 1)
"""A machine whose clock is behind still gets a history that ends after it began."""
_CLIMB = ((date(2024, 1, 1), 0.532), (date(2024, 12, 31), 0.772), (date(2025, 12, 31), 0.898))
_END_SHARE = 0.978
_TARGETS = ((date(2024, 12, 31), "0.75"), (date(2025, 12, 31), "0.90"), (PLANNED_BY, "1"))
_REPAIR_SHARE = 0.15
_MOVED_SHARE = 0.02
_SUSPENDED_ONCE_SHARE = 0.02
_FIRST_REPLACEMENT, _FIRST_POOL, _FIRST_SPARE = 20_000, 50_001, 60_001
_SPARES = (*[RecorderState.ORDERED] * 12, *[RecorderState.DELIVERED] * 10, *[RecorderState.IN_SERVICE] * 4)
_SINCE_REPLACED = {RecorderState.SCRAPPED: 20, RecorderState.LOST: 5, RecorderState.SEALED: 2}


def make_demo_roster(today: date) -> Roster:
    """Make the whole roster; who has which number is the same on every day.

    Args:
        today: Day on which its history ends, Asia/Shanghai.
    """
    return _Province(max(today, _EARLIEST_DAY)).roster()


class _Province:
    """Everything that is drawn, in one order, from one seed."""

    def __init__(self, today: date) -> None:
        self._today = today
        self._draw = random.Random(20_240_102)  # noqa: S311 - a demonstration shall be the same each time
        self._people = demo_people()
        self._pools: dict[str, list[AssignmentFacts]] = {agency: [] for agency in FRONT_AGENCIES}
        self._given = self._days_given()
        self._old_states = iter([state for state, count in _SINCE_REPLACED.items() for _ in range(count)])

    def roster(self) -> Roster:
        """Everything at once."""
        officers = tuple(self._officer(person) for person in self._people)
        recorders = tuple(recorder for person in self._people for recorder in self._recorders_of(person))
        targets = tuple(
            TargetFacts(agency=TOP_CODE, due_on=due_on, share=Decimal(share), document_number=f"演示文号{MARK}") for due_on, share in _TARGETS
        )
        recorders = (*recorders, *self._pool_recorders(), *self._spares())
        return Roster(agencies=demo_agencies(), officers=officers, recorders=recorders, targets=targets)

    def _days_given(self) -> dict[int, date]:
        """On which day each person got a recorder of their own, so that the shares of ``_CLIMB`` come about."""
        lasting = [person for person in self._people if person.group in {"equipped", "in_repair", "lost", "replaced"}]
        lacking = sum(person.group in {"no_recorder", "not_in_service", "only_pool"} for person in self._people)
        order = sorted(lasting, key=lambda person: (person.group != "replaced", person.chance))
        days = {person.number: self._day_of(place / (len(order) + lacking)) for place, person in enumerate(order)}
        for person in self._people:
            if person.group in {"left", "suspended", "withdrawn", "cancelled", "expired"}:
                days[person.number] = self._between(date(2023, 3, 1), date(2024, 2, 1))
            elif person.group == "not_in_service":
                days[person.number] = self._days_ago(3, 15)
            elif person.group == "joined":
                days[person.number] = self._joined_on(person) + timedelta(days=self._draw.randint(10, 40))
        return days

    def _day_of(self, share: float) -> date:
        climb = (*_CLIMB, (self._today, _END_SHARE))
        if share < climb[0][1]:
            return self._between(date(2023, 3, 1), date(2023, 12, 31))
        for (before, low), (after, high) in pairwise(climb):
            if share < high:
                return before + timedelta(days=1 + int((after - before).days * (share - low) / (high - low)))
        return self._today

    def _officer(self, person: Person) -> OfficerFacts:
        return OfficerFacts(code=person.code, name=person.name, posts=tuple(self._posts(person)), certificates=tuple(self._certificates(person)))

    def _posts(self, person: Person) -> Iterator[PostFacts]:
        duty = {"is_front_line": person.group != "back_office", "duty_state": DutyState.OFF_DUTY if person.group == "off_duty" else DutyState.ON_DUTY}
        begins = self._certified_on(person)
        if person.group == "left":
            yield PostFacts(agency=person.agency, valid_from=begins, valid_until=self._left_on(person), **duty)
        elif person.group == "equipped" and self._draw.random() < _MOVED_SHARE:
            day = self._between(date(2024, 6, 1), date(2025, 11, 30))
            elsewhere = self._draw.choice([agency for agency in FRONT_AGENCIES if agency != person.agency])
            yield PostFacts(agency=elsewhere, valid_from=begins, valid_until=day - timedelta(days=1), **duty)
            yield PostFacts(agency=person.agency, valid_from=day, **duty)
        else:
            yield PostFacts(agency=person.agency, valid_from=begins, **duty)

    def _certificates(self, person: Person) -> Iterator[CertificateFacts]:
        if person.group == "uncertified":
            return
        changes: tuple[StatusFacts, ...] = ()
        until = date(self._today.year + 3, 12, 31)
        if person.group == "expired":
            until = self._days_ago(10, 200)
        elif person.group in {"suspended", "withdrawn", "cancelled"}:
            changes = (self._change(person, CertificateState(person.group), self._gone_on(person), 1),)
        elif person.group == "equipped" and self._draw.random() < _SUSPENDED_ONCE_SHARE:
            day = self._between(date(2024, 3, 1), date(2025, 10, 1))
            again = day + timedelta(days=self._draw.randint(20, 80))
            changes = (self._change(person, CertificateState.SUSPENDED, day, 1), self._change(person, CertificateState.VALID, again, 2))
        yield CertificateFacts(number=f"演示{person.number:06}", valid_from=self._certified_on(person), valid_until=until, changes=changes)

    def _change(self, person: Person, state: CertificateState, since: date, number: int) -> StatusFacts:
        return StatusFacts(state=state, since=since, reason=f"演示事由{MARK}", document_number=f"演示文号 {person.number:04}-{number}")

    def _recorders_of(self, person: Person) -> Iterator[RecorderFacts]:
        given = self._given.get(person.number)
        if person.group == "only_pool":
            self._lend(person, self._between(_START, date(2024, 9, 1)), None)
        if given is None:
            return
        if given > _START and person.group == "equipped" and person.chance > 1 - _REPAIR_SHARE:
            self._lend(person, _START, given - timedelta(days=1))
        if person.group == "replaced":
            yield self._replaced_one(person, given)
            given = self._replaced_on(person)
        ends = self._recorder_until(person)
        assignment = AssignmentFacts(officer=person.code, valid_from=given, valid_until=ends)
        yield self._recorder(person.serial, person.agency, (*_delivered(given), *self._later(person, given)), (assignment,))

    def _later(self, person: Person, given: date) -> Iterator[RecorderStatusFacts]:
        """What became of the person's own recorder after it was handed over."""
        if person.group == "not_in_service":
            return
        yield RecorderStatusFacts(state=RecorderState.IN_SERVICE, since=given)
        if person.group == "in_repair":
            yield RecorderStatusFacts(state=RecorderState.IN_REPAIR, since=self._days_ago(3, 45))
        elif person.group == "lost":
            yield RecorderStatusFacts(state=RecorderState.LOST, since=self._days_ago(5, 80))
        elif person.group == "equipped" and self._draw.random() < _REPAIR_SHARE:
            broken = self._between(max(given + timedelta(days=30), _START), self._today - timedelta(days=40))
            if broken > given:
                yield RecorderStatusFacts(state=RecorderState.IN_REPAIR, since=broken)
                yield RecorderStatusFacts(state=RecorderState.IN_SERVICE, since=broken + timedelta(days=self._draw.randint(5, 30)))

    def _replaced_one(self, person: Person, given: date) -> RecorderFacts:
        """The recorder that the person had first."""
        ended = self._replaced_on(person)
        changes = (
            *_delivered(given),
            RecorderStatusFacts(state=RecorderState.IN_SERVICE, since=given),
            _taken_out(next(self._old_states), ended),
        )
        assignment = AssignmentFacts(officer=person.code, valid_from=given, valid_until=ended - timedelta(days=1))
        return self._recorder(f"SF{_FIRST_REPLACEMENT + person.number:05}", person.agency, changes, (assignment,))

    def _lend(self, person: Person, begins: date, ends: date | None) -> None:
        self._pools[person.agency].append(AssignmentFacts(officer=person.code, is_exclusive=False, valid_from=begins, valid_until=ends))

    def _pool_recorders(self) -> Iterator[RecorderFacts]:
        for number, (agency, assignments) in enumerate(self._pools.items(), start=_FIRST_POOL):
            changes = (*_delivered(_START), RecorderStatusFacts(state=RecorderState.IN_SERVICE, since=_START))
            yield self._recorder(f"SF{number:05}", agency, changes, tuple(assignments))

    def _spares(self) -> Iterator[RecorderFacts]:
        for number, state in enumerate(_SPARES, start=_FIRST_SPARE):
            change = RecorderStatusFacts(state=state, since=self._days_ago(2, 60))
            yield self._recorder(f"SF{number:05}", self._draw.choice(FRONT_AGENCIES), (change,), ())

    def _recorder(
        self, serial: str, agency: str, changes: tuple[RecorderStatusFacts, ...], assignments: tuple[AssignmentFacts, ...]
    ) -> RecorderFacts:
        return RecorderFacts(serial=serial, model=_MODEL, agency=agency, changes=changes, assignments=assignments)

    def _certified_on(self, person: Person) -> date:
        if person.group == "newly_certified":
            return self._today - timedelta(days=2 + int(person.chance * 10))
        return self._joined_on(person) if person.group == "joined" else _FIRST_POSTS

    def _joined_on(self, person: Person) -> date:
        return _START + timedelta(days=60 + int(person.chance * ((self._today - _START).days - 160)))

    def _left_on(self, person: Person) -> date:
        return _START + timedelta(days=60 + int(person.chance * 600))

    def _gone_on(self, person: Person) -> date:
        return self._today - timedelta(days=5 + int(person.chance * 120))

    def _replaced_on(self, person: Person) -> date:
        return date(2024, 6, 1) + timedelta(days=int(person.chance * 500))

    def _recorder_until(self, person: Person) -> date | None:
        if person.group == "left":
            return self._left_on(person)
        return self._gone_on(person) if person.group in {"suspended", "withdrawn", "cancelled"} else None

    def _days_ago(self, least: int, most: int) -> date:
        return self._today - timedelta(days=self._draw.randint(least, most))

    def _between(self, first: date, last: date) -> date:
        return first + timedelta(days=self._draw.randint(0, max(0, (last - first).days)))


def _taken_out(state: RecorderState, since: date) -> RecorderStatusFacts:
    """A recorder's last state; what is scrapped was wiped the day before."""
    if state != RecorderState.SCRAPPED:
        return RecorderStatusFacts(state=state, since=since)
    wipe = WipeFacts(method=f"整盘覆写{MARK}", document_number=f"示范文号〔{since.year}〕1 号", wiped_on=since - timedelta(days=1))
    return RecorderStatusFacts(state=state, since=since, document_number=wipe.document_number, reason="更换", wipe=wipe)


def _delivered(given: date) -> tuple[RecorderStatusFacts, ...]:
    return (RecorderStatusFacts(state=RecorderState.DELIVERED, since=given - timedelta(days=7)),)
