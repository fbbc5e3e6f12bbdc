"""A clip's row as its chain of custody tells it. Pure: the same events always give the same row.

What a worker finds out by looking at the original again (container, duration, kind by content, flags of the probe) is in no event; nor is the id of
an upload under way, nor when a clip was last re-read.
"""

import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from evidence_store.models import ViewKind
from evidence_store.object_store.keys import original_key
from integrity.receipt import ClipState
from service.clips.claim_clip import CLAIMED_AFTERWARDS, NOBODYS
from service.ingest.kinds import kind_of
from service.safekeeping.events import PastEvent, replay, told_id, told_time

PROBED = frozenset({"media", "duration_s", "kind"})
"""Columns that a worker fills by looking at the original; it does so again."""
PROBED_FLAGS = frozenset({"unplayable", "dark_picture", "damaged_media", "gps_time_differs"})
"""Flags of the same origin."""
_FIRST_STORE = "first"
_MARKS_WITH_FLAG = frozenset({"size_mismatch", "stated_digest_differs"})


@dataclass(frozen=True, slots=True)
class SessionMark:
    """What a clip's chain tells of its place in a session: values of the ``session_file`` row."""

    session_id: UUID
    values: dict[str, Any]


@dataclass(slots=True)
class ReplayedClip:
    """What a chain tells.

    Attributes:
        values: Columns of the clip's row that are told, by name; ``sealed`` is told by the tree, not by an event.
        manifest_sha256: Digest of the manifest that was laid beside the original.
        marks: What it tells of session files.
        views: Rows of views that were granted.
        losses: Rows of versions that a store lost, by store, key and version; without their internal numbers.
    """

    values: dict[str, Any] = field(default_factory=dict)
    manifest_sha256: str | None = None
    marks: list[SessionMark] = field(default_factory=list)
    views: list[dict[str, Any]] = field(default_factory=list)
    losses: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)


def replay_clip(clip_id: UUID, events: Iterable[PastEvent]) -> ReplayedClip:
    """Replay a clip's chain, from its first event on.

    Raises:
        ValueError: An event lacks what every event of its kind tells.
    """
    clip = ReplayedClip({"id": clip_id, "object_key": original_key(clip_id)})
    replay(events, partial(_tell, clip), f"clip {clip_id}")
    return clip


def _tell(clip: ReplayedClip, event: PastEvent) -> None:
    tell = _TELL.get(event.action)
    if tell is not None:
        tell(clip, event)


def _announced(clip: ReplayedClip, event: PastEvent) -> None:
    told, file = event.details, event.details["file"]
    clock, dock_clock = told["clock"] or {}, told["dock_clock"] or {}
    name = file["path"].rsplit("/", 1)[-1]
    imported = told.get("imported")
    clip.values |= {
        "dock_id": UUID(told["dock_id"]),
        "session_id": UUID(told["session_id"]),
        "path": file["path"],
        "path_raw": base64.b64decode(file["path_raw_base64"]),
        "original_name": name,
        "listed": file,
        "announced_bytes": file["size_bytes"],
        "announced_at": event.at,
        "clock_offset_s": clock.get("offset_s"),
        "clock_uncertainty_s": clock.get("uncertainty_s"),
        "dock_offset_s": dock_clock.get("offset_s"),
        "dock_uncertainty_s": dock_clock.get("uncertainty_s"),
        "generation": told["generation"],
        "flags": list(told["flags"]),
        "provenance": imported,
        "import_id": told_id(imported or {}, "import_id"),
        "kind": kind_of(name),
        "quarantine": None,
        "category": None,
        "state": ClipState.ANNOUNCED,
    }
    if "recognition" in told:
        clip.values |= {
            "agency_id": UUID(told["agency_id"]),
            "recorder_id": told_id(told, "recorder_id"),
            "officer_id": told_id(told, "officer_id"),
            "claimed_serial": told["claimed_serial"],
            "claimed_officer": told["claimed_officer"],
            "recorded_at": told_time(told, "recorded_at"),
            "recognition": bytes.fromhex(told["recognition"]),
            "is_key": told["is_key"],
        }


def _begun(clip: ReplayedClip, event: PastEvent) -> None:
    clip.values |= {"state": ClipState.UPLOADING, "session_id": UUID(event.details["session_id"])}


def _stored(clip: ReplayedClip, event: PastEvent) -> None:
    told = event.details
    clip.values |= {
        "state": ClipState.STORED,
        "size_bytes": told["size_bytes"],
        "sha256": told["sha256"],
        "sm3": told["sm3"],
        "object_version": told["version_id"],
        "retain_until": datetime.fromisoformat(told["retain_until"]),
        "received_at": event.at,
    }
    if "session_id" in told:
        clip.values["session_id"] = UUID(told["session_id"])


def _verified(clip: ReplayedClip, event: PastEvent) -> None:
    clip.values |= {"state": ClipState.VERIFIED, "verified_at": event.at, "manifest_version": event.details["manifest_version_id"]}
    clip.manifest_sha256 = event.details.get("manifest_sha256")


