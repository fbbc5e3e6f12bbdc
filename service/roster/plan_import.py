"""What a roster would change, and everything that forbids it, all at once: a pure comparison with what stands."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import combinations
from typing import Any

from evidence_store.repositories.roster import StandingFact
from service.roster.rows import FIRST_DAY, AgencyFacts, RecorderFacts, Roster
from service.roster.tellings import Key, Telling, flatten, place_of_recorder

LONGEST_CERTIFICATE_DAYS = 30 * 366
_ONE_AT_A_TIME = frozenset({"agency_place", "officer_post", "officer_code", "certificate_term"})
"""Facts of which a subject has one a day."""
_BESIDE = frozenset({"recorder_use", "coverage_target"})
"""Facts that no figure of coverage is made of."""
_FROM = {"certificate_status": -1, "recorder_status": -1, "agency_succession": -1, "recorder_use": 1, "coverage_target": -1}
"""Where in its key a fact has the day from which it says something, when that is not the last place."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows of whom a roster names.

    Attributes:
        top: The agency that what is told without a parent hangs below.
        agencies: Codes of agencies within the asker's.
        elsewhere: Codes of all others.
        officers: Names by officer number; empty where a name is not known yet.
        recorders: Models by serial number.
        standing: Facts that are not superseded, by table and key.
        unsealed: Clips that were announced and are not sealed, by serial number.
    """

    top: str
    agencies: frozenset[str]
    elsewhere: frozenset[str] = frozenset()
    officers: Mapping[str, str] = field(default_factory=dict)
    recorders: Mapping[str, str] = field(default_factory=dict)
    standing: Mapping[str, Mapping[Key, StandingFact]] = field(default_factory=dict)
    unsealed: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FactChange:
    """One fact that would be otherwise: ``before`` is ``None`` where nothing stood, ``after`` where it is withdrawn."""

    telling: Telling
    before: StandingFact | None
    after: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What a roster would do.

    Attributes:
        agencies: New agencies, each after the one it hangs below.
        officers: Numbers of new officers; likewise certificates and recorders.
        changes: Facts that would be created, changed or withdrawn.
        faults: Everything that forbids it; any of them, and nothing is written.
    """

    agencies: tuple[AgencyFacts, ...]
    officers: tuple[str, ...]
    certificates: tuple[str, ...]
    recorders: tuple[str, ...]
    changes: tuple[FactChange, ...]
    faults: tuple[str, ...]

    @property
    def touches_from(self) -> date | None:
        """The earliest day on which anything would be otherwise."""
        return min((first_day(change) for change in self.changes if change.telling.table not in _BESIDE), default=None)

    @property
    def is_empty(self) -> bool:
        """Whether everything that was told stands already."""
        return not (self.agencies or self.officers or self.certificates or self.recorders or self.changes)


def first_day(change: FactChange) -> date:
    """The earliest day on which one change makes a difference: a span that only ends otherwise differs after the earlier end."""
    begins: date = change.telling.key[_FROM.get(change.telling.table, -1)]
    if change.before is None or change.after is None:
        return begins
    before, after = change.before.content, change.after
    if "valid_until" not in after or any(before[name] != after[name] for name in after if name != "valid_until"):
        return begins
    ends: date = min(end for end in (before["valid_until"], after["valid_until"]) if end is not None)
    return ends + timedelta(days=1)


