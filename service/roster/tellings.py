"""A roster, flat: every fact with the subject it is about, the key that makes it the same fact when it is told again, and its content. Pure.

Subjects are named by their codes, serial numbers and certificate numbers throughout; identifiers are the database's affair.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import BaseModel

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
        where: Its place in the roster, for people.
    """

    table: str
    subject: str
    key: Key
    content: Mapping[str, Any]
    withdrawn: bool
    where: str


def flatten(roster: Roster) -> Iterator[Telling]:
    """Tell every fact of a roster by itself, but where recorders belong, which depends on what is known."""
    for agency in roster.agencies:
        yield from _of_agency(agency)
    for officer in roster.officers:
        yield from _of_officer(officer)
    for recorder in roster.recorders:
        yield from _of_recorder(recorder)
    for target in roster.targets:
        where = f"target of {target.agency} for {target.due_on}"
        yield _telling("coverage_target", (target.agency, target.due_on), target, where, leave_out={"agency", "due_on"})


def place_of_recorder(recorder: RecorderFacts, begins: date = FIRST_DAY, ends: date | None = None) -> Telling:
    """Where a recorder belongs from a day on."""
    content = {"agency": recorder.agency, "valid_until": ends}
    key = (recorder.serial, begins)
    return Telling("recorder_place", recorder.serial, key, content, withdrawn=False, where=f"recorder {recorder.serial}, agency from {begins}")


def _of_agency(agency: AgencyFacts) -> Iterator[Telling]:
    where = f"agency {agency.code}, from {agency.valid_from}"
    yield _telling("agency_place", (agency.code, agency.valid_from), agency, where, leave_out={"code", "valid_from", "successors"})
    for successor in agency.successors:
        key = (agency.code, successor.agency, successor.since)
        yield _telling("agency_succession", key, successor, f"agency {agency.code}, successor {successor.agency}", leave_out={"agency", "since"})


def _of_officer(officer: OfficerFacts) -> Iterator[Telling]:
    where = f"officer {officer.code}"
    for post in officer.posts:
        yield _telling("officer_post", (officer.code, post.valid_from), post, f"{where}, post from {post.valid_from}")
    for held in officer.codes:
        content = {"officer": officer.code, "valid_until": held.valid_until}
        told = f"code {held.code} from {held.valid_from}"
        yield Telling("officer_code", held.code, (held.code, held.valid_from), content, held.withdrawn, f"{where}, {told}")
    for certificate in officer.certificates:
        told = f"{where}, certificate {certificate.number}"
        content = {"officer": officer.code, "valid_until": certificate.valid_until}
        key = (certificate.number, certificate.valid_from)
        yield Telling("certificate_term", certificate.number, key, content, certificate.withdrawn, told)
        for change in certificate.changes:
            yield _telling("certificate_status", (certificate.number, change.since), change, f"{told}, state since {change.since}")


def _of_recorder(recorder: RecorderFacts) -> Iterator[Telling]:
    where = f"recorder {recorder.serial}"
    for change in recorder.changes:
        yield _telling("recorder_status", (recorder.serial, change.since), change, f"{where}, state since {change.since}")
    for assignment in recorder.assignments:
        told = f"{where}, assignment to {assignment.officer} from {assignment.valid_from}"
        yield _telling(
            "assignment", (recorder.serial, assignment.officer, assignment.valid_from), assignment, told, leave_out={"officer", "valid_from"}
        )
    for use in recorder.uses:
        used = (recorder.serial, use.used_on, use.source)
        yield Telling("recorder_use", recorder.serial, used, {}, withdrawn=False, where=f"{where}, use on {use.used_on}")


def _telling(table: str, key: Key, fact: BaseModel, where: str, *, leave_out: Collection[str] = ("valid_from", "since")) -> Telling:
    content = fact.model_dump(exclude={*leave_out, "withdrawn"})
    if content.get("wipe") is not None:
        content["wipe"]["wiped_on"] = content["wipe"]["wiped_on"].isoformat()
    plain = {name: str(value) if isinstance(value, str) else value for name, value in content.items()}
    return Telling(table, str(key[0]), key, plain, bool(getattr(fact, "withdrawn", False)), where)
