"""A person begins to bring footage, goes on with it, and closes it."""

import secrets
from dataclasses import dataclass
from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.models import FootageImport, ImportRow
from evidence_store.unit_of_work import UnitOfWork
from integrity.canonical import JsonValue
from integrity.hashing import sha256
from integrity.provenance import SourceKind
from service.access.permission import require
from service.access.policy import Action
from service.context import ServiceContext
from service.docks.register_dock import make_dock
from service.errors import UnacceptableValueError, UnknownAgencyError
from service.imports.errors import ImportClosedError, ImportNotFoundError

LONGEST_ENTRY = 300
_SHOWN = 100


@dataclass(frozen=True, slots=True)
class ImportCredential:
    """An import's id and the dock credential that its files come through; the token is told once."""

    import_id: UUID
    token: str


@dataclass(frozen=True, slots=True)
class NewImport:
    """What a person says before anything is brought.

    Attributes:
        kind: What is brought.
        received_from: From whom.
        document: The document it comes under.
        agency_code: Agency that is to own it; the person's own when not given.
    """

    kind: SourceKind
    received_from: str
    document: str
    agency_code: str | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """What the source of an import names and was not there: how many files, and the first of them by name."""

    count: int = 0
    names: tuple[str, ...] = ()


def open_import(context: ServiceContext, new: NewImport, *, actor: Actor) -> ImportCredential:
    """Begin an import; custody of what it brings begins here.

    Raises:
        NotPermittedError: This role may not.
        UnknownAgencyError: No such agency below the actor's.
        UnacceptableValueError: It is not said from whom or under which document, or at too great a length.
    """
    require(Action.IMPORT_FOOTAGE, actor)
    received_from, document = _said("received_from", new.received_from), _said("document", new.document)
    now = context.clock.now()
    token = secrets.token_urlsafe(32)
    with context.unit_of_work() as work:
        agency_id, agency_code = _owner(work, new.agency_code, actor)
        row = FootageImport(id=context.new_id(), agency_id=agency_id, kind=new.kind, received_from=received_from, document=document)
        row.opened_by, row.importer, row.opened_at = UUID(actor.id), actor.name, now
        work.imports.add(row)
        dock = make_dock(context, work, f"import {actor.name}", agency_id=agency_id, token=token)
        dock.import_id, dock.created_at = row.id, now
        details = {"kind": str(new.kind), "received_from": received_from, "document": document, "agency": agency_code, "dock_id": str(dock.id)}
        details |= {"agency_id": str(agency_id), "dock": dock.name}
        work.custody.append("import", row.id, "import.opened", actor=actor, at=now, details=details)
        return ImportCredential(row.id, token)


def resume_import(context: ServiceContext, import_id: UUID, *, actor: Actor) -> ImportCredential:
    """Draw a new token for an import that is open; the one before holds no longer.

    Raises:
        NotPermittedError: This role may not.
        ImportNotFoundError: No such import within the actor's agency.
        ImportClosedError: It is closed.
    """
    token = secrets.token_urlsafe(32)
    with context.unit_of_work() as work:
        find_open_import(work, import_id, actor=actor)
        dock = work.imports.dock_of(import_id)
        if dock is None:
            raise ImportNotFoundError(import_id)
        dock.token_sha256 = sha256(token.encode())
        work.custody.append("import", import_id, "import.resumed", actor=actor, at=context.clock.now(), details={})
        return ImportCredential(import_id, token)


def close_import(context: ServiceContext, import_id: UUID, missing: Missing, *, actor: Actor) -> None:
    """Let nothing more come by an import; closing it again does nothing.

    Args:
        context: What the service needs.
        import_id: The import.
        missing: What its source names and was not there; it goes on record.
        actor: Who brought it.

    Raises:
        NotPermittedError: This role may not.
        ImportNotFoundError: No such import within the actor's agency.
    """
    require(Action.IMPORT_FOOTAGE, actor)
    now = context.clock.now()
    with context.unit_of_work() as work:
        row = work.imports.lock(import_id, actor.scope)
        dock = work.imports.dock_of(import_id) if row else None
        if row is None or dock is None:
            raise ImportNotFoundError(import_id)
        if row.closed_at is None:
            row.closed_at = dock.disabled_at = now
            details: dict[str, JsonValue] = {"missing_count": missing.count, "missing": list(missing.names)}
            work.custody.append("import", import_id, "import.closed", actor=actor, at=now, details=details)


def list_imports(context: ServiceContext, *, actor: Actor) -> list[ImportRow]:
    """List the newest imports within the actor's agency.

    Raises:
        NotPermittedError: This role may not.
    """
    require(Action.IMPORT_FOOTAGE, actor)
    with context.unit_of_work() as work:
        return work.imports.newest(actor.scope, limit=_SHOWN)


def find_open_import(work: UnitOfWork, import_id: UUID, *, actor: Actor) -> FootageImport:
    """Find an import that is open, and hold its row until the caller's transaction ends.

    Raises:
        NotPermittedError: This role may not.
        ImportNotFoundError: No such import within the actor's agency.
        ImportClosedError: It is closed.
    """
    require(Action.IMPORT_FOOTAGE, actor)
    row = work.imports.lock(import_id, actor.scope)
    if row is None:
        raise ImportNotFoundError(import_id)
    if row.closed_at is not None:
        raise ImportClosedError(import_id)
    return row


def _owner(work: UnitOfWork, code: str | None, actor: Actor) -> tuple[UUID, str]:
    agency = work.agencies.by_code(code) if code else (work.agencies.get(actor.agency_id) if actor.agency_id else None)
    if agency is None or not agency.path.startswith(actor.scope.agency_path):
        raise UnknownAgencyError(code or "")
    return agency.id, agency.code


def _said(name: str, text: str) -> str:
    text = text.strip()
    if not 0 < len(text) <= LONGEST_ENTRY:
        raise UnacceptableValueError(name, f"1 to {LONGEST_ENTRY} characters")
    return text
