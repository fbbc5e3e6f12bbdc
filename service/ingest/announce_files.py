"""A dock posts everything a recorder said it holds; from then on the files are expected."""

import base64
import secrets
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.errors import ConflictingRowError
from evidence_store.models import Clip, DockSession, SessionFile
from evidence_store.object_store.keys import original_key
from evidence_store.repositories.custody import NewEvent
from evidence_store.unit_of_work import UnitOfWork
from integrity.canonical import JsonValue, canonical_bytes
from integrity.hashing import sha256_hex
from integrity.listing import Listing, RecordedFile
from integrity.plain import spell_instant, to_members
from integrity.receipt import ClipState
from service.context import ServiceContext
from service.ingest.attribution import ClipOrigin, resolve_origin
from service.ingest.errors import SessionConflictError, SessionNotFoundError
from service.ingest.imported_files import AlikeClips, ImportedFiles
from service.ingest.kinds import is_marked, kind_of
from service.ingest.open_session import CONTESTED
from service.ingest.policy import recognition_of
from service.ingest.release_clip import complete_earlier_releases
from service.ingest.tell_session import tell_listed

UPLOAD, SKIP, REREAD = "upload", "skip", "reread"
READ_BACK_MISMATCH = "read_back_mismatch"
_IN_ONE_QUERY = 1_000


@dataclass(frozen=True, slots=True)
class AnnouncedFile:
    """What a dock is to do with one file of its listing: ``upload``, ``skip`` or ``reread``."""

    index: int
    clip_id: UUID
    state: ClipState
    action: str


def announce_files(context: ServiceContext, session_id: UUID, listing: Listing, *, dock: Actor) -> list[AnnouncedFile]:
    """Take a recorder's listing, recognise what it already gave, and expect the rest.

    The same listing again gives the same clips.

    Raises:
        SessionNotFoundError: This dock has no such session.
        SessionConflictError: The session already has another listing, or is of another recorder.
    """
    try:
        return _announce(context, session_id, listing, dock=dock)
    except ConflictingRowError:
        # Another session announced the same files in the meantime; they are recognised now.
        return _announce(context, session_id, listing, dock=dock)


def _announce(context: ServiceContext, session_id: UUID, listing: Listing, *, dock: Actor) -> list[AnnouncedFile]:
    digest = sha256_hex(canonical_bytes(to_members(listing)))
    with context.unit_of_work() as work:
        session = work.docks.session(session_id, UUID(dock.id), for_update=True)
        if session is None:
            raise SessionNotFoundError(session_id)
        if session.identity != to_members(listing.identity):
            raise SessionConflictError(session_id, "recorder")
        if session.listing_sha256 is None:
            _take_listing(context, work, session, listing, digest=digest, dock=dock)
            session.listing_sha256 = digest
        elif session.listing_sha256 != digest:
            raise SessionConflictError(session_id, "listing")
        return [_answer(file, clip) for file, clip in work.docks.files(session_id)]


def _answer(file: SessionFile, clip: Clip) -> AnnouncedFile:
    is_done = file.action == UPLOAD and clip.reached(ClipState.STORED)
    return AnnouncedFile(file.position, clip.id, clip.clip_state, SKIP if is_done else file.action)


def _take_listing(context: ServiceContext, work: UnitOfWork, session: DockSession, listing: Listing, *, digest: str, dock: Actor) -> None:
    now = context.clock.now()
    recognitions = _recognise(listing)
    known = _known_clips(work, recognitions)
    imported = _imported(context, work, session, listing)
    origins = [imported.origin_of(file) for file in listing.files] if imported else resolve_origin(context, work, session, listing.files)
    alike = imported.alike(file for file, one in zip(listing.files, recognitions, strict=True) if one not in known) if imported else AlikeClips(())
    clips: list[Clip] = []
    files: list[SessionFile] = []
    for position, (file, recognition) in enumerate(zip(listing.files, recognitions, strict=True)):
        clip = known.get(recognition)
        if clip is None and (same := alike.take(file)) is not None:
            files.append(SessionFile(session_id=session.id, position=position, clip_id=same.id, action=REREAD, listed=to_members(file)))
            continue
        action = _action(context, clip, file)
        if clip is None or (action == UPLOAD and clip.reached(ClipState.STORED)):
            generation = 0 if clip is None else clip.generation + 1
            clip = new_clip(context, session, file, origin=origins[position], recognition=recognition, generation=generation, at=now)
            clips.append(clip)
        files.append(SessionFile(session_id=session.id, position=position, clip_id=clip.id, action=action))
    work.clips.add(clips)
    work.docks.add_files(files)
    work.custody.append_all("clip", [announcement(session, clip) for clip in clips], actor=dock, at=now)
    marked = [NewEvent(clip.id, "clip.quarantined", {"reason": clip.quarantine}) for clip in clips if clip.quarantine is not None]
    work.custody.append_all("clip", marked, actor=dock, at=now)
    session.listed_at = now
    session.listing_complete = listing.is_complete
    session.listing_failure = listing.failure
    session.file_count = len(listing.files)
    tell_listed(work, session, files, listing_sha256=digest, dock=dock, at=now)
    if listing.is_complete and not session.is_contested:
        complete_earlier_releases(work, session, {file.clip_id for file in files}, dock=dock, now=now)


