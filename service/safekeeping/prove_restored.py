"""Is a restored database what was backed up? Counts, digests and the custody log, and what it lacks of the log that lies in the store."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from evidence_store.errors import ObjectNotFoundError, StoreUnavailableError
from evidence_store.models import Clip
from evidence_store.object_store.copying import digest_of
from evidence_store.object_store.store import ObjectStore
from service.context import ServiceContext
from service.custody.audit_log import audit_log
from service.custody.log_fault import LogFault

SAMPLE = 20
_ROLLED_BACK = ("the exported log", "its stretch is in the store")
"""What the reasons of an audit say when the store has more of the log than the database."""


@dataclass(frozen=True, slots=True)
class RestoreProof:
    """What a restored database was found to be.

    Attributes:
        store: The store that was asked; ``None`` when none answered, and digests and log are then unproved.
        counts: Rows now, by table.
        fewer: Tables with fewer rows than were there when the backup was begun.
        digests: Clips that were read in full.
        wrong: Clips whose bytes are gone or others, by id.
        faults: What is not as it was signed.
        lacking: What the store's copy of the log has and this database has not: it was rolled back to before that.
    """

    store: str | None
    counts: Mapping[str, int]
    fewer: tuple[str, ...]
    digests: int
    wrong: tuple[str, ...]
    faults: tuple[str, ...]
    lacking: tuple[str, ...]

    @property
    def is_proven(self) -> bool:
        """Whether everything was looked at and nothing is wrong; what is lacking is another question."""
        return self.store is not None and not (self.fewer or self.wrong or self.faults)


def prove_restored(context: ServiceContext, before: Mapping[str, int], *, checkpoint: str | None, everything: bool) -> RestoreProof:
    """Prove counts, digests of a sample of clips, and the custody log.

    Args:
        context: The restored service.
        before: Rows when the backup was begun, by table.
        checkpoint: The signed checkpoint that was newest then; the log must still contain what it covers.
        everything: Read every clip instead of a sample.
    """
    with context.unit_of_work() as work:
        counts = work.inventory.count()
        clips = work.inventory.sample(None if everything else SAMPLE)
    fewer = tuple(table for table, count in before.items() if counts.get(table, 0) < count)
    store = _answering(context)
    if store is None:
        return RestoreProof(None, counts, fewer, 0, (), (), ())
    wrong = tuple(str(clip.id) for clip in clips if not _is_whole(context, clip, store))
    faults: list[LogFault] = []
    audit_log(replace(context, objects=store), faults.append, checkpoint=checkpoint)
    if store is not context.objects:  # versions have other ids there
        faults = [fault for fault in faults if (fault.table, fault.column) != ("log_export", "object_version")]
    lacking = [fault for fault in faults if any(words in fault.reason for words in _ROLLED_BACK)]
    damaged = [fault for fault in faults if fault not in lacking]
    return RestoreProof(store.description, counts, fewer, len(clips), wrong, tuple(map(str, damaged)), tuple(map(str, lacking)))


def _answering(context: ServiceContext) -> ObjectStore | None:
    for store in (context.objects, context.second_objects):
        if store is not None:
            try:
                store.ping()
            except (StoreUnavailableError, ObjectNotFoundError):
                continue
            return store
    return None


def _is_whole(context: ServiceContext, clip: Clip, store: ObjectStore) -> bool:
    version = clip.object_version
    if store is not context.objects:
        with context.unit_of_work() as work:
            copy = work.copies.of_key(clip.object_key, store.description)
        version = copy.copy_version if copy is not None else None
    try:
        return digest_of(store, clip.object_key, version or "") == (clip.sha256, clip.size_bytes)
    except (ObjectNotFoundError, StoreUnavailableError):
        return False
