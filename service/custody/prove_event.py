"""What anyone needs to check the log without trusting it: a checkpoint with its token, and proofs that an event is under it."""

from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.serialization import Encoding

from evidence_store.models import CheckpointRow, TimestampReceipt
from integrity.checkpoint import verifier_key
from integrity.merkle import ConsistencyProof, InclusionProof, consistency_proof, inclusion_proof
from service.context import ServiceContext
from service.custody.errors import LogSizeError, NoCheckpointError
from service.errors import UnacceptableValueError


@dataclass(frozen=True, slots=True)
class StampedCheckpoint:
    """A signed checkpoint and its RFC 3161 token.

    Attributes:
        note: The signed note (C2SP), with the lines of witnesses; its text, up to and with the newline before the empty line, is time-stamped.
        log_key: The log's verifier key (C2SP). Trust it only when it came by another way.
        timestamp_root: Root certificate of the embedded authority, PEM; likewise.
    """

    note: str
    size: int
    token: bytes
    stamped_at: datetime
    log_key: str
    timestamp_root: str


def newest_checkpoint(context: ServiceContext) -> StampedCheckpoint:
    """Read the newest checkpoint that has a token.

    Raises:
        NoCheckpointError: There is none yet.
    """
    with context.unit_of_work() as work:
        found = work.log.newest_stamped()
        lines = [one.line for one in work.log.cosignatures(found[0].size)] if found else []
    if found is None:
        raise NoCheckpointError(None)
    checkpoint, receipt = found
    return _told(context, checkpoint, receipt, lines)


def checkpoint_of_size(context: ServiceContext, size: int) -> StampedCheckpoint:
    """Read the checkpoint of a size, with the token of the embedded authority.

    Raises:
        NoCheckpointError: There is none of that size.
    """
    with context.unit_of_work() as work:
        found = work.log.stamped(size)
        lines = [one.line for one in work.log.cosignatures(size)]
    if found is None:
        raise NoCheckpointError(size)
    return _told(context, *found, lines)


def prove_growth(context: ServiceContext, first_size: int, second_size: int) -> ConsistencyProof:
    """Prove that the log of a later size only added to that of an earlier one (RFC 9162, section 2.1.4).

    Raises:
        LogSizeError: There are no signed checkpoints of these sizes, in this order.
    """
    with context.unit_of_work() as work:
        if not 0 < first_size <= second_size or work.log.checkpoint(first_size) is None or work.log.checkpoint(second_size) is None:
            raise LogSizeError(first_size, second_size)
        return work.log.over_nodes(lambda read: consistency_proof(read, first_size, second_size=second_size))


def key_transitions(context: ServiceContext) -> list[str]:
    """The notes by which the log changed its key, in order."""
    with context.unit_of_work() as work:
        return [key.transition for key in work.log.signing_keys() if key.transition is not None]


def _told(context: ServiceContext, checkpoint: CheckpointRow, receipt: TimestampReceipt, lines: list[str]) -> StampedCheckpoint:
    return StampedCheckpoint(
        note=checkpoint.note + "".join(lines),
        size=checkpoint.size,
        token=receipt.token,
        stamped_at=receipt.stamped_at,
        log_key=verifier_key(context.log_signer.name, context.log_signer.public_key),
        timestamp_root=context.authority.root.public_bytes(Encoding.PEM).decode(),
    )


def prove_event(context: ServiceContext, leaf_index: int, *, size: int) -> InclusionProof:
    """Prove that an event is under the checkpoint of a size.

    Raises:
        NoCheckpointError: There is no time-stamped checkpoint of that size.
        UnacceptableValueError: The checkpoint does not reach that far.
    """
    with context.unit_of_work() as work:
        if not work.log.is_stamped(size):
            raise NoCheckpointError(size)
        if not 0 <= leaf_index < size:
            raise UnacceptableValueError("leaf_index", f"0 to {size - 1}")
        return work.log.over_nodes(lambda read: inclusion_proof(read, leaf_index, tree_size=size))
