"""What anyone needs to check the log without trusting it: a checkpoint with its token, and proofs that an event is under it."""

from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.serialization import Encoding

from integrity.checkpoint import verifier_key
from integrity.merkle import InclusionProof, inclusion_proof
from service.context import ServiceContext
from service.custody.errors import NoCheckpointError
from service.errors import UnacceptableValueError


@dataclass(frozen=True, slots=True)
class StampedCheckpoint:
    """A signed checkpoint and its RFC 3161 token.

    Attributes:
        note: The signed note (C2SP); its text, up to and with the newline before the empty line, is what is time-stamped.
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
    if found is None:
        raise NoCheckpointError(None)
    checkpoint, receipt = found
    return StampedCheckpoint(
        note=checkpoint.note,
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
        if work.log.stamped(size) is None:
            raise NoCheckpointError(size)
        if not 0 <= leaf_index < size:
            raise UnacceptableValueError("leaf_index", f"0 to {size - 1}")
        return inclusion_proof(work.log.node_reader(), leaf_index, tree_size=size)
