"""Checks of events: each is in the log, none of a clip's chain is left out, and the log knows what was handed over."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from integrity.canonical import JsonValue, parse_canonical
from integrity.checkpoint import Checkpoint, parse_verifier_key
from integrity.custody_event import CustodyEvent, parse_event
from integrity.errors import IntegrityError, MalformedValueError
from integrity.manifest import open_manifest
from integrity.merkle import InclusionProof, leaf_hash, verify_inclusion
from integrity.verify.checking import Check, Step, fails, holds, note
from integrity.verify.package import Contents, EvidenceIndex, IndexedEvent

CLIP, PACKAGE = "clip", "package"
ANNOUNCED, STORED, EXPORTED, MADE = "clip.announced", "clip.stored", "clip.exported", "package.made"


@dataclass(frozen=True, slots=True)
class ProvedEvent:
    """An event that is in the log.

    Attributes:
        event: What it says.
        leaf: Its leaf hash, 64 hexadecimal digits.
        leaf_index: Its position.
    """

    event: CustodyEvent
    leaf: str
    leaf_index: int


@dataclass(frozen=True, slots=True)
class Chain:
    """The proved events of one clip, by their number.

    Attributes:
        events: In order.
        is_whole: Whether none is missing from the first to the last.
    """

    events: tuple[ProvedEvent, ...]
    is_whole: bool

    @property
    def stored(self) -> Mapping[str, JsonValue] | None:
        """Details of the last event by which bytes were stored."""
        return next((each.event.details for each in reversed(self.events) if each.event.action == STORED), None)


def prove_events(index: EvidenceIndex, checkpoint: Checkpoint | None) -> tuple[list[Check], list[ProvedEvent]]:
    """Read each event and check its proof.

    Args:
        index: The volume's ``evidence.json``.
        checkpoint: What they are proved under; ``None`` where there is none, and then nothing is proved.
    """
    if checkpoint is None:
        return [fails(Step.EVENTS, "events_without_checkpoint")], []
    checks: list[Check] = []
    proved: list[ProvedEvent] = []
    for each in index.events:
        try:
            proved.append(_prove(each, checkpoint))
        except IntegrityError as error:
            checks.append(fails(Step.EVENTS, "event_wrong", leaf_index=each.leaf_index, reason=str(error)))
    positions = [each.leaf_index for each in index.events]
    if any(after <= before for before, after in pairwise(positions)):
        checks.append(fails(Step.EVENTS, "events_out_of_order"))
    if strangers := _strangers(index, proved):
        checks += [fails(Step.EVENTS, "event_stranger", leaf_index=each.leaf_index, action=each.event.action) for each in strangers]
    return checks or [holds(Step.EVENTS, "events_proved", count=len(proved))], proved


def _prove(each: IndexedEvent, checkpoint: Checkpoint) -> ProvedEvent:
    try:
        data = base64.b64decode(each.canonical, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedValueError("event", "is not base64") from error
    if base64.b64encode(data).decode() != each.canonical:
        raise MalformedValueError("event", "is not base64 in its canonical spelling")
    leaf = leaf_hash(data)
    path = tuple(bytes.fromhex(sibling) for sibling in each.proof)
    verify_inclusion(leaf, InclusionProof(each.leaf_index, checkpoint.size, path), root=checkpoint.root)
    return ProvedEvent(parse_event(data), leaf.hex(), each.leaf_index)


def _strangers(index: EvidenceIndex, proved: Sequence[ProvedEvent]) -> list[ProvedEvent]:
    """Events that belong neither to a clip of this volume nor to the handing-over."""
    ours = {(CLIP, clip.clip_id) for clip in index.clips}
    return [
        each
        for each in proved
        if (each.event.subject.kind, each.event.subject.id) not in ours and (each.event.subject.kind, each.event.action) != (PACKAGE, MADE)
    ]


def check_chains(index: EvidenceIndex, proved: Sequence[ProvedEvent]) -> tuple[list[Check], dict[str, Chain]]:
    """Check that no event of a clip is left out, up to the last that is here."""
    by_clip: dict[str, list[ProvedEvent]] = {clip.clip_id: [] for clip in index.clips}
    for each in proved:
        if each.event.subject.kind == CLIP and each.event.subject.id in by_clip:
            by_clip[each.event.subject.id].append(each)
    checks: list[Check] = []
    chains: dict[str, Chain] = {}
    for clip_id, events in by_clip.items():
        in_order = sorted(events, key=lambda each: (each.event.subject_seq, each.leaf_index))
        fault = _find_fault(in_order)
        chains[clip_id] = Chain(tuple(in_order), fault is None)
        if fault is not None:
            checks.append(fails(Step.EVENTS, "chain_broken", clip_id=clip_id, seq=fault))
    return checks or [holds(Step.EVENTS, "chains_whole", count=len(chains))], chains


def _find_fault(events: Sequence[ProvedEvent]) -> int | None:
    """Number of the first event that does not follow on the one before; ``None`` where all do, and there are any."""
    if not events:
        return 0
    before: ProvedEvent | None = None
    for number, each in enumerate(events):
        follows = before is None or (each.event.prev == before.leaf and each.leaf_index > before.leaf_index)
        if each.event.subject_seq != number or not follows:
            return number
        before = each
    return None


def check_handing_over(
    index: EvidenceIndex,
    contents: Contents,
    *,
    contents_sha256: str,
    proved: Sequence[ProvedEvent],
) -> tuple[list[Check], bool]:
    """Check that the log holds this very handing-over.

    Returns:
        What was found, and whether the log vouches for ``contents.json``.
    """
    made = [each.event for each in proved if each.event.action == MADE]
    if len(made) != 1:
        return [fails(Step.CONTENTS, "made_events", count=len(made))], False
    named = (made[0].subject.kind, made[0].subject.id)
    if index.package_id != contents.package_id or named != (PACKAGE, contents.package_id):
        return [fails(Step.CONTENTS, "package_ids")], False
    if made[0].details.get("contents_sha256") != contents_sha256:
        return [fails(Step.CONTENTS, "contents_changed")], False
    values: dict[str, JsonValue] = {"recipient": contents.recipient, "purpose": contents.purpose, "clips": len(contents.clips)}
    return [holds(Step.CONTENTS, "contents_in_log", **values)], True


def check_clips(index: EvidenceIndex, contents: Contents, chains: Mapping[str, Chain]) -> tuple[list[Check], set[str]]:
    """Check that each clip of this volume was handed over, with all of its events up to that.

    Returns:
        What was found, and the clips of which it holds.
    """
    listed = {clip.clip_id: clip for clip in contents.clips}
    checks: list[Check] = []
    sound: set[str] = set()
    for clip_id, chain in chains.items():
        expected, last = listed.get(clip_id), chain.events[-1] if chain.events else None
        if expected is None:
            checks.append(fails(Step.CONTENTS, "clip_not_listed", clip_id=clip_id))
        elif len(chain.events) != expected.events or last is None or last.leaf != expected.head:
            checks.append(fails(Step.CONTENTS, "clip_events", clip_id=clip_id, count=len(chain.events), expected=expected.events))
        elif last.event.action != EXPORTED or last.event.details.get("package_id") != index.package_id:
            checks.append(fails(Step.CONTENTS, "clip_not_exported", clip_id=clip_id))
        else:
            sound.add(clip_id)
    return checks or [holds(Step.CONTENTS, "clips_listed", count=len(sound))], sound


def check_manifests(
    index: EvidenceIndex,
    present: Collection[str],
    chains: Mapping[str, Chain],
    *,
    read: Callable[[str], bytes],
    manifest_key: str | None,
) -> list[Check]:
    """Check that each manifest speaks of the object that the chain says was stored; its signature only where the reader brought the key.

    Args:
        index: The volume's ``evidence.json``.
        present: Paths of those that are there.
        chains: The clips' proved events.
        read: Reads one; they are not held together.
        manifest_key: C2SP verifier key of those who sign manifests.
    """
    named = {clip.manifest: clip.clip_id for clip in index.clips if clip.manifest is not None}
    checks = [fails(Step.CONTENTS, "manifest_unknown", name=path) for path in sorted(set(present) - set(named))]
    for path, clip_id in named.items():
        data = read(path) if path in present else None
        try:
            if data is None:
                raise MalformedValueError("manifest", "is missing")
            if manifest_key is not None:
                open_manifest(data, parse_verifier_key(manifest_key).public_key)
            _compare_manifest(data, clip_id, chains[clip_id].stored)
        except IntegrityError as error:
            checks.append(fails(Step.CONTENTS, "manifest_wrong", name=path, reason=str(error)))
    if not checks and named:
        checks.append(holds(Step.CONTENTS, "manifests_agree", count=len(named)))
    if named and manifest_key is None:
        checks.append(note(Step.CONTENTS, "manifests_unsigned"))
    return checks


def _compare_manifest(data: bytes, clip_id: str, stored: Mapping[str, JsonValue] | None) -> None:
    envelope = parse_canonical(data)
    manifest = envelope.get("manifest") if isinstance(envelope, Mapping) else None
    digests, place = (manifest.get("digests"), manifest.get("stored")) if isinstance(manifest, Mapping) else (None, None)
    if not isinstance(manifest, Mapping) or not isinstance(digests, Mapping) or not isinstance(place, Mapping):
        raise MalformedValueError("manifest", "is of another format")
    said = (manifest.get("clip_id"), manifest.get("size_bytes"), digests.get("sha256"), digests.get("sm3"), place.get("version_id"))
    known = (stored or {}).get
    if said != (clip_id, known("size_bytes"), known("sha256"), known("sm3"), known("version_id")):
        raise MalformedValueError("manifest", "speaks of other bytes than the chain of custody")
