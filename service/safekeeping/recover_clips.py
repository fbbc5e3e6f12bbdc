"""Clips that only their manifests tell of, because the exported log ended before they were verified. A forged manifest is named, not accepted."""

from uuid import UUID

from evidence_store.actor import WORKER
from evidence_store.models import Clip, DockSession, SessionFile
from evidence_store.object_store.keys import CLIP_PREFIX
from integrity.canonical import JsonValue
from integrity.hashing import sha256_hex
from integrity.manifest import Manifest
from integrity.plain import spell_instant, to_members
from integrity.receipt import ClipState
from service.context import ServiceContext
from service.ingest.kinds import is_marked
from service.ingest.policy import CURRENT_PROTOCOL, recognition_of
from service.ingest.read_back_clip import read_back_clip
from service.ingest.tell_session import tell_opened, tell_reassigned
from service.safekeeping.check_manifest import UnacceptableManifestError, check_object, read_manifest
from service.safekeeping.events import PastEvent
from service.safekeeping.rebuilt_rows import Rebuild
from service.safekeeping.replay_clip import replay_clip

_LISTED_AT_ONCE = 5_000
_MANIFEST = "/manifest"
_STORED = ("state", "session_id", "size_bytes", "sha256", "sm3", "object_version", "retain_until", "received_at")


def recover_clips(context: ServiceContext, under_way: Rebuild) -> None:
    """Look at every object below ``clips/`` that no clip names, and take over those whose manifest proves them; each is read back once more."""
    work = under_way.work
    work.reconciliation.clear_listing()
    listed = []
    for one in context.objects.list_all(CLIP_PREFIX):
        listed.append(one)
        if len(listed) == _LISTED_AT_ONCE:
            work.reconciliation.add_listing(listed)
            listed = []
    work.reconciliation.add_listing(listed)
    after = ("", "")
    while rows := work.reconciliation.unknown_versions(limit=_LISTED_AT_ONCE, after=after):
        after = (rows[-1]["key"], rows[-1]["version_id"])
        for row in rows:
            if row["key"].endswith(_MANIFEST):
                _take(context, under_way, row["key"], row["version_id"])
    work.reconciliation.clear_listing()


def _take(context: ServiceContext, under_way: Rebuild, key: str, version_id: str) -> None:
    try:
        manifest, data = read_manifest(context, key, version_id)
        clip = under_way.work.clips.get(UUID(manifest.clip_id))
        if clip is not None and clip.manifest_version is not None:
            _, known = read_manifest(context, key, clip.manifest_version)
            if known != data:
                raise UnacceptableManifestError("the chain of custody tells of another")  # noqa: TRY301 - named like what reading finds
            return
        check_object(context, manifest, key=key)
        _recover(context, under_way, clip, manifest, version_id=version_id, sha256=sha256_hex(data))
    except UnacceptableManifestError as error:
        under_way.result.reject(f"{key}@{version_id}", str(error))


def _recover(context: ServiceContext, under_way: Rebuild, clip: Clip | None, manifest: Manifest, *, version_id: str, sha256: str) -> None:
    work, clip_id, now = under_way.work, UUID(manifest.clip_id), context.clock.now()
    if clip is not None and clip.reached(ClipState.STORED):
        if clip.object_version != manifest.stored.version_id:
            raise UnacceptableManifestError("the chain of custody tells of another original")
        work.jobs.defer(read_back_clip, clip_id=manifest.clip_id)  # told as stored, and not yet as read back
        return
    details: dict[str, JsonValue] = {
        "manifest_version_id": version_id,
        "manifest_sha256": sha256,
        "session_id": manifest.session_id,
        "size_bytes": manifest.size_bytes,
        "sha256": manifest.digests.sha256,
        "sm3": manifest.digests.sm3,
        "version_id": manifest.stored.version_id,
        "retain_until": manifest.stored.retain_until.isoformat(),
        "received_at": manifest.received_at.isoformat(),
    }
    session = _session(under_way, manifest)
    if clip is None:
        details["announced"] = _announcement(context, under_way, manifest)
    work.custody.append("clip", clip_id, "clip.recovered", actor=WORKER, at=now, details=details)
    stored = replay_clip(clip_id, [PastEvent("clip.recovered", now, WORKER.id, WORKER.name, details)]).values
    if clip is None:
        under_way.write([(Clip, stored)])
    else:
        for name in _STORED:
            setattr(clip, name, stored[name])
        work.flush()
    if all(known.id != clip_id for _, known in work.docks.files(session.id)):
        position = max((file.position for file, _ in work.docks.files(session.id)), default=-1) + 1
        file = SessionFile(session_id=session.id, position=position, clip_id=clip_id, action="upload")
        work.docks.add_files([file])
        tell_reassigned(work, session, file, dock=WORKER, at=now)
    work.jobs.defer(read_back_clip, clip_id=str(clip_id))
    under_way.result.recovered.append(clip_id)