def plan_import(roster: Roster, known: Known) -> ImportPlan:
    """Compare a roster with what stands."""
    tellings = [_below_the_top(telling, known) for telling in flatten(roster)]
    faults = [*_repeated(tellings, roster), *_unknown(tellings, roster, known), *_named_otherwise(roster, known), *_unscrappable(tellings, known)]
    faults += _odd_spans(tellings)
    changes: list[FactChange] = []
    for telling in tellings:
        change = _compare(telling, known)
        if change is not None:
            changes.append(change)
    for move in _moves(roster, known):
        if isinstance(move, str):
            faults.append(move)
        else:
            changes.append(move)
    standing = _afterwards(known, changes)
    faults += _overlaps(standing, changes)
    if any(change.telling.table == "agency_place" for change in changes):
        faults += _cycles(standing["agency_place"])
    new_agencies = {agency.code: agency for agency in roster.agencies if agency.code not in known.agencies and not agency.withdrawn}
    return ImportPlan(
        tuple(in_order(list(new_agencies.values()), known.agencies)),
        tuple(dict.fromkeys(officer.code for officer in roster.officers if officer.code not in known.officers)),
        _new_certificates(roster, known),
        tuple(dict.fromkeys(recorder.serial for recorder in roster.recorders if recorder.serial not in known.recorders)),
        tuple(changes),
        tuple(dict.fromkeys(faults)),
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


def may_scrap(content: Mapping[str, Any], unsealed: int) -> str | None:
    """Why a recorder may not be scrapped in this state; ``None`` when it may: its wipe is on record, and everything it announced is sealed."""
    if content["state"] != "scrapped":
        return "only a scrapped recorder has a wipe" if content.get("wipe") is not None else None
    if content.get("wipe") is None:
        return "scrapped without a wipe on record"
    return f"scrapped while {unsealed} of its clips are announced and not sealed" if unsealed else None


def _below_the_top(telling: Telling, known: Known) -> Telling:
    if telling.table != "agency_place" or telling.content["parent"] is not None or telling.subject == known.top:
        return telling
    content = {**telling.content, "parent": known.top}
    return Telling(telling.table, telling.subject, telling.key, content, telling.withdrawn, telling.where)


def _compare(telling: Telling, known: Known) -> FactChange | None:
    before = known.standing.get(telling.table, {}).get(telling.key)
    if telling.withdrawn:
        return None if before is None else FactChange(telling, before, None)
    is_same = before is not None and dict(before.content) == dict(telling.content)
    return None if is_same else FactChange(telling, before, telling.content)


def _moves(roster: Roster, known: Known) -> Iterator[FactChange | str]:
    """Where recorders belong: changes, and faults as text. To belong elsewhere ends where it belonged the day before."""
    places: dict[str, dict[Key, StandingFact]] = {}
    for key, fact in known.standing.get("recorder_place", {}).items():
        places.setdefault(key[0], {})[key] = fact
    for recorder in roster.recorders:
        if recorder.serial in places:
            (_, since), last = max(places[recorder.serial].items(), key=lambda item: item[0][1])
            yield from _move(recorder, since, last)
        else:
            telling = place_of_recorder(recorder, recorder.agency_since or FIRST_DAY)
            yield FactChange(telling, None, telling.content)


def _move(recorder: RecorderFacts, since: date, last: StandingFact) -> Iterator[FactChange | str]:
    """Where one recorder belongs that has belonged somewhere since a day."""
    where, begins = f"recorder {recorder.serial}", recorder.agency_since
    if last.content["agency"] == recorder.agency and (begins is None or begins >= since):
        return
    if begins is None:
        yield f"{where}: belongs to {last.content['agency']}; since when it belongs to {recorder.agency} is not told"
    elif begins < since:
        yield f"{where}: belongs to {last.content['agency']} since {since}, and is said to belong to {recorder.agency} since before"
    else:
        telling = place_of_recorder(recorder, begins)
        if begins > since:
            ended = {**last.content, "valid_until": begins - timedelta(days=1)}
            told = f"{where}, agency from {since}"
            closing = Telling("recorder_place", recorder.serial, (recorder.serial, since), ended, withdrawn=False, where=told)
            yield FactChange(closing, last, ended)
        yield FactChange(telling, last if begins == since else None, telling.content)


def _afterwards(known: Known, changes: Iterable[FactChange]) -> dict[str, dict[Key, Mapping[str, Any]]]:
    """What would stand, by table and key."""
    standing = {table: {key: fact.content for key, fact in facts.items()} for table, facts in known.standing.items()}
    for change in changes:
        facts = standing.setdefault(change.telling.table, {})
        if change.after is None:
            facts.pop(change.telling.key, None)
        else:
            facts[change.telling.key] = change.after
    return standing


def _repeated(tellings: Iterable[Telling], roster: Roster) -> list[str]:
    counts = Counter((telling.table, telling.key) for telling in tellings)
    where = {(telling.table, telling.key): telling.where for telling in tellings}
    faults = [f"{where[name]}: told {count} times" for name, count in counts.items() if count > 1]
    for what, codes in (("officer", [one.code for one in roster.officers]), ("recorder", [one.serial for one in roster.recorders])):
        faults += [f"{what} {code}: named {count} times" for code, count in Counter(codes).items() if count > 1]
    holders: dict[str, set[str]] = {}
    for officer in roster.officers:
        for certificate in officer.certificates:
            if not certificate.withdrawn:
                holders.setdefault(certificate.number, set()).add(officer.code)
    faults += [f"certificate {number}: told of officers {', '.join(sorted(codes))}" for number, codes in holders.items() if len(codes) > 1]
    return faults


def _unknown(tellings: Iterable[Telling], roster: Roster, known: Known) -> Iterator[str]:
    """References to what nobody knows, within what the asker sees."""
    agencies = known.agencies | {agency.code for agency in roster.agencies}
    officers = known.officers.keys() | {officer.code for officer in roster.officers}
    yield from (f"agency {code}: is not yours" for code in sorted({agency.code for agency in roster.agencies} & known.elsewhere))
    for telling in tellings:
        agency = telling.content.get("agency") or (telling.key[0] if telling.table == "coverage_target" else None)
        if agency is not None and agency not in agencies:
            yield f"{telling.where}: no agency {agency}"
        parent = telling.content.get("parent")
        if parent is not None and parent not in agencies:
            yield f"{telling.where}: no agency {parent} to hang below"
        if telling.table == "agency_succession" and telling.key[1] not in agencies:
            yield f"{telling.where}: no agency {telling.key[1]}"
        if telling.table == "assignment" and telling.key[1] not in officers:
            yield f"{telling.where}: no officer {telling.key[1]}"
    yield from (f"recorder {recorder.serial}: no agency {recorder.agency}" for recorder in roster.recorders if recorder.agency not in agencies)
    yield from _elsewhere(roster, known)


def _elsewhere(roster: Roster, known: Known) -> Iterator[str]:
    """Whoever serves, or whatever belongs, at an agency that is not the asker's to change."""
    for table, what, subjects in (
        ("officer_post", "officer", {officer.code for officer in roster.officers}),
        ("recorder_place", "recorder", {recorder.serial for recorder in roster.recorders}),
    ):
        latest: dict[str, tuple[date, str]] = {}
        for key, fact in known.standing.get(table, {}).items():
            latest[key[0]] = max(latest.get(key[0], (date.min, "")), (key[1], fact.content["agency"]))
        yield from (
            f"{what} {subject}: belongs to an agency that is not yours"
            for subject, (_, agency) in latest.items()
            if subject in subjects and agency not in known.agencies
        )


def _named_otherwise(roster: Roster, known: Known) -> Iterator[str]:
    for officer in roster.officers:
        name = known.officers.get(officer.code)
        if name and name != officer.name:
            yield f"officer {officer.code}: is known by another name"
    for recorder in roster.recorders:
        model = known.recorders.get(recorder.serial)
        if model and recorder.model and model != recorder.model:
            yield f"recorder {recorder.serial}: is known as a {model}, not a {recorder.model}"


def _unscrappable(tellings: Iterable[Telling], known: Known) -> Iterator[str]:
    for telling in tellings:
        if telling.table == "recorder_status" and not telling.withdrawn:
            reason = may_scrap(telling.content, known.unsealed.get(telling.subject, 0))
            if reason is not None:
                yield f"{telling.where}: {reason}"


def _odd_spans(tellings: Iterable[Telling]) -> Iterator[str]:
    for telling in tellings:
        ends = telling.content.get("valid_until")
        if ends is None:
            continue
        begins = telling.key[-1]
        if ends < begins:
            yield f"{telling.where}: ends {ends} before it begins {begins}"
        elif telling.table == "certificate_term" and (ends - begins).days > LONGEST_CERTIFICATE_DAYS:
            yield f"{telling.where}: lasts until {ends}, more than 30 years"


def _overlaps(standing: Mapping[str, Mapping[Key, Mapping[str, Any]]], changes: Iterable[FactChange]) -> Iterator[str]:
    touched = {(change.telling.table, change.telling.subject) for change in changes}
    for table in (*_ONE_AT_A_TIME, "assignment"):
        by_subject: dict[str, list[tuple[Key, Mapping[str, Any]]]] = {}
        for key, content in standing.get(table, {}).items():
            if (table, key[0]) in touched:
                by_subject.setdefault(key[0], []).append((key, content))
        clash = _clash_of_assignments if table == "assignment" else _share_a_day
        for subject, facts in by_subject.items():
            for one, other in combinations(sorted(facts, key=lambda fact: fact[0][-1]), 2):
                if clash(one, other):
                    yield f"{_WHAT[table]} {subject}: {_spell(one)} and {_spell(other)} share a day"


_WHAT = {
    "agency_place": "agency",
    "officer_post": "officer",
    "officer_code": "code",
    "certificate_term": "certificate",
    "assignment": "recorder",
}


def _spell(fact: tuple[Key, Mapping[str, Any]]) -> str:
    key, content = fact
    whose = f"{key[1]}, " if len(key) > 2 else ""
    return f"{whose}{key[-1]} to {content.get('valid_until') or 'open'}"


def _share_a_day(one: tuple[Key, Mapping[str, Any]], other: tuple[Key, Mapping[str, Any]]) -> bool:
    """Whether two spans do, the first of which begins no later."""
    ends: date | None = one[1]["valid_until"]
    begins: date = other[0][-1]
    return ends is None or ends >= begins


def _clash_of_assignments(one: tuple[Key, Mapping[str, Any]], other: tuple[Key, Mapping[str, Any]]) -> bool:
    return bool(one[1]["is_exclusive"] or other[1]["is_exclusive"]) and _share_a_day(one, other)


def _cycles(places: Mapping[Key, Mapping[str, Any]]) -> Iterator[str]:
    """Agencies that would hang below themselves on some day; the tree changes only on days on which a place begins."""
    named: set[str] = set()
    for day in sorted({key[1] for key in places}):
        above = {
            key[0]: content["parent"]
            for key, content in places.items()
            if key[1] <= day and (content["valid_until"] is None or content["valid_until"] >= day)
        }
        for code in sorted(above.keys() - named):
            if _is_on_cycle(code, above.get):
                named.add(code)
                yield f"agency {code}: lies on a cycle on {day}"


def _is_on_cycle(code: str, above: Callable[[str], str | None]) -> bool:
    seen: set[str] = set()
    upper = above(code)
    while upper is not None and upper not in seen:
        if upper == code:
            return True
        seen.add(upper)
        upper = above(upper)
    return False


def _new_certificates(roster: Roster, known: Known) -> tuple[str, ...]:
    standing = {key[0] for key in known.standing.get("certificate_term", {})}
    return tuple(dict.fromkeys(one.number for officer in roster.officers for one in officer.certificates if one.number not in standing))
