"""A dock read a recognised file in full once more, as drawn, and says what it found."""

from dataclasses import dataclass
from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.models import Clip, DockSession, SessionFile
from evidence_store.repositories.custody import NewEvent
from evidence_store.unit_of_work import UnitOfWork
from integrity.canonical import JsonValue
from integrity.hashing import Digests
from integrity.listing import RecordedFile, RecorderIdentity
from integrity.plain import from_plain
from integrity.receipt import ClipState
from service.context import ServiceContext
from service.ingest.announce_files import SKIP, UPLOAD, AnnouncedFile, announcement, new_clip
from service.ingest.attribution import Claim, ClipOrigin
from service.ingest.errors import SessionNotFoundError
from service.ingest.imported_files import ImportedFiles
from service.ingest.policy import recognition_of
from service.ingest.tell_session import tell_reassigned


@dataclass(frozen=True, slots=True)
class Reread:
    """Size and digests of a file that was read in full again."""

    size_bytes: int
    digests: Digests


def reread_clip(context: ServiceContext, session_id: UUID, clip_id: UUID, *, reread: Reread, dock: Actor) -> AnnouncedFile:
    """Compare a file's content with what the recorder gave before.

    Equal: nothing to do. Other content under a name, size, time and fingerprint that are the same is a new clip, and both are flagged.

    Raises:
        SessionNotFoundError: The clip is not among this session's files.
    """
    now = context.clock.now()
    with context.unit_of_work() as work:
        session = work.docks.session(session_id, UUID(dock.id), for_update=True)
        found = work.docks.file_of(session_id, clip_id, for_update=True) if session else None
        if session is None or found is None:
            raise SessionNotFoundError(session_id)
        file, clip = found
        if (clip.size_bytes, clip.sha256, clip.sm3) == (reread.size_bytes, reread.digests.sha256, reread.digests.sm3):
            if file.action != SKIP:
                file.action = SKIP
                work.custody.append("clip", clip.id, "clip.recognised", actor=dock, at=now, details=_recognition(session, file))
            return AnnouncedFile(file.position, clip.id, clip.clip_state, SKIP)
        if file.listed is not None:
            other = _import_anew(context, work, session, file, dock=dock)
            return AnnouncedFile(file.position, other.id, ClipState.ANNOUNCED, UPLOAD)
        listed = from_plain(RecordedFile, clip.listed)
        claim = Claim(clip.claimed_serial, clip.claimed_officer, clip.recorder_id)
        flags = frozenset({*clip.flags, "content_differs"})
        origin = ClipOrigin(clip.agency_id, clip.officer_id, clip.recorded_at, flags, claim, clip.provenance)
        other = new_clip(context, session, listed, origin=origin, recognition=clip.recognition, generation=clip.generation + 1, at=now)
        work.clips.add([other])
        file.clip_id, file.action = other.id, UPLOAD
        tell_reassigned(work, session, file, dock=dock, at=now)
        work.custody.append_all("clip", [announcement(session, other)], actor=dock, at=now)
        clip.flags = sorted({*clip.flags, "content_differs"})
        event = NewEvent(clip.id, "content.differed", {"session_id": str(session_id), "other_clip_id": str(other.id)})
        work.custody.append_all("clip", [event], actor=dock, at=now)
        return AnnouncedFile(file.position, other.id, ClipState.ANNOUNCED, UPLOAD)


def _recognition(session: DockSession, file: SessionFile) -> dict[str, JsonValue]:
    details: dict[str, JsonValue] = {"session_id": str(session.id), "read": "in_full"}
    if file.listed is not None:
        details |= {"dock_id": str(session.dock_id), "file": file.listed}
    return details


def _import_anew(context: ServiceContext, work: UnitOfWork, session: DockSession, file: SessionFile, *, dock: Actor) -> Clip:
    """Expect an imported file whose content turned out not to be that of the clip it resembles."""
    row = work.docks.get(session.dock_id)
    if row is None or row.import_id is None or file.listed is None:
        raise SessionNotFoundError(session.id)
    now = context.clock.now()
    listed = from_plain(RecordedFile, file.listed)
    origin = ImportedFiles(context, work, row.import_id, [listed]).origin_of(listed)
    key = from_plain(RecorderIdentity, session.identity).recognition_key
    recognition = recognition_of(key, listed, occurrence=0)
    known = work.clips.recognised([recognition]).get(recognition)
    other = known or new_clip(context, session, listed, origin=origin, recognition=recognition, generation=0, at=now)
    if known is None:
        work.clips.add([other])
        work.custody.append_all("clip", [announcement(session, other)], actor=dock, at=now)
    file.clip_id, file.action, file.listed = other.id, UPLOAD, None
    tell_reassigned(work, session, file, dock=dock, at=now)
    return other
