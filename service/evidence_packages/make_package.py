"""Make a package: one transaction enters the handing-over in each clip's chain and in the package's own."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.errors import ObjectNotFoundError
from evidence_store.models import Clip, ClipFilter, ClipRow, EvidencePackage, PackagedClip
from evidence_store.object_store.keys import manifest_key
from evidence_store.repositories.custody import NewEvent
from evidence_store.repositories.evidence_packages import MADE
from evidence_store.unit_of_work import UnitOfWork
from integrity.canonical import JsonValue
from integrity.hashing import sha256_hex
from integrity.manifest import MAX_MANIFEST_BYTES
from integrity.receipt import ClipState
from service.access.permission import require
from service.access.policy import Action
from service.cases.errors import CaseNotFoundError
from service.clips.errors import ClipNotFoundError
from service.context import ServiceContext
from service.custody.seal_clips import SEALING_FIRST, seal_clips
from service.documents.fonts import find_fonts
from service.errors import UnacceptableValueError
from service.evidence_packages.contents import CaseReference, HandedClip, contents_json
from service.evidence_packages.errors import ClipsNotSealedError, EvidenceDamagedError, PackageTooLargeError
from service.evidence_packages.facts import facts_of
from service.evidence_packages.index import MOST_BYTES, event_bytes_at_most

MOST_CLIPS = 5_000
LONGEST_TEXT = 500
_EXPORTED_EVENT_BYTES = 8_192
"""More than the event of a handing-over takes: two texts of 500 characters, and ids."""
_ENTRY_BYTES = 2_048
"""More than a clip's own entry in the index takes but for its name."""


@dataclass(frozen=True, slots=True)
class HandingOver:
    """What is to be handed over: named clips, or those linked to a case; to whom, and for what."""

    recipient: str
    purpose: str
    clip_ids: Collection[UUID] = ()
    case_id: UUID | None = None


def make_package(context: ServiceContext, wanted: HandingOver, *, actor: Actor) -> UUID:
    """Hand clips over. What is given out is read by :func:`service.evidence_packages.open_package.open_package`.

    Raises:
        NotPermittedError: This role may not.
        FontMissingError: The documents could not be set.
        UnacceptableValueError: Recipient or purpose is empty or too long, no clips or too many, or both clips and a case.
        CaseNotFoundError: No such case, or none the actor may see.
        ClipNotFoundError: No such clip, or none the actor may see.
        ClipsNotSealedError: Some are not sealed; nothing was handed over.
        EvidenceDamagedError: An original or its manifest is missing in the store; nothing was handed over.
        PackageTooLargeError: These clips have too many events for one package.
    """
    require(Action.MAKE_PACKAGE, actor)
    find_fonts()
    wanted = _checked(wanted)
    with context.unit_of_work() as work:
        case, rows = _find(work, wanted, actor)
    manifests = {row.clip.id: _read_manifest(context, row.clip) for row in rows}
    with context.unit_of_work() as work:
        work.clips.lock_many(list(manifests))
        rows = work.clips.find_many(list(manifests), actor)
        _refuse_too_large(work, rows)
        facts = {row.clip.id: facts_of(row, manifest=manifests[row.clip.id], manifest_sha256=sha256_hex(manifests[row.clip.id])) for row in rows}
        return _enter(context, work, wanted, case, facts, actor=actor)


def _checked(wanted: HandingOver) -> HandingOver:
    recipient, purpose = wanted.recipient.strip(), wanted.purpose.strip()
    for field, text in (("recipient", recipient), ("purpose", purpose)):
        if not 0 < len(text) <= LONGEST_TEXT:
            raise UnacceptableValueError(field, f"1 to {LONGEST_TEXT} characters")
    clip_ids = sorted(set(wanted.clip_ids), key=str)
    if bool(clip_ids) == (wanted.case_id is not None):
        raise UnacceptableValueError("clip_ids", "name clips, or a case, and not both")
    if len(clip_ids) > MOST_CLIPS:
        raise UnacceptableValueError("clip_ids", f"at most {MOST_CLIPS} clips")
    return HandingOver(recipient, purpose, clip_ids, wanted.case_id)


