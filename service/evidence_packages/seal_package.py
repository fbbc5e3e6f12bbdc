"""Have a package's events time-stamped, and make, once, the files that go along; from then on its bytes are fixed."""

from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.serialization import Encoding

from evidence_store.errors import ConflictingRowError
from evidence_store.models import CheckpointRow, PackageRow, PackageSeal, TimestampReceipt
from evidence_store.repositories.log import EMBEDDED_AUTHORITY
from evidence_store.unit_of_work import UnitOfWork
from integrity.hashing import sha256_hex
from integrity.merkle import consistency_proof
from service.context import ServiceContext
from service.custody.seal_clips import seal_clips
from service.custody.timestamp_checkpoint import timestamp_checkpoint
from service.evidence_packages.errors import PackageNotSealedError
from service.evidence_packages.report import report_files

WAIT_AT_MOST = timedelta(seconds=45)
_STEP_S = 0.2
CHECKPOINT, TOKEN, ROOT = "log/checkpoint", "log/checkpoint.tst", "log/timestamp-root.pem"


def seal_package(context: ServiceContext, row: PackageRow) -> PackageSeal:
    """Wait until every event of a package is under a time-stamped checkpoint, then fix the files that go along; no transaction is open meanwhile.

    Raises:
        PackageNotSealedError: Not within 45 seconds; it can be asked for again.
        LogDamagedError: The log does not hold what it must hold.
        FontMissingError: The documents cannot be set.
    """
    if row.seal is not None:
        return row.seal
    checkpoint = _await_checkpoint(context, row.package.id)
    seal, contents = _make(context, row, checkpoint)
    try:
        with context.unit_of_work() as work:
            work.evidence_packages.add_files(contents)
            work.evidence_packages.add_seal(seal)
    except ConflictingRowError:
        # Somebody who asked for it at the same time was first; theirs counts.
        with context.unit_of_work() as work:
            first = work.evidence_packages.seal_of(row.package.id)
        if first is None:
            raise
        return first
    return seal


def _await_checkpoint(context: ServiceContext, package_id: UUID) -> CheckpointRow:
    ends = context.clock.now() + WAIT_AT_MOST
    while True:
        with context.unit_of_work() as work:
            needed = work.evidence_packages.needed_size(package_id)
            stamped = work.log.newest_stamped()
        if needed is not None and stamped is not None and stamped[0].size >= needed:
            return stamped[0]
        if context.clock.now() >= ends:
            raise PackageNotSealedError(package_id)
        seal_clips(context)
        timestamp_checkpoint(context)
        context.clock.wait(_STEP_S)


def _make(context: ServiceContext, row: PackageRow, checkpoint: CheckpointRow) -> tuple[PackageSeal, dict[str, bytes]]:
    with context.unit_of_work() as work:
        files, tokens, stamped_at = _log_files(context, work, checkpoint)
        clips = work.evidence_packages.clips(row.package.id)
        events = work.evidence_packages.events(row.package.id)
    software = f"bodycam-evidence {version('bodycam-evidence')}"
    files |= report_files(context, row, clips, events, checkpoint=checkpoint, stamped_at=stamped_at, software=software)
    digests = {path: sha256_hex(content) for path, content in files.items()}
    seal = PackageSeal(
        package_id=row.package.id,
        checkpoint_size=checkpoint.size,
        software=software,
        files=digests,
        tokens=tokens,
        sealed_at=context.clock.now(),
    )
    return seal, {digests[path]: content for path, content in files.items()}


def _log_files(context: ServiceContext, work: UnitOfWork, checkpoint: CheckpointRow) -> tuple[dict[str, bytes], list[dict[str, Any]], datetime]:
    own = next(receipt for receipt in work.log.receipts(checkpoint.size) if receipt.authority == EMBEDDED_AUTHORITY)
    note = checkpoint.note + "".join(f"{one.line.rstrip()}\n" for one in work.log.cosignatures(checkpoint.size))
    files = {CHECKPOINT: note.encode(), TOKEN: own.token, ROOT: context.authority.root.public_bytes(Encoding.PEM)}
    tokens: list[dict[str, Any]] = []
    for number, (receipt, stamped) in enumerate(_elsewhere(work, checkpoint.size), start=1):
        path = f"log/tokens/{number}.tst"
        files[path] = receipt.token
        tokens.append({"path": path, "checkpoint": stamped.note, "consistency": _growth(work, stamped.size, checkpoint.size)})
    return files, tokens, own.stamped_at


def _growth(work: UnitOfWork, first_size: int, second_size: int) -> list[str]:
    if first_size == second_size:
        return []
    return [sibling.hex() for sibling in work.log.over_nodes(lambda read: consistency_proof(read, first_size, second_size=second_size)).path]


def _elsewhere(work: UnitOfWork, size: int) -> list[tuple[TimestampReceipt, CheckpointRow]]:
    """The tokens of authorities elsewhere over the newest checkpoint that has one and that the package's own covers."""
    newest = work.log.newest_receipt_elsewhere()
    if newest is None or newest.checkpoint_size > size:
        return []
    stamped = work.log.checkpoint(newest.checkpoint_size)
    if stamped is None:
        return []
    return [(receipt, stamped) for receipt in work.log.receipts(stamped.size) if receipt.authority != EMBEDDED_AUTHORITY]
