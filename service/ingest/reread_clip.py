"""A dock read a recognised file in full once more, as drawn, and says what it found."""

from dataclasses import dataclass
from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.repositories.custody import NewEvent
from integrity.hashing import Digests
from integrity.listing import RecordedFile
from integrity.plain import from_plain
from integrity.receipt import ClipState
from service.context import ServiceContext
from service.ingest.announce_files import SKIP, UPLOAD, AnnouncedFile, announcement, new_clip
from service.ingest.attribution import ClipOrigin
from service.ingest.errors import SessionNotFoundError


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
                work.custody.append(
                    "clip", clip.id, "clip.recognised", actor=dock, at=now, details={"session_id": str(session_id), "read": "in_full"}
                )
            return AnnouncedFile(file.position, clip.id, clip.clip_state, SKIP)
        listed = from_plain(RecordedFile, clip.listed)
        origin = ClipOrigin(clip.agency_id, clip.officer_id, clip.recorded_at, frozenset({*clip.flags, "content_differs"}))
        other = new_clip(context, session, listed, origin=origin, recognition=clip.recognition, generation=clip.generation + 1)
        work.clips.add([other])
        file.clip_id, file.action = other.id, UPLOAD
        work.custody.append_all("clip", [announcement(session, other)], actor=dock, at=now)
        clip.flags = sorted({*clip.flags, "content_differs"})
        event = NewEvent(clip.id, "content.differed", {"session_id": str(session_id), "other_clip_id": str(other.id)})
        work.custody.append_all("clip", [event], actor=dock, at=now)
        return AnnouncedFile(file.position, other.id, ClipState.ANNOUNCED, UPLOAD)