def _imported(context: ServiceContext, work: UnitOfWork, session: DockSession, listing: Listing) -> ImportedFiles | None:
    dock = work.docks.get(session.dock_id)
    return ImportedFiles(context, work, dock.import_id, listing.files) if dock is not None and dock.import_id is not None else None


def _recognise(listing: Listing) -> list[bytes]:
    seen: Counter[bytes] = Counter()
    recognitions = []
    for file in listing.files:
        alike = recognition_of(listing.identity.recognition_key, file, occurrence=0)
        recognitions.append(recognition_of(listing.identity.recognition_key, file, occurrence=seen[alike]))
        seen[alike] += 1
    return recognitions


def _known_clips(work: UnitOfWork, recognitions: list[bytes]) -> dict[bytes, Clip]:
    known: dict[bytes, Clip] = {}
    for start in range(0, len(recognitions), _IN_ONE_QUERY):
        known |= work.clips.recognised(recognitions[start : start + _IN_ONE_QUERY])
    return known


def _action(context: ServiceContext, clip: Clip | None, file: RecordedFile) -> str:
    """Upload what is new, unfinished, could not be fingerprinted, or failed its read-back; compare a drawn share of the rest in full."""
    if clip is None or not clip.reached(ClipState.STORED) or file.fingerprint is None or clip.quarantine == READ_BACK_MISMATCH:
        return UPLOAD
    is_drawn = secrets.randbelow(1_000_000) < context.settings.reread_percent * 10_000
    return REREAD if is_drawn else SKIP


def new_clip(
    context: ServiceContext,
    session: DockSession,
    file: RecordedFile,
    *,
    origin: ClipOrigin,
    recognition: bytes,
    generation: int,
    at: datetime,
) -> Clip:
    """Make the row of a clip that is expected from now on."""
    clip_id = context.new_id()
    name = file.path.rsplit("/", 1)[-1]
    return Clip(
        id=clip_id,
        agency_id=origin.agency_id,
        dock_id=session.dock_id,
        session_id=session.id,
        recorder_id=origin.claim.recorder_id,
        officer_id=origin.officer_id,
        claimed_serial=origin.claim.serial,
        claimed_officer=origin.claim.officer_code,
        recognition=recognition,
        generation=generation,
        path=file.path,
        path_raw=base64.b64decode(file.path_raw_base64),
        original_name=name,
        listed=to_members(file),
        announced_bytes=file.size_bytes,
        announced_at=at,
        recorded_at=origin.recorded_at,
        clock_offset_s=session.clock["offset_s"] if session.clock else None,
        clock_uncertainty_s=session.clock["uncertainty_s"] if session.clock else None,
        dock_offset_s=session.dock_clock["offset_s"] if session.dock_clock else None,
        dock_uncertainty_s=session.dock_clock["uncertainty_s"] if session.dock_clock else None,
        kind=kind_of(name),
        is_key=is_marked(name, context.settings.key_mark),
        state=ClipState.ANNOUNCED,
        quarantine=CONTESTED if session.is_contested else None,
        flags=sorted(origin.flags),
        object_key=original_key(clip_id),
        provenance=origin.provenance,
        import_id=UUID(origin.provenance["import_id"]) if origin.provenance else None,
    )


def announcement(session: DockSession, clip: Clip) -> NewEvent:
    """The custody event of a clip that is expected from now on: what the recorder said, verbatim."""
    owner: dict[str, JsonValue] = {
        "agency_id": str(clip.agency_id),
        "recorder_id": str(clip.recorder_id) if clip.recorder_id else None,
        "officer_id": str(clip.officer_id) if clip.officer_id else None,
        "claimed_serial": clip.claimed_serial,
        "claimed_officer": clip.claimed_officer,
        "recorded_at": spell_instant(clip.recorded_at) if clip.recorded_at else None,
        "recognition": clip.recognition.hex(),
        "is_key": clip.is_key,
    }
    details = {
        **owner,
        **({"imported": clip.provenance} if clip.provenance else {}),
        "session_id": str(session.id),
        "dock_id": str(session.dock_id),
        "identity": session.identity,
        "clock": session.clock,
        "dock_clock": session.dock_clock,
        "file": clip.listed,
        "generation": clip.generation,
        "flags": clip.flags,
    }
    return NewEvent(clip.id, "clip.announced", details)