def _find(work: UnitOfWork, wanted: HandingOver, actor: Actor) -> tuple[CaseReference | None, list[ClipRow]]:
    """Find the case and the clips, all of them sealed, by id."""
    case = None
    if wanted.case_id is None:
        rows = work.clips.find_many(wanted.clip_ids, actor)
        found = {row.clip.id for row in rows}
        for clip_id in wanted.clip_ids:
            if clip_id not in found:
                raise ClipNotFoundError(clip_id)
    else:
        seen = work.cases.find(wanted.case_id, actor)
        if seen is None:
            raise CaseNotFoundError(wanted.case_id)
        case = CaseReference(seen[0].id, seen[0].number, seen[0].title)
        rows = work.clips.search(ClipFilter(case_id=wanted.case_id), actor, limit=MOST_CLIPS + 1)
        if not 0 < len(rows) <= MOST_CLIPS:
            raise UnacceptableValueError("case_id", f"1 to {MOST_CLIPS} linked clips")
    waiting = [row.clip.id for row in rows if not row.clip.reached(ClipState.SEALED)]
    if waiting:
        raise ClipsNotSealedError(waiting)
    return case, rows


def _read_manifest(context: ServiceContext, clip: Clip) -> bytes:
    """Read what lies beside an original, and make sure that the original is there too."""
    try:
        context.objects.retention(clip.object_key, clip.object_version or "")
        return b"".join(context.objects.read(manifest_key(clip.id), clip.manifest_version or "", length=MAX_MANIFEST_BYTES))
    except ObjectNotFoundError as error:
        raise EvidenceDamagedError(clip.id, "missing") from error


def _refuse_too_large(work: UnitOfWork, rows: list[ClipRow]) -> None:
    """Refuse what would give a longer index than readers accept, before anything is entered."""
    count, length = work.evidence_packages.count_events(row.clip.id for row in rows)
    count, length = count + len(rows) + 1, length + (len(rows) + 1) * _EXPORTED_EVENT_BYTES
    proof_hashes = (work.log.size() + work.log.count_pending() + count).bit_length()
    names = sum(6 * len(row.clip.original_name) + _ENTRY_BYTES for row in rows)
    if event_bytes_at_most(length, proof_hashes=0) + count * event_bytes_at_most(0, proof_hashes=proof_hashes) + names > MOST_BYTES:
        raise PackageTooLargeError(MOST_BYTES)


def _enter(
    context: ServiceContext, work: UnitOfWork, wanted: HandingOver, case: CaseReference | None, facts: dict[UUID, dict[str, Any]], *, actor: Actor
) -> UUID:
    now, package_id = context.clock.now(), context.new_id()
    told = {"package_id": str(package_id), "recipient": wanted.recipient, "purpose": wanted.purpose}
    work.custody.append_all("clip", [NewEvent(clip_id, "clip.exported", told) for clip_id in facts], actor=actor, at=now)
    heads = work.custody.heads("clip", list(facts))
    handed = [
        HandedClip(clip_id, one["sha256"], one["sm3"], one["size_bytes"], events=heads[clip_id][0] + 1, head=heads[clip_id][1])
        for clip_id, one in facts.items()
    ]
    contents = contents_json(package_id, recipient=wanted.recipient, purpose=wanted.purpose, case=case, clips=handed)
    digest = sha256_hex(contents)
    package = EvidencePackage(
        id=package_id,
        agency_id=actor.agency_id,
        case_id=case.id if case else None,
        recipient=wanted.recipient,
        purpose=wanted.purpose,
        made_by=UUID(actor.id),
        maker=actor.name,
        made_at=now,
        clip_count=len(handed),
        size_bytes=sum(clip.size_bytes for clip in handed),
        contents_sha256=digest,
    )
    clips = [PackagedClip(package_id=package_id, clip_id=clip.clip_id, events=clip.events, facts=facts[clip.clip_id]) for clip in handed]
    work.evidence_packages.add(package, clips, contents)
    made: dict[str, JsonValue] = {
        "contents_sha256": digest,
        "clips": len(handed),
        "recipient": wanted.recipient,
        "purpose": wanted.purpose,
        "case_id": str(case.id) if case else None,
    }
    work.custody.append("package", package_id, MADE, actor=actor, at=now, details=made)
    work.jobs.defer_once(seal_clips, priority=SEALING_FIRST)
    return package_id
