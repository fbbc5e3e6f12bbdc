"""The current roster of an agency as the workbook that is imported: taken in again, it changes nothing."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from evidence_store.actor import Actor
from evidence_store.repositories.roster import Key, StandingFact
from service.access.permission import require
from service.access.policy import Action
from service.context import ServiceContext
from service.roster.columns import MOST_ROWS
from service.roster.errors import RosterTooLargeError
from service.roster.read_rows import Value
from service.roster.rows import FIRST_DAY
from service.roster.write_workbook import write_workbook

Facts = Mapping[str, Mapping[Key, StandingFact]]
Row = dict[str, Value]


def export_roster(context: ServiceContext, *, actor: Actor) -> bytes:
    """Write every fact that stands of the officers and recorders within the actor's agency, with names, as XLSX.

    Raises:
        NotPermittedError: This role may not.
        RosterTooLargeError: A file may not have that many rows.
    """
    require(Action.CHANGE_ROSTER, actor)
    with context.unit_of_work() as work:
        named = work.roster.named_within(actor.scope, limit=MOST_ROWS)
        if named is None:
            raise RosterTooLargeError(MOST_ROWS)
        facts = work.roster.standing(named)
        officers, recorders = work.roster.officers(named.officers), work.roster.recorders(named.recorders)
    sheets = {
        "officers": list(_officers(facts, {code: officer.name for code, officer in officers.items()})),
        "certificates": list(_certificates(facts)),
        "recorders": list(_recorders(facts, {serial: recorder.model for serial, recorder in recorders.items()})),
        "assignments": list(_assignments(facts)),
    }
    if sum(map(len, sheets.values())) > MOST_ROWS:
        raise RosterTooLargeError(MOST_ROWS)
    return write_workbook(sheets)


def _in_order(facts: Mapping[Key, StandingFact]) -> list[tuple[Key, StandingFact]]:
    return sorted(facts.items(), key=lambda item: item[0])


def _officers(facts: Facts, names: Mapping[str, str]) -> Iterator[Row]:
    for (code, begins), fact in _in_order(facts["officer_post"]):
        yield _row(fact, {"officer": code, "name": names[code], "valid_from": begins}, is_front_line=_word(fact, "is_front_line"))


def _certificates(facts: Facts) -> Iterator[Row]:
    states: dict[str, list[tuple[date, StandingFact]]] = {}
    for (number, since), fact in _in_order(facts["certificate_status"]):
        states.setdefault(number, []).append((since, fact))
    for (number, begins), fact in _in_order(facts["certificate_term"]):
        term = _row(fact, {"certificate": number, "valid_from": begins})
        told = states.pop(number, [])
        yield from [_row(state, {**term, "since": since}) for since, state in told] or [term]


def _recorders(facts: Facts, models: Mapping[str, str]) -> Iterator[Row]:
    latest: dict[str, tuple[date, StandingFact]] = {}
    for (serial, since), fact in _in_order(facts["recorder_place"]):
        latest[serial] = (since, fact)
    states: dict[str, list[tuple[date, StandingFact]]] = {}
    for (serial, since), fact in _in_order(facts["recorder_status"]):
        states.setdefault(serial, []).append((since, fact))
    for serial, (since, fact) in latest.items():
        place: Row = {"recorder": serial, "model": models[serial], "agency": fact.content["agency"]}
        if since > FIRST_DAY:
            place["agency_since"] = since
        told = [_row(state, {**place, "since": day}) | _wipe(state) for day, state in states.get(serial, [])]
        yield from told or [place]


def _assignments(facts: Facts) -> Iterator[Row]:
    for (serial, officer, begins), fact in _in_order(facts["assignment"]):
        yield _row(fact, {"recorder": serial, "officer": officer, "valid_from": begins}, is_exclusive=_word(fact, "is_exclusive"))


def _row(fact: StandingFact, key: Row, **words: str) -> Row:
    told: dict[str, Any] = {name: value for name, value in fact.content.items() if name != "wipe" and value is not None and value != ""} | words
    return {**told, **key}


def _word(fact: StandingFact, name: str) -> str:
    return "yes" if fact.content[name] else "no"


def _wipe(fact: StandingFact) -> Row:
    wipe = fact.content["wipe"]
    if wipe is None:
        return {}
    return {"wipe_method": wipe["method"], "wipe_document": wipe["document_number"], "wiped_on": date.fromisoformat(wipe["wiped_on"])}