def _quarantined(clip: ReplayedClip, event: PastEvent) -> None:
    reason = event.details["reason"]
    clip.values["quarantine"] = event.details.get("mark", reason)
    if reason in _MARKS_WITH_FLAG:
        _add_flag(clip, reason)


def _lifted(clip: ReplayedClip, _event: PastEvent) -> None:
    clip.values["quarantine"] = None


def _restored(clip: ReplayedClip, event: PastEvent) -> None:
    clip.values["quarantine"] = event.details["mark"]


def _duplicate(clip: ReplayedClip, _event: PastEvent) -> None:
    _add_flag(clip, "duplicate_content")


def _differed(clip: ReplayedClip, _event: PastEvent) -> None:
    _add_flag(clip, "content_differs")


def _claimed(clip: ReplayedClip, event: PastEvent) -> None:
    clip.values["officer_id"] = UUID(event.details["officer_id"])
    clip.values["flags"] = sorted({*clip.values["flags"], CLAIMED_AFTERWARDS} - {NOBODYS})


def _categorised(clip: ReplayedClip, event: PastEvent) -> None:
    clip.values["category"] = event.details["category"]


def _lost(clip: ReplayedClip, event: PastEvent) -> None:
    told = event.details
    for gone in told["objects"]:
        loss = {"store": told["store"], "place": told["place"], "key": gone["key"], "version_id": gone["version_id"], "reason": gone["reason"]}
        open_end = {"found_at": event.at, "repaired_at": None, "repaired_version": None}
        clip.losses[told["store"], gone["key"], gone["version_id"]] = {**loss, "clip_id": clip.values["id"], **open_end}


def _repaired(clip: ReplayedClip, event: PastEvent) -> None:
    """A version that the first store lost was laid there again from the second, as another version."""
    told = event.details
    loss = clip.losses.get((told["store"], told["key"], told["lost_version_id"]))
    if loss is not None:
        loss |= {"repaired_at": event.at, "repaired_version": told["version_id"]}
    if told["store"] == _FIRST_STORE:
        column = "object_version" if event.details["key"] == clip.values["object_key"] else "manifest_version"
        clip.values[column] = event.details["version_id"]


def _released(clip: ReplayedClip, event: PastEvent) -> None:
    clip.values |= {"state": ClipState.RELEASED, "released_at": event.at}


def _recognised(clip: ReplayedClip, event: PastEvent) -> None:
    clip.marks.append(SessionMark(UUID(event.details["session_id"]), {"action": "skip"}))


def _unreadable(clip: ReplayedClip, event: PastEvent) -> None:
    failure = {name: value for name, value in event.details.items() if name != "session_id"}
    clip.marks.append(SessionMark(UUID(event.details["session_id"]), {"failure": failure}))


def _ordered(clip: ReplayedClip, event: PastEvent) -> None:
    clip.marks.append(SessionMark(UUID(event.details["session_id"]), {"release_ordered_at": event.at}))


def _viewed(clip: ReplayedClip, event: PastEvent) -> None:
    kind = ViewKind.DOWNLOAD if event.action == "clip.downloaded" else ViewKind.VIEW
    clip.views.append(
        {
            "id": UUID(event.details["view_id"]),
            "clip_id": clip.values["id"],
            "user_id": UUID(event.actor_id),
            "kind": kind,
            "purpose": event.details["purpose"],
            "opened_at": event.at,
            "expires_at": told_time(event.details, "expires_at") or event.at,
        }
    )


def _recovered(clip: ReplayedClip, event: PastEvent) -> None:
    """A rebuilt database took the clip over from its manifest, because the exported log ended before its storing."""
    told = event.details
    if "announced" in told:
        _announced(clip, PastEvent("clip.announced", event.at, event.actor_id, event.actor_name, told["announced"]))
    stored_at = datetime.fromisoformat(told["received_at"])
    _stored(clip, PastEvent("clip.stored", stored_at, event.actor_id, event.actor_name, told))


def _add_flag(clip: ReplayedClip, flag: str) -> None:
    clip.values["flags"] = sorted({*clip.values["flags"], flag})


_TELL: dict[str, Callable[[ReplayedClip, PastEvent], None]] = {
    "clip.announced": _announced,
    "upload.begun": _begun,
    "clip.stored": _stored,
    "clip.recovered": _recovered,
    "clip.verified": _verified,
    "clip.quarantined": _quarantined,
    "clip.quarantine_lifted": _lifted,
    "fixity.failed": _quarantined,
    "fixity.restored": _restored,
    "clip.duplicate_found": _duplicate,
    "content.differed": _differed,
    "clip.claimed": _claimed,
    "clip.categorised": _categorised,
    "clip.released": _released,
    "copy.lost": _lost,
    "copy.repaired": _repaired,
    "clip.recognised": _recognised,
    "reading.failed": _unreadable,
    "clip.release_ordered": _ordered,
    "clip.viewed": _viewed,
    "clip.downloaded": _viewed,
}
