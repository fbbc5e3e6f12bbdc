"""Everything that forbids a roster: in itself, against what is known, and in what would stand afterwards. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from itertools import combinations
from typing import Any

from service.roster.faults import About, Fault
from service.roster.plan import FactChange, Known, Standing
from service.roster.rows import Roster
from service.roster.tellings import Key, Telling

LONGEST_CERTIFICATE_DAYS = 30 * 366
_ONE_AT_A_TIME = {"agency_place": "agency", "officer_post": "officer", "officer_code": "code", "certificate_term": "certificate"}
"""Facts of which a subject has one a day, and what the subject is."""
_SUBJECTS = {"officer_post": "officer", "recorder_place": "recorder"}
"""Facts that say whose an officer or a recorder is."""


def faults_as_told(roster: Roster, tellings: list[Telling], known: Known) -> list[Fault]:
    """Find what is wrong with a roster as it was told."""
    return [
        *_repeated(tellings, roster),
        *_held_by_two(roster),
        *_unknown(tellings, roster, known),
        *_elsewhere(tellings, roster, known),
        *_named_otherwise(roster, known),
        *_unscrappable(tellings, known),
        *_odd_spans(tellings),
    ]


def faults_afterwards(standing: Standing, changes: Iterable[FactChange], known: Known) -> list[Fault]:
    """Find what would be wrong once the changes stood."""
    touched = list(changes)
    faults = [*_overlaps(standing, touched), *_taken_from_elsewhere(touched, known)]
    if any(change.telling.table == "agency_place" for change in touched):
        faults += _cycles(standing["agency_place"])
    return faults


def may_scrap(content: Mapping[str, Any], unsealed: int) -> str | None:
    """Why a recorder may not be scrapped in this state; ``None`` when it may: its wipe is on record, and everything it announced is sealed.

    Args:
        content: The state that is told, with its ``wipe``.
        unsealed: Clips of it that were announced and are not sealed.
    """
    if content["state"] != "scrapped":
        return "wipe_of_another_state" if content.get("wipe") is not None else None
    if content.get("wipe") is None:
        return "scrapped_without_wipe"
    return "scrapped_unsealed" if unsealed else None


def _repeated(tellings: Iterable[Telling], roster: Roster) -> Iterator[Fault]:
    counts = Counter((telling.table, telling.key) for telling in tellings)
    for (table, key), count in counts.items():
        if count > 1:
            yield Fault("told_twice", About(table, key), {"count": str(count)})
    for kind, codes in (("officer", [one.code for one in roster.officers]), ("recorder", [one.serial for one in roster.recorders])):
        for code, count in Counter(codes).items():
            if count > 1:
                yield Fault("named_twice", About(kind, (code,)), {"count": str(count)})


def _held_by_two(roster: Roster) -> Iterator[Fault]:
    holders: dict[str, set[str]] = {}
    for officer in roster.officers:
        for certificate in officer.certificates:
            if not certificate.withdrawn:
                holders.setdefault(certificate.number, set()).add(officer.code)
    for number, officers in holders.items():
        if len(officers) > 1:
            yield Fault("two_holders", About("certificate", (number,)), {"officers": ", ".join(sorted(officers))}, ("certificate",))


def _unknown(tellings: Iterable[Telling], roster: Roster, known: Known) -> Iterator[Fault]:
    """References to what nobody knows, within what the asker sees."""
    agencies = known.agencies | {agency.code for agency in roster.agencies}
    officers = known.officers.keys() | {officer.code for officer in roster.officers}
    for telling in tellings:
        for field, agency in _agencies_of(telling):
            if agency not in agencies:
                yield Fault("no_parent" if field == "parent" else "no_agency", telling.about, {"agency": agency}, (field,))
        if telling.table == "assignment" and telling.key[1] not in officers:
            yield Fault("no_officer", telling.about, {"officer": telling.key[1]}, ("officer",))
    for recorder in roster.recorders:
        about = About("recorder", (recorder.serial,))
        if recorder.agency is not None and recorder.agency not in agencies:
            yield Fault("no_agency", about, {"agency": recorder.agency}, ("agency",))
        if recorder.agency is None and recorder.serial not in known.recorders:
            yield Fault("without_agency", about, {}, ("agency",))
    for officer in roster.officers:
        if officer.name is None and officer.code not in known.officers:
            yield Fault("without_name", About("officer", (officer.code,)), {}, ("name",))


def _agencies_of(telling: Telling) -> Iterator[tuple[str, str]]:
    """Agencies that a fact refers to, by field."""
    for field in ("agency", "parent"):
        if telling.content.get(field) is not None:
            yield field, telling.content[field]
    if telling.table == "agency_succession":
        yield "successor", telling.key[1]
    if telling.table == "coverage_target":
        yield "agency", telling.key[0]


def _elsewhere(tellings: Iterable[Telling], roster: Roster, known: Known) -> Iterator[Fault]:
    """Agencies that are not the asker's to change, and whoever serves or whatever belongs there."""
    for code in sorted({agency.code for agency in roster.agencies} & known.elsewhere):
        yield Fault("not_yours", About("agency", (code,)), {}, ("code",))
    officers = {officer.code for officer in roster.officers}
    officers |= {telling.key[1] for telling in tellings if telling.table == "assignment"}
    named = {"officer_post": officers, "recorder_place": {recorder.serial for recorder in roster.recorders}}
    for table, kind in _SUBJECTS.items():
        strangers = _strangers(known, table)
        for subject in sorted(named[table] & strangers):
            yield Fault("not_yours", About(kind, (subject,)), {}, (kind,))


