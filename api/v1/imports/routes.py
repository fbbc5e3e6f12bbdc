"""Footage from elsewhere: an import is opened, its source's statements are kept, and the files come through the dock protocol."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import Context, CurrentActor
from evidence_store.models import ImportRow
from integrity.provenance import SourceKind, StatedFile
from service.imports.open_import import LONGEST_ENTRY, ImportCredential, Missing, NewImport, close_import, list_imports, open_import, resume_import
from service.imports.state_files import state_files

router = APIRouter(prefix="/imports", tags=["imports"])

MOST_STATEMENTS = 1_000
_Entry = Annotated[str, Field(max_length=LONGEST_ENTRY, pattern=r"^[^\x00]*$")]


class ImportRequest(BaseModel):
    """What is brought, from whom, and under which document; the agency that is to own it, the importer's own when left out."""

    model_config = ConfigDict(extra="forbid")

    kind: SourceKind
    received_from: _Entry
    document: _Entry
    agency: Annotated[str, Field(min_length=1, max_length=64)] | None = None


class ImportAnswer(BaseModel):
    """An import, and the dock credential that its files come through, which is told this once."""

    id: UUID
    token: str


class StatedFileItem(BaseModel):
    """What the source states of one file; its path as the import lists it, verbatim, in base64."""

    model_config = ConfigDict(extra="forbid")

    path_raw_base64: str = Field(max_length=22_000)
    stated: StatedFile


class StatementRequest(BaseModel):
    """What the source states of files; all of it is kept, or nothing."""

    model_config = ConfigDict(extra="forbid")

    files: list[StatedFileItem] = Field(max_length=MOST_STATEMENTS)


class CloseRequest(BaseModel):
    """What the source names and was not there: how many files, and the first of them by name."""

    model_config = ConfigDict(extra="forbid")

    missing_count: int = Field(default=0, ge=0, le=10_000_000)
    missing: list[_Entry] = Field(default=[], max_length=100)


class ImportItem(BaseModel):
    """An import and what came of it: clips by state, files that were here already, and clips that differ from the digest their source states."""

    id: UUID
    agency: str
    kind: SourceKind
    received_from: str
    document: str
    importer: str
    opened_at: datetime
    closed_at: datetime | None
    states: dict[str, int]
    recognised: int
    differing: int


class ImportList(BaseModel):
    """Imports, newest first."""

    items: list[ImportItem]


@router.post("", status_code=HTTPStatus.CREATED)
def post_import(request: ImportRequest, context: Context, actor: CurrentActor) -> ImportAnswer:
    """Begin to bring footage."""
    return _answer(open_import(context, NewImport(request.kind, request.received_from, request.document, request.agency), actor=actor))


@router.get("")
def get_imports(context: Context, actor: CurrentActor) -> ImportList:
    """Tell the newest imports."""
    return ImportList(items=[_item(row) for row in list_imports(context, actor=actor)])


@router.post("/{import_id}/credential")
def post_credential(import_id: UUID, context: Context, actor: CurrentActor) -> ImportAnswer:
    """Go on with an import: a new credential, and the one before holds no longer."""
    return _answer(resume_import(context, import_id, actor=actor))


@router.put("/{import_id}/statements", status_code=HTTPStatus.NO_CONTENT)
def put_statements(import_id: UUID, request: StatementRequest, context: Context, actor: CurrentActor) -> None:
    """Keep what the source states of files, before they come."""
    state_files(context, import_id, {item.path_raw_base64: item.stated for item in request.files}, actor=actor)


@router.post("/{import_id}/close", status_code=HTTPStatus.NO_CONTENT)
def post_close(import_id: UUID, request: CloseRequest, context: Context, actor: CurrentActor) -> None:
    """Let nothing more come."""
    close_import(context, import_id, Missing(request.missing_count, tuple(request.missing)), actor=actor)


def _answer(credential: ImportCredential) -> ImportAnswer:
    return ImportAnswer(id=credential.import_id, token=credential.token)


def _item(row: ImportRow) -> ImportItem:
    one = row.footage_import
    return ImportItem(
        id=one.id,
        agency=row.agency.code,
        kind=SourceKind(one.kind),
        received_from=one.received_from,
        document=one.document,
        importer=one.importer,
        opened_at=one.opened_at,
        closed_at=one.closed_at,
        states=row.brought,
        recognised=row.recognised,
        differing=row.differing,
    )
