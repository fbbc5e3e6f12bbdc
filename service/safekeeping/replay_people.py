"""Rows of agencies, people, recorders, docks and imports, as far as their chains tell them. Pure.

The log keeps ids with the codes they stand for, and no credential: who signs in gets a new password, a dock a new token, and officers their names and
posts from the next roster.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from evidence_store.models import Agency, Dock, FootageImport, Officer, PoolCheckout, Recorder, RecorderAdoption, RosterConfirmation, UserAccount
from service.accounts.passwords import NO_PASSWORD
from service.docks.register_dock import no_token
from service.safekeeping.events import PastEvent, told_id, told_time
from service.safekeeping.rebuilt_rows import ToldRow


def replay_agency(_subject_id: UUID, events: Iterable[PastEvent]) -> list[ToldRow]:
    """The top agency."""
    return [(Agency, _agency(event.details)) for event in events if event.action == "agency.added"]


def replay_roster(_subject_id: UUID, events: Iterable[PastEvent]) -> list[ToldRow]:
    """Agencies, officers and recorders that a roster added."""
    return [_roster_row(entry) for event in events if event.action == "rows.added" for entry in event.details["rows"]]


def replay_confirmations(agency_id: UUID, events: Iterable[PastEvent]) -> list[ToldRow]:
    """For which months an agency's roster was confirmed."""
    rows: list[ToldRow] = []
    for event in events:
        if event.action == "roster.confirmed":
            told = {"agency_id": agency_id, "month": date.fromisoformat(event.details["month"])}
            rows.append((RosterConfirmation, {**told, "confirmed_by": event.actor_name or event.actor_id, "confirmed_at": event.at}))
    return rows


def moved_to(events: Iterable[PastEvent]) -> dict[str, Any]:
    """Columns of an agency or a recorder as its last move left them; empty when it never moved."""
    columns: dict[str, Any] = {}
    for event in events:
        if event.action == "agency.moved":
            columns = {name: value for name, value in _agency(event.details).items() if name != "id"}
        elif event.action == "recorder.moved":
            columns = {"agency_id": UUID(event.details["agency_id"])}
    return columns


def replay_account(account_id: UUID, events: Iterable[PastEvent]) -> list[ToldRow]:
    """An account, without a password."""
    rows: list[ToldRow] = []
    for event in events:
        if event.action == "account.added":
            told = event.details
            account = {"id": account_id, "username": told["username"], "role": told["role"], "agency_id": UUID(told["agency_id"])}
            account |= {"officer_id": told_id(told, "officer_id"), "created_at": event.at, "password_hash": NO_PASSWORD}
            rows.append((UserAccount, {**account, "is_disabled": False, "failed_sign_ins": 0, "locked_until": None}))
    return rows


def replay_dock(dock_id: UUID, events: Iterable[PastEvent]) -> list[ToldRow]:
    """A dock, without a token."""
    dock: dict[str, Any] = {}
    for event in events:
        told = event.details
        if event.action == "dock.registered":
            dock = {"id": dock_id, "name": told["name"], "agency_id": UUID(told["agency_id"]), "keep_on_recorder": told["keep_on_recorder"]}
            dock |= {"is_demo": told["is_demo"], "created_at": event.at, "token_sha256": no_token(dock_id), "import_id": None, "disabled_at": None}
        elif event.action == "dock.changed":
            dock["keep_on_recorder"] = told["keep_on_recorder"]
    return [(Dock, dock)] if dock else []


def replay_import(import_id: UUID, events: Iterable[PastEvent], *, is_demo: bool = False) -> list[ToldRow]:
    """An import, and the dock credential its files came through, without a token."""
    rows: list[ToldRow] = []
    for event in events:
        told = event.details
        if event.action == "import.opened":
            dock_id, agency_id = UUID(told["dock_id"]), UUID(told["agency_id"])
            said = {name: told[name] for name in ("kind", "received_from", "document")}
            brought = {"id": import_id, "agency_id": agency_id, **said, "opened_by": UUID(event.actor_id), "importer": event.actor_name}
            dock = {"id": dock_id, "name": told["dock"], "agency_id": agency_id, "keep_on_recorder": True, "is_demo": is_demo}
            dock |= {"created_at": event.at, "token_sha256": no_token(dock_id), "import_id": import_id, "disabled_at": None}
            rows = [(FootageImport, {**brought, "opened_at": event.at, "closed_at": None}), (Dock, dock)]
        elif event.action == "import.closed" and rows:
            rows[0][1]["closed_at"] = rows[1][1]["disabled_at"] = event.at
    return rows


def replay_recorder(recorder_id: UUID, events: Iterable[PastEvent]) -> list[ToldRow]:
    """Who adopted a recorder's media, and who had it from the pool."""
    rows: dict[UUID, ToldRow] = {}
    for event in events:
        told = event.details
        if event.action == "recorder.adopted":
            adoption: dict[str, Any] = {"id": UUID(told["adoption_id"]), "recorder_id": recorder_id, "session_id": UUID(told["session_id"])}
            adoption |= {"medium": told["medium"], "reason": told["reason"], "adopted_at": event.at, "adopted_by": UUID(event.actor_id)}
            rows[adoption["id"]] = (RecorderAdoption, {**adoption, "ended_at": None, "ended_by": None, "end_reason": None})
        elif event.action == "adoption.ended":
            ended = {"ended_at": event.at, "ended_by": UUID(event.actor_id), "end_reason": told["reason"]}
            rows[UUID(told["adoption_id"])][1].update(ended)
        elif event.action == "recorder.checked_out":
            checkout = {"id": UUID(told["checkout_id"]), "recorder_id": recorder_id, "officer_id": UUID(told["officer_id"])}
            rows[checkout["id"]] = (PoolCheckout, {**checkout, "taken_at": event.at, "returned_at": None})
        elif event.action == "recorder.returned":
            rows[UUID(told["checkout_id"])][1]["returned_at"] = event.at
    return list(rows.values())


def _roster_row(entry: Mapping[str, Any]) -> ToldRow:
    if "agency" in entry:
        return Agency, _agency(entry["agency"])
    if "officer" in entry:
        return Officer, {"id": UUID(entry["officer"]["id"]), "code": entry["officer"]["code"], "name": ""}
    told = entry["recorder"]
    columns = {"id": UUID(told["id"]), "serial": told["serial"], "model": told["model"], "agency_id": UUID(told["agency_id"])}
    return Recorder, {**columns, "registered_at": told_time(told, "registered_at")}


def _agency(told: Mapping[str, Any]) -> dict[str, Any]:
    agency = {name: told[name] for name in ("code", "name", "level", "path")}
    return {"id": UUID(told["id"]), **agency, "parent_id": told_id(told, "parent_id")}


REPLAYS: Sequence[tuple[str, Callable[[UUID, Iterable[PastEvent]], list[ToldRow]]]] = (
    ("agency", replay_agency),
    ("roster", replay_roster),
    ("agency", replay_confirmations),
    ("account", replay_account),
    ("import", replay_import),
    ("dock", replay_dock),
)
"""Kinds of subjects in the order in which their rows refer to each other; adoptions refer to sessions and come after those."""
