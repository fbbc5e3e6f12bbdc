"""Take a roster's file in: first shown, then applied, and what is applied is the very file that was shown."""

from dataclasses import dataclass, replace

from evidence_store.actor import Actor
from integrity.hashing import sha256_hex
from service.access.permission import require
from service.access.policy import Action
from service.context import ServiceContext
from service.roster.apply_import import ImportResult, RosterSource, import_roster
from service.roster.errors import OtherFileError, RosterFileRefusedError, RosterRefusedError
from service.roster.faults import About, Place
from service.roster.read_file import FileRoster, read_roster_file

LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class FileImport:
    """What a file changed, or would change.

    Attributes:
        sha256: Digest of the file, hexadecimal.
        result: The faults of its plan know where in the file they stand.
        file: What it tells.
    """

    name: str
    sha256: str
    result: ImportResult
    file: FileRoster

    def place_of(self, about: About) -> Place | None:
        """Where in the file something stands."""
        return self.file.places.place_of(about)


def import_file(
    context: ServiceContext, content: bytes, name: str, *, actor: Actor, is_dry_run: bool = False, expected_sha256: str | None = None
) -> FileImport:
    """Take a file in, all of it or nothing.

    Args:
        context: What the service needs.
        content: The whole file, XLSX or CSV.
        name: Its name, for the record.
        actor: Who hands it over.
        is_dry_run: Say what would be changed and what forbids it, and change nothing.
        expected_sha256: Digest of the file that was shown; another file is refused.

    Raises:
        NotPermittedError: This role may not.
        OtherFileError: It is not the file that was shown.
        RosterFileRefusedError: It cannot be read as a roster, or (unless it is a dry run) contradicts itself or what is known; nothing was changed.
    """
    require(Action.CHANGE_ROSTER, actor)
    sha256 = sha256_hex(content)
    if expected_sha256 is not None and expected_sha256 != sha256:
        raise OtherFileError(expected_sha256, sha256)
    file = read_roster_file(content)
    told = "".join(letter for letter in name if letter.isprintable())[:LONGEST_NAME]
    source = RosterSource(file.origin, told, sha256)
    try:
        result = import_roster(context, file.roster, actor=actor, is_dry_run=is_dry_run, source=source)
    except RosterRefusedError as error:
        raise RosterFileRefusedError([file.places.located(fault) for fault in error.faults]) from error
    faults = tuple(file.places.located(fault) for fault in result.plan.faults)
    return FileImport(told, sha256, replace(result, plan=replace(result.plan, faults=faults)), file)
