"""A roster, flat: every fact with the subject it is about, the key that makes it the same fact when it is told again, and its content. Pure.

Subjects are named by their codes, serial numbers and certificate numbers throughout; identifiers are the database's affair.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import BaseModel

from service.roster.faults import About
from service.roster.rows import FIRST_DAY, AgencyFacts, OfficerFacts, RecorderFacts, Roster

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Telling:
    """One fact as it was told.

    Attributes:
        table: Name of its table.
        subject: Whom or what it is about, as spans of one subject must not share a day: an officer, a certificate, a recorder, an agency.
        key: What makes it the same fact when it is told again; begins with the subject.
        content: Everything else of it, by column, with codes where the table has identifiers.
        withdrawn: Whether it says that it never was so.
    """

    table: str
    subject: str
    key: Key
    content: Mapping[str, Any]
    withdrawn: bool

    @property
    def about(self) -> About:
        """What it is about, for people."""
        return About(self.table, self.key)


def flatten(roster: Roster) -> Iterator[Telling]:
    """Tell every fact of a roster by itself, but where recorders belong, which depends on what is known."""
    for agency in roster.agencies:
        yield from _of_agency(agency)
    for officer in roster.officers:
        yield from _of_officer(officer)
    for recorder in roster.recorders:
        yield from _of_recorder(recorder)
    for target in roster.targets:
        yield _telling("coverage_target", (target.agency, target.due_on), target, leave_out={"agency", "due_on"})


def place_of_recorder(serial: str, agency: str, begins: date = FIRST_DAY) -> Telling:
    """Where a recorder belongs from a day on."""
    return Telling("recorder_place", serial, (serial, begins), {"agency": agency, "valid_until": None}, withdrawn=False)


def _of_agency(agency: AgencyFacts) -> Iterator[Telling]:
    yield _telling("agency_place", (agency.code, agency.valid_from), agency, leave_out={"code", "valid_from", "successors"})
    for successor in agency.successors:
        key = (agency.code, successor.agency, successor.since)
        yield _telling("agency_succession", key, successor, leave_out={"agency", "since"})


def _of_officer(officer: OfficerFacts) -> Iterator[Telling]:
    for post in officer.posts:
        yield _telling("officer_post", (officer.code, post.valid_from), post)
    for held in officer.codes:
        content = {"officer": officer.code, "valid_until": held.valid_until}
        yield Telling("officer_code", held.code, (held.code, held.valid_from), content, held.withdrawn)
    for certificate in officer.certificates:
        content = {"officer": officer.code, "valid_until": certificate.valid_until}
        key = (certificate.number, certificate.valid_from)
        yield Telling("certificate_term", certificate.number, key, content, certificate.withdrawn)
        for change in certificate.changes:
            yield _telling("certificate_status", (certificate.number, change.since), change)


def _of_recorder(recorder: RecorderFacts) -> Iterator[Telling]:
    for change in recorder.changes:
        yield _telling("recorder_status", (recorder.serial, change.since), change)
    for assignment in recorder.assignments:
        key = (recorder.serial, assignment.officer, assignment.valid_from)
        yield _telling("assignment", key, assignment, leave_out={"officer", "valid_from"})
    for use in recorder.uses:
        yield Telling("recorder_use", recorder.serial, (recorder.serial, use.used_on, use.source), {}, withdrawn=False)


def _telling(table: str, key: Key, fact: BaseModel, *, leave_out: Collection[str] = ("valid_from", "since")) -> Telling:
    content = fact.model_dump(exclude={*leave_out, "withdrawn"})
    if content.get("wipe") is not None:
        content["wipe"]["wiped_on"] = content["wipe"]["wiped_on"].isoformat()
    plain = {name: str(value) if isinstance(value, str) else value for name, value in content.items()}
    return Telling(table, str(key[0]), key, plain, bool(getattr(fact, "withdrawn", False)))
