"""Imported footage is held against what its source states of it, and against what is here already, before its manifest is signed."""

from dataclasses import dataclass, field

from evidence_store.actor import WORKER, Scope
from evidence_store.models import Clip
from integrity.canonical import JsonValue
from integrity.hashing import RunningDigest, running_digest
from integrity.plain import from_plain
from integrity.provenance import Provenance, StatedAlgorithm
from service.context import ServiceContext

STATED_DIGEST_DIFFERS = "stated_digest_differs"
DUPLICATE = "duplicate_content"


@dataclass(slots=True)
class StatedDigest:
    """A digest that the source states of a clip, and the same digest of what is stored."""

    algorithm: StatedAlgorithm
    stated: str
    running: RunningDigest = field(init=False)

    def __post_init__(self) -> None:
        self.running = running_digest(self.algorithm)

    @classmethod
    def of(cls, clip: Clip) -> "StatedDigest | None":
        """Begin the comparison; ``None`` where no digest is stated."""
        stated = from_plain(Provenance, clip.provenance).stated if clip.provenance else None
        if stated is None or stated.digest_algorithm is None or stated.digest is None:
            return None
        return cls(stated.digest_algorithm, stated.digest)

    @property
    def found(self) -> str:
        """The digest of what was given to it, in hexadecimal."""
        return self.running.digest().hex()


def judge_imported(context: ServiceContext, seen: Clip, comparison: StatedDigest | None) -> None:
    """Mark a clip whose content is not what its source states, or is here already; ``seen`` gets the same flags. Done twice it changes nothing more.

    Args:
        context: What the service needs.
        seen: The clip, read back and as it was sent.
        comparison: The stated digest beside that of what was read back.
    """
    if seen.import_id is None:
        return
    now = context.clock.now()
    with context.unit_of_work() as work:
        clip = work.clips.lock(seen.id)
        owner = work.imports.get(seen.import_id)
        agency = work.agencies.get(owner.agency_id) if owner else None
        if clip is None or agency is None:
            return
        flags = set(clip.flags)
        if comparison is not None and comparison.found != comparison.stated and STATED_DIGEST_DIFFERS not in flags:
            flags.add(STATED_DIGEST_DIFFERS)
            clip.quarantine = clip.quarantine or STATED_DIGEST_DIFFERS
            details: dict[str, JsonValue] = {
                "reason": STATED_DIGEST_DIFFERS,
                "mark": clip.quarantine,
                "algorithm": str(comparison.algorithm),
                "stated": comparison.stated,
                "found": comparison.found,
            }
            work.custody.append("clip", clip.id, "clip.quarantined", actor=WORKER, at=now, details=details)
        same = work.clips.same_content(clip, Scope(agency.path)) if clip.size_bytes else None
        if same is not None and DUPLICATE not in flags:
            flags.add(DUPLICATE)
            work.custody.append("clip", clip.id, "clip.duplicate_found", actor=WORKER, at=now, details={"clip_id": str(same.id)})
        clip.flags = sorted(flags)
    seen.flags = clip.flags
