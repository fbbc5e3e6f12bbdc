"""Is a frozen figure still what it was: its file in the store, and the roster that the facts known then make."""

from enum import StrEnum

from evidence_store.errors import ObjectNotFoundError
from evidence_store.models import CoverageSnapshot
from integrity.hashing import running_sha256
from service.context import ServiceContext
from service.coverage.freeze import recompute_digest


class FrozenFault(StrEnum):
    """What is wrong with a frozen figure."""

    FILE_GONE = "file_gone"
    FILE_ALTERED = "file_altered"
    FACTS_REWRITTEN = "facts_rewritten"


def prove_frozen(context: ServiceContext, snapshot: CoverageSnapshot) -> FrozenFault | None:
    """Compare a frozen figure with its file and with the facts known then; ``None`` when all agree.

    A database that was made again from its store has no facts from before, until rosters told them anew; there only the file can be compared.

    Raises:
        StoreUnavailableError: Database or store is away.
    """
    digest = running_sha256()
    try:
        with context.unit_of_work() as work:
            version = work.log_audits.standing_version(snapshot.object_key, snapshot.object_version)
        for piece in context.objects.read(snapshot.object_key, version):
            digest.update(piece)
    except ObjectNotFoundError:
        return FrozenFault.FILE_GONE
    if digest.digest().hex() != snapshot.object_sha256:
        return FrozenFault.FILE_ALTERED
    return None if recompute_digest(context, snapshot) == snapshot.roster_sha256 else FrozenFault.FACTS_REWRITTEN
