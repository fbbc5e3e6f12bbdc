"""What a roster would change, and everything that forbids it, all at once: a pure comparison with what stands."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from evidence_store.repositories.roster import StandingFact
from service.roster.faults import About, Fault
from service.roster.find_faults import faults_afterwards, faults_as_told
from service.roster.plan import FactChange, ImportPlan, Known, Standing
from service.roster.rows import FIRST_DAY, AgencyFacts, RecorderFacts, Roster
from service.roster.tellings import Key, Telling, flatten, place_of_recorder


def plan_import(roster: Roster, known: Known) -> ImportPlan:
    """Compare a roster with what stands."""
    tellings = [_below_the_top(telling, known) for telling in flatten(roster)]
    faults = faults_as_told(roster, tellings, known)
    compared = (_compare(telling, known) for telling in tellings)
    changes = [change for change in compared if change is not None]
    for move in _moves(roster, known):
        if isinstance(move, Fault):
            faults.append(move)
        else:
            changes.append(move)
    faults += faults_afterwards(_afterwards(known, changes), changes, known)
    new_agencies = {agency.code: agency for agency in roster.agencies if agency.code not in known.agencies and not agency.withdrawn}
    standing = {key[0] for key in known.standing.get("certificate_term", {})}
    numbers = (one.number for officer in roster.officers for one in officer.certificates)
    return ImportPlan(
        agencies=tuple(in_order(list(new_agencies.values()), known.agencies)),
        officers=tuple(dict.fromkeys(officer.code for officer in roster.officers if officer.code not in known.officers)),
        certificates=tuple(dict.fromkeys(number for number in numbers if number not in standing)),
        recorders=tuple(dict.fromkeys(recorder.serial for recorder in roster.recorders if recorder.serial not in known.recorders)),
        changes=tuple(changes),
        faults=tuple({(fault.code, fault.about, *fault.values.values()): fault for fault in faults}.values()),
    )


def in_order(agencies: Sequence[AgencyFacts], known: frozenset[str]) -> list[AgencyFacts]:
    """Sort agencies so that each follows the one above it; those on a cycle are left out."""
    placed = set(known)
    ordered: list[AgencyFacts] = []
    waiting = list(agencies)
    while True:
        ready = [agency for agency in waiting if agency.parent is None or agency.parent in placed]
        if not ready:
            return ordered
        ordered += ready
        placed |= {agency.code for agency in ready}
        waiting = [agency for agency in waiting if agency.code not in placed]


def _below_the_top(telling: Telling, known: Known) -> Telling:
    if telling.table != "agency_place" or telling.content["parent"] is not None or telling.subject == known.top:
        return telling
    return Telling(telling.table, telling.subject, telling.key, {**telling.content, "parent": known.top}, telling.withdrawn)


def _compare(telling: Telling, known: Known) -> FactChange | None:
    before = known.standing.get(telling.table, {}).get(telling.key)
    if telling.withdrawn:
        return None if before is None else FactChange(telling, before, None)
    is_same = before is not None and dict(before.content) == dict(telling.content)
    return None if is_same else FactChange(telling, before, telling.content)


def _moves(roster: Roster, known: Known) -> Iterator[FactChange | Fault]:
    """Where recorders belong: changes, and faults. To belong elsewhere ends where it belonged the day before."""
    latest: dict[str, tuple[Key, StandingFact]] = {}
    for key, fact in known.standing.get("recorder_place", {}).items():
        if key[0] not in latest or latest[key[0]][0][1] < key[1]:
            latest[key[0]] = (key, fact)
    for recorder in roster.recorders:
        if recorder.agency is None:
            continue
        if recorder.serial in latest:
            yield from _move(recorder, recorder.agency, *latest[recorder.serial])
        else:
            telling = place_of_recorder(recorder.serial, recorder.agency, recorder.agency_since or FIRST_DAY)
            yield FactChange(telling, None, telling.content)


def _move(recorder: RecorderFacts, agency: str, key: Key, last: StandingFact) -> Iterator[FactChange | Fault]:
    """Where one recorder belongs that has belonged somewhere since a day."""
    about, begins, since = About("recorder", (recorder.serial,)), recorder.agency_since, key[1]
    if last.content["agency"] == agency and (begins is None or begins >= since):
        return
    told = {"known": str(last.content["agency"]), "told": agency}
    if begins is None:
        yield Fault("agency_since_missing", about, told, ("agency_since", "agency"))
    elif begins < since:
        yield Fault("agency_since_before", about, {**told, "since": str(since)}, ("agency_since", "agency"))
    else:
        telling = place_of_recorder(recorder.serial, agency, begins)
        if begins > since:
            ended = {**last.content, "valid_until": begins - timedelta(days=1)}
            yield FactChange(Telling("recorder_place", recorder.serial, key, ended, withdrawn=False), last, ended)
        yield FactChange(telling, last if begins == since else None, telling.content)


def _afterwards(known: Known, changes: Iterable[FactChange]) -> Standing:
    """What would stand, by table and key."""
    standing = {table: {key: fact.content for key, fact in facts.items()} for table, facts in known.standing.items()}
    for change in changes:
        facts = standing.setdefault(change.telling.table, {})
        if change.after is None:
            facts.pop(change.telling.key, None)
        else:
            facts[change.telling.key] = change.after
    return standing
