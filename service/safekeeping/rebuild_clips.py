"""Sessions, clips and the files of listings, written again as their chains tell them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import Any
from uuid import UUID

from evidence_store.models import Clip, ClipView, DockSession, ImportStatement, ObjectLoss, SessionFile
from evidence_store.object_store.keys import manifest_key
from integrity.hashing import sha256
from service.context import ServiceContext
from service.safekeeping.check_manifest import UnacceptableManifestError, check_told
from service.safekeeping.events import read_past_event
from service.safekeeping.probe_again import probe_again
from service.safekeeping.rebuilt_rows import AT_ONCE, Rebuild
from service.safekeeping.replay_clip import ReplayedClip, replay_clip
from service.safekeeping.replay_people import replay_recorder
from service.safekeeping.replay_session import replay_session

_READERS = 8
_COLUMNS = frozenset(Clip.__table__.columns.keys())


def write_sessions(under_way: Rebuild) -> None:
    """Write sessions, then whose media were adopted and who had pool recorders, then which adoption each session was opened under."""
    under_way.report("writing sessions")
    adopted: dict[UUID, UUID] = {}
    for session_id, chain in under_way.chains("session"):
        values = replay_session(session_id, map(read_past_event, chain)).values
        if "opened_at" not in values:
            under_way.result.reject(f"session {session_id}", "the log does not tell of its opening")
            continue
        if values["adoption_id"] is not None:
            adopted[session_id] = values["adoption_id"]
        under_way.write([(DockSession, {**values, "adoption_id": None})])
    for recorder_id, chain in under_way.chains("recorder"):
        under_way.write(replay_recorder(recorder_id, map(read_past_event, chain)))
    for session_id, adoption_id in adopted.items():
        under_way.work.rebuilding.adopt_session(session_id, adoption_id)


def write_clips(context: ServiceContext, under_way: Rebuild) -> None:
    """Write clips and their views, and hold the manifest of each against what its chain tells; what is wrong with one is named."""
    count = 0
    chains = under_way.chains("clip")
    with ThreadPoolExecutor(_READERS, thread_name_prefix="manifests") as readers:
        while page := list(islice(chains, AT_ONCE)):
            clips = [replay_clip(clip_id, map(read_past_event, chain)) for clip_id, chain in page]
            told = [clip for clip in clips if "recognition" in clip.values]
            for clip in clips:
                if clip not in told:
                    under_way.result.reject(f"clip {clip.values['id']}", "the log does not tell of its announcement")
            for clip, wrong in zip(told, readers.map(partial(_wrong_manifest, context), told), strict=True):
                if wrong is not None:
                    under_way.result.reject(f"{manifest_key(clip.values['id'])}@{clip.values['manifest_version']}", wrong)
            under_way.write((Clip, _row(clip)) for clip in told)
            under_way.write((ImportStatement, row) for row in _statements(told))
            under_way.write((ClipView, view) for clip in told for view in clip.views)
            under_way.write((ObjectLoss, {"id": context.new_id(), **loss}) for clip in told for loss in clip.losses.values())
            count += len(told)
            under_way.report(f"wrote {count} clips")
    under_way.work.jobs.defer_once(probe_again)


def write_files(under_way: Rebuild) -> None:
    """Write the files of every listing, and what the clips' chains tell of each."""
    under_way.report("writing listings")
    for session_id, chain in under_way.chains("session"):
        files = replay_session(session_id, map(read_past_event, chain)).files
        under_way.write((SessionFile, {"session_id": session_id, "position": position, **file}) for position, file in sorted(files.items()))
    for clip_id, chain in under_way.chains("clip"):
        for mark in replay_clip(clip_id, map(read_past_event, chain)).marks:
            under_way.work.rebuilding.mark_file(mark.session_id, clip_id, mark.values)


def _wrong_manifest(context: ServiceContext, clip: ReplayedClip) -> str | None:
    if "manifest_version" not in clip.values:
        return None
    try:
        check_told(context, clip.values, key=manifest_key(clip.values["id"]), told_sha256=clip.manifest_sha256)
    except UnacceptableManifestError as error:
        return str(error)
    return None


def _row(clip: ReplayedClip) -> dict[str, Any]:
    return {name: value for name, value in clip.values.items() if name in _COLUMNS}


def _statements(clips: list[ReplayedClip]) -> Iterator[dict[str, Any]]:
    """What the sources of imports state of files, as the announcements of their clips repeat it."""
    for clip in clips:
        stated = (clip.values["provenance"] or {}).get("stated")
        if stated is not None:
            yield {"import_id": clip.values["import_id"], "path_sha256": sha256(clip.values["path_raw"]), "stated": stated}