def _strangers(known: Known, table: str) -> set[str]:
    """Those whose latest place or post is not within the asker's agencies."""
    latest: dict[str, tuple[date, str]] = {}
    for key, fact in known.standing.get(table, {}).items():
        latest[key[0]] = max(latest.get(key[0], (date.min, "")), (key[1], fact.content["agency"]))
    return {subject for subject, (_, agency) in latest.items() if agency not in known.agencies}


def _taken_from_elsewhere(changes: Iterable[FactChange], known: Known) -> Iterator[Fault]:
    """Certificates and numbers that somebody who serves elsewhere holds."""
    strangers = _strangers(known, "officer_post")
    for change in changes:
        if change.before is not None and change.before.content.get("officer") in strangers:
            yield Fault("held_elsewhere", change.telling.about, {}, ("officer",))


def _named_otherwise(roster: Roster, known: Known) -> Iterator[Fault]:
    for officer in roster.officers:
        name = known.officers.get(officer.code)
        if name and officer.name is not None and name != officer.name:
            yield Fault("other_name", About("officer", (officer.code,)), {}, ("name",))
    for recorder in roster.recorders:
        model = known.recorders.get(recorder.serial)
        if model and recorder.model and model != recorder.model:
            yield Fault("other_model", About("recorder", (recorder.serial,)), {"known": model, "told": recorder.model}, ("model",))


def _unscrappable(tellings: Iterable[Telling], known: Known) -> Iterator[Fault]:
    for telling in tellings:
        if telling.table == "recorder_status" and not telling.withdrawn:
            unsealed = known.unsealed.get(telling.subject, 0)
            reason = may_scrap(telling.content, unsealed)
            if reason is not None:
                yield Fault(reason, telling.about, {"count": str(unsealed)}, ("wipe_method", "state"))


def _odd_spans(tellings: Iterable[Telling]) -> Iterator[Fault]:
    for telling in tellings:
        ends = telling.content.get("valid_until")
        if ends is None:
            continue
        begins = telling.key[-1]
        if ends < begins:
            yield Fault("ends_before", telling.about, {"ends": str(ends), "begins": str(begins)}, ("valid_until",))
        elif telling.table == "certificate_term" and (ends - begins).days > LONGEST_CERTIFICATE_DAYS:
            yield Fault("lasts_too_long", telling.about, {"ends": str(ends)}, ("valid_until",))


def _overlaps(standing: Standing, changes: Iterable[FactChange]) -> Iterator[Fault]:
    touched = {(change.telling.table, change.telling.subject) for change in changes}
    changed = {(change.telling.table, change.telling.key) for change in changes}
    for table in (*_ONE_AT_A_TIME, "assignment"):
        by_subject: dict[str, list[tuple[Key, Mapping[str, Any]]]] = {}
        for key, content in standing.get(table, {}).items():
            if (table, key[0]) in touched:
                by_subject.setdefault(key[0], []).append((key, content))
        clash = _clash_of_assignments if table == "assignment" else _share_a_day
        for facts in by_subject.values():
            for one, other in combinations(sorted(facts, key=lambda fact: fact[0][-1]), 2):
                if clash(one, other):
                    told, beside = (other, one) if (table, other[0]) in changed else (one, other)
                    yield Fault("overlap", About(table, told[0]), {"told": _spell(told), "other": _spell(beside)}, ("valid_from", "valid_until"))


def _spell(fact: tuple[Key, Mapping[str, Any]]) -> str:
    key, content = fact
    whose = f"{key[1]}, " if len(key) > 2 else f"{content['officer']}, " if "officer" in content else ""
    where = f", {content['agency']}" if "agency" in content else ""
    return f"{whose}{key[-1]} – {content.get('valid_until') or '…'}{where}"


def _share_a_day(one: tuple[Key, Mapping[str, Any]], other: tuple[Key, Mapping[str, Any]]) -> bool:
    """Whether two spans do, the first of which begins no later."""
    ends: date | None = one[1]["valid_until"]
    begins: date = other[0][-1]
    return ends is None or ends >= begins


def _clash_of_assignments(one: tuple[Key, Mapping[str, Any]], other: tuple[Key, Mapping[str, Any]]) -> bool:
    return bool(one[1]["is_exclusive"] or other[1]["is_exclusive"]) and _share_a_day(one, other)


def _cycles(places: Mapping[Key, Mapping[str, Any]]) -> Iterator[Fault]:
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
                yield Fault("cycle", About("agency", (code,)), {"day": str(day)}, ("parent",))


def _is_on_cycle(code: str, above: Callable[[str], str | None]) -> bool:
    seen: set[str] = set()
    upper = above(code)
    while upper is not None and upper not in seen:
        if upper == code:
            return True
        seen.add(upper)
        upper = above(upper)
    return False
