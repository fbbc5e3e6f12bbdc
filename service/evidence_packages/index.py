"""``evidence.json``: what lies where in a package, and every event with its proof. Pure."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from evidence_store.repositories.evidence_packages import PackagedEvent
from integrity.canonical import JsonValue, canonical_bytes
from integrity.plain import spell_instant

FORMAT = "bodycam.evidence-package"
VERSION = 1
MOST_BYTES = 64 * 1024**2
"""What readers accept (docs/formats/evidence-package.md)."""


@dataclass(frozen=True, slots=True)
class PackageHead:
    """What the index says of the package itself.

    Attributes:
        made_at: When, aware UTC.
        maker: Name of the account.
        tokens: ``{"path", "checkpoint", "consistency"}`` of each token of an authority elsewhere.
    """

    package_id: UUID
    made_at: datetime
    maker: str
    software: str
    log_origin: str
    checkpoint_size: int
    tokens: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class IndexedClip:
    """A clip with the paths of its pieces, in order."""

    facts: Mapping[str, Any]
    paths: Sequence[str]


def evidence_json(
    head: PackageHead, *, volume: tuple[int, int], clips: Sequence[IndexedClip], events: Sequence[PackagedEvent], proofs: Mapping[int, list[str]]
) -> bytes:
    """Spell the index of one volume, canonically.

    Args:
        head: What is said of the package.
        volume: Number of the volume, and how many there are.
        clips: Those in the volume, by id.
        events: Theirs and the package's own, by leaf index; each has one.
        proofs: Inclusion proofs by leaf index.
    """
    return canonical_bytes(
        {
            "format": FORMAT,
            "version": VERSION,
            "package_id": str(head.package_id),
            "made_at": spell_instant(head.made_at),
            "maker": head.maker,
            "software": head.software,
            "log_origin": head.log_origin,
            "volume": {"number": volume[0], "count": volume[1]},
            "clips": [_clip(clip) for clip in clips],
            "derivatives": [],
            "events": [_event(event, proofs) for event in events],
            "checkpoint_size": head.checkpoint_size,
            "tokens": list(head.tokens),
        }
    )


def manifest_path(clip_id: str) -> str:
    """Where a clip's signed manifest lies in a package."""
    return f"manifests/{clip_id}.json"


def event_bytes_at_most(canonical_bytes_count: int, *, proof_hashes: int) -> int:
    """What an event takes in the index at most."""
    return (canonical_bytes_count + 2) // 3 * 4 + proof_hashes * 67 + 80


def _clip(clip: IndexedClip) -> dict[str, JsonValue]:
    facts = clip.facts
    return {
        "clip_id": facts["clip_id"],
        "paths": list(clip.paths),
        "original_name": facts["original_name"],
        "recorder": facts["recorder"],
        "officer": facts["officer"],
        "recorded_at": facts["recorded_at"],
        "received_at": facts["received_at"],
        "imported": facts["imported"] is not None,
        "manifest": manifest_path(facts["clip_id"]),
    }


def _event(event: PackagedEvent, proofs: Mapping[int, list[str]]) -> dict[str, JsonValue]:
    index = event.leaf_index or 0
    return {"canonical": base64.b64encode(event.canonical).decode(), "leaf_index": index, "proof": proofs[index]}