def _session(under_way: Rebuild, manifest: Manifest) -> DockSession:
    """The plugging-in that a manifest names, made from what the manifest says of it where the log ended before it."""
    work, session_id, dock_id = under_way.work, UUID(manifest.session_id), UUID(manifest.dock_id)
    session = work.docks.get_session(session_id)
    if session is not None:
        return session
    if work.docks.get(dock_id) is None:
        raise UnacceptableManifestError(f"the log tells of no dock {dock_id}")
    recorder = work.recorders.by_serial(manifest.identity.serial) if manifest.identity.serial else None
    session = DockSession(id=session_id, dock_id=dock_id, recorder_id=recorder.id if recorder else None, slot="", software="")
    session.protocol, session.identity, session.is_contested = CURRENT_PROTOCOL, to_members(manifest.identity), False
    session.clock = to_members(manifest.clock) if manifest.clock else None
    session.opened_at = manifest.received_at
    work.docks.add_session(session)
    tell_opened(work, session, dock=WORKER)
    return session


def _announcement(context: ServiceContext, under_way: Rebuild, manifest: Manifest) -> dict[str, JsonValue]:
    """What the event of a clip's announcement would have told, as far as its manifest tells it."""
    work = under_way.work
    if manifest.agency_id is None or work.agencies.get(UUID(manifest.agency_id)) is None:
        raise UnacceptableManifestError(f"the log tells of no agency {manifest.agency_id}")
    if manifest.imported is not None and work.imports.get(UUID(manifest.imported.import_id)) is None:
        raise UnacceptableManifestError(f"the log tells of no import {manifest.imported.import_id}")
    stated = manifest.imported.stated if manifest.imported is not None else None
    serial = stated.serial if stated is not None else manifest.identity.serial
    recorder = work.recorders.by_serial(serial) if serial else None
    officer = work.officers.get(UUID(manifest.officer_id)) if manifest.officer_id else None
    recognition = recognition_of(manifest.identity.recognition_key, manifest.file, occurrence=0)
    known = work.clips.recognised([recognition]).get(recognition)
    return {
        "session_id": manifest.session_id,
        "dock_id": manifest.dock_id,
        "identity": to_members(manifest.identity),
        "clock": to_members(manifest.clock) if manifest.clock else None,
        "dock_clock": None,
        "file": to_members(manifest.file),
        "generation": known.generation + 1 if known is not None else 0,
        "flags": list(manifest.flags),
        "agency_id": manifest.agency_id,
        "recorder_id": str(recorder.id) if recorder else None,
        "officer_id": str(officer.id) if officer else None,
        "claimed_serial": serial,
        "claimed_officer": stated.officer_code if stated is not None else manifest.identity.officer_code,
        "recorded_at": spell_instant(manifest.recorded_at) if manifest.recorded_at else None,
        "recognition": recognition.hex(),
        "is_key": is_marked(manifest.file.path.rsplit("/", 1)[-1], context.settings.key_mark),
        **({"imported": to_members(manifest.imported)} if manifest.imported is not None else {}),
    }
