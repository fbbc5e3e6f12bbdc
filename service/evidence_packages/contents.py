"""``contents.json``: what was handed over; its digest stands in the custody log. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from integrity.canonical import JsonValue, canonical_bytes

FORMAT = "bodycam.evidence-contents"
VERSION = 1


@dataclass(frozen=True, slots=True)
class CaseReference:
    """The case whose clips are handed over."""

    id: UUID
    number: str
    title: str


@dataclass(frozen=True, slots=True)
class HandedClip:
    """A clip, and its chain up to the event of its handing-over."""

    clip_id: UUID
    sha256: str
    sm3: str
    size_bytes: int
    events: int
    head: bytes


@dataclass(frozen=True, slots=True)
class HandedDerivative:
    """Something made from a clip, and how."""

    clip_id: UUID
    sha256: str
    sm3: str
    size_bytes: int
    recipe: Mapping[str, JsonValue]


def contents_json(
    package_id: UUID,
    *,
    recipient: str,
    purpose: str,
    case: CaseReference | None,
    clips: Iterable[HandedClip],
    derivatives: Iterable[HandedDerivative] = (),
) -> bytes:
    """Spell what is handed over, canonically."""
    return canonical_bytes(
        {
            "format": FORMAT,
            "version": VERSION,
            "package_id": str(package_id),
            "recipient": recipient,
            "purpose": purpose,
            "case": None if case is None else {"id": str(case.id), "number": case.number, "title": case.title},
            "clips": [_clip(clip) for clip in sorted(clips, key=lambda clip: str(clip.clip_id))],
            "derivatives": [_derivative(one) for one in sorted(derivatives, key=lambda one: (str(one.clip_id), one.sha256))],
        }
    )


def _clip(clip: HandedClip) -> dict[str, JsonValue]:
    return {
        "clip_id": str(clip.clip_id),
        "sha256": clip.sha256,
        "sm3": clip.sm3,
        "size_bytes": clip.size_bytes,
        "events": clip.events,
        "head": clip.head.hex(),
    }


def _derivative(one: HandedDerivative) -> dict[str, JsonValue]:
    return {"clip_id": str(one.clip_id), "sha256": one.sha256, "sm3": one.sm3, "size_bytes": one.size_bytes, "recipe": one.recipe}
