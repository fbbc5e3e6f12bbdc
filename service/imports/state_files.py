"""What the source of an import states of its files, before they come."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from evidence_store.actor import Actor
from integrity.hashing import sha256
from integrity.plain import to_members
from integrity.provenance import StatedFile
from service.context import ServiceContext
from service.errors import UnacceptableValueError
from service.imports.errors import StatementConflictError
from service.imports.open_import import find_open_import


def state_files(context: ServiceContext, import_id: UUID, stated: Mapping[str, StatedFile], *, actor: Actor) -> None:
    """Keep what a source states of files; all of it or nothing. The same again changes nothing.

    Args:
        context: What the service needs.
        import_id: The import.
        stated: By each file's path as the import lists it, verbatim, in base64.
        actor: Who brings them.

    Raises:
        NotPermittedError: This role may not.
        ImportNotFoundError: No such import within the actor's agency.
        ImportClosedError: It is closed.
        StatementConflictError: Something else was stated of some of them already.
        UnacceptableValueError: A path is no base64.
    """
    rows: dict[bytes, dict[str, Any]] = {_path_digest(path): to_members(one) for path, one in stated.items()}
    with context.unit_of_work() as work:
        find_open_import(work, import_id, actor=actor)
        differing = work.imports.state_files(import_id, rows)
        if differing:
            raise StatementConflictError(import_id, len(differing))


def _path_digest(path: str) -> bytes:
    try:
        return sha256(base64.b64decode(path, validate=True))
    except (binascii.Error, ValueError) as error:
        raise UnacceptableValueError("files", "a path is not base64") from error
