"""The files of an import: what their source states of them, and which of them may be here already."""

import base64
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from evidence_store.actor import Scope
from evidence_store.models import Clip, FootageImport
from evidence_store.unit_of_work import UnitOfWork
from integrity.hashing import sha256
from integrity.listing import RecordedFile, is_identity
from integrity.plain import from_plain, to_members
from integrity.provenance import Provenance, SourceKind, StatedFile
from service.context import ServiceContext
from service.errors import ServiceError
from service.ingest.attribution import Claim, ClipOrigin, Owner
from service.ingest.policy import is_plausible, named_time, recorded_time, wall_time

IMPORTED = "imported"
_IN_ONE_QUERY = 1_000


class ImportedFiles:
    """What is known of the files that an import brings; read in the caller's transaction.

    A file's own times are those of a copy, so that only its name, or what the source states, tells when it was recorded; on the image of a card they
    are the recorder's. Stated recorders and officers count as if the recorder had said so; what would belong to an agency other than those of the
    import stays with the import's.

    Args:
        context: What the service needs.
        work: The caller's transaction.
        import_id: The import.
        files: What it lists.
    """

    def __init__(self, context: ServiceContext, work: UnitOfWork, import_id: UUID, files: Iterable[RecordedFile]) -> None:
        footage_import = work.imports.get(import_id)
        agency = work.agencies.get(footage_import.agency_id) if footage_import else None
        if footage_import is None or agency is None:
            raise ServiceError(f"import {import_id} is gone")
        self._work = work
        self._import = footage_import
        self._within = agency.path
        self._zone = ZoneInfo(context.settings.recorder_time_zone)
        self._now = context.clock.now()
        self._owners: dict[Claim, Owner] = {}
        self._stated = self._read_statements(list(files))

    def origin_of(self, file: RecordedFile) -> ClipOrigin:
        """Find agency, officer and time of a file, as far as they are stated."""
        stated = self._stated.get(_path_digest(file))
        recorded_at = self._recorded_time(file, stated)
        claim = self._claim(stated)
        flags = {IMPORTED}
        if claim.serial is not None and claim.recorder_id is None:
            flags.add("unregistered_recorder")
        if recorded_at is not None and not is_plausible(recorded_at, self._now):
            flags.add("implausible_time")
        provenance = to_members(_provenance(self._import, stated))
        day_of = recorded_at or self._now
        return self._owner(claim).origin_of(file, recorded_at, day_of=day_of, moment=recorded_at, flags=flags, provenance=provenance)

    def alike(self, files: Iterable[RecordedFile]) -> "AlikeClips":
        """Clips that may hold the same content as some of these files, within the import's agencies."""
        sizes = sorted({file.size_bytes for file in files if file.size_bytes})
        clips: list[Clip] = []
        for start in range(0, len(sizes), _IN_ONE_QUERY):
            clips += self._work.clips.alike(Scope(self._within), sizes[start : start + _IN_ONE_QUERY])
        return AlikeClips(clips)

    def _read_statements(self, files: list[RecordedFile]) -> dict[bytes, StatedFile]:
        found: dict[bytes, dict[str, Any]] = {}
        for start in range(0, len(files), _IN_ONE_QUERY):
            paths = [_path_digest(file) for file in files[start : start + _IN_ONE_QUERY]]
            found |= self._work.imports.stated(self._import.id, paths)
        return {path: from_plain(StatedFile, members) for path, members in found.items()}

    def _recorded_time(self, file: RecordedFile, stated: StatedFile | None) -> datetime | None:
        if stated is not None and stated.recorded_at is not None:
            return wall_time(stated.recorded_at, self._zone)
        if self._import.kind == SourceKind.CARD_IMAGE and "/" in file.path:
            return recorded_time(file, self._zone)
        return named_time(file.path.rsplit("/", 1)[-1], self._zone)

    def _claim(self, stated: StatedFile | None) -> Claim:
        if stated is None:
            return Claim(None, None, None)
        recorder = self._work.recorders.by_serial(stated.serial) if stated.serial and is_identity(stated.serial) else None
        return Claim(stated.serial, stated.officer_code, recorder.id if recorder else None)

    def _owner(self, claim: Claim) -> Owner:
        if claim not in self._owners:
            self._owners[claim] = Owner(self._work, claim, home_id=self._import.agency_id, within=self._within)
        return self._owners[claim]


class AlikeClips:
    """Clips that are here, by size; each is given out once, because a dock names a file of its session by its clip."""

    def __init__(self, clips: Iterable[Clip]) -> None:
        self._by_size: dict[int, list[Clip]] = {}
        for clip in clips:
            self._by_size.setdefault(clip.size_bytes or 0, []).append(clip)

    def take(self, file: RecordedFile) -> Clip | None:
        """The clip whose content may be this file's: of the same size, and of the same head and tail where both are known."""
        candidates = self._by_size.get(file.size_bytes, [])
        for number, clip in enumerate(candidates):
            known = clip.listed.get("fingerprint")
            if known is None or file.fingerprint is None or known == file.fingerprint:
                return candidates.pop(number)
        return None


def _provenance(footage_import: FootageImport, stated: StatedFile | None) -> Provenance:
    return Provenance(
        import_id=str(footage_import.id),
        kind=SourceKind(footage_import.kind),
        received_from=footage_import.received_from,
        document=footage_import.document,
        importer=footage_import.importer,
        opened_at=footage_import.opened_at,
        stated=stated,
    )


def _path_digest(file: RecordedFile) -> bytes:
    return sha256(base64.b64decode(file.path_raw_base64))
