"""What a witness decides: is a log's new checkpoint a continuation of the one it signed before? Pure; the protocol is C2SP tlog-witness.

A witness keeps, of each log, the last size and root it signed. A log that shows less than before was rolled back, one that shows a tree which does
not contain the earlier one was forked; neither is signed, and both are worth an alarm.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from integrity.checkpoint import ALGORITHM_COSIGNATURE_V1, Checkpoint, VerifierKey, open_checkpoint
from integrity.errors import MalformedValueError, ProofMismatchError, SignatureMismatchError
from integrity.merkle import ConsistencyProof, verify_consistency
from integrity.signing import Signer

MAX_PROOF_LINES = 63
"""C2SP tlog-witness: no proof between trees of less than 2^63 leaves is longer."""
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")


class Verdict(StrEnum):
    """What a witness answers."""

    SIGNED = "signed"
    UNKNOWN_LOG = "unknown_log"
    BAD_SIGNATURE = "bad_signature"
    MALFORMED = "malformed"
    OTHER_SIZE = "other_size"
    ROLLED_BACK = "rolled_back"
    FORKED = "forked"


@dataclass(frozen=True, slots=True)
class Witnessed:
    """What a witness signed of a log last.

    Attributes:
        size: Leaves; 0 when it never signed.
        root: Root hash, 32 bytes; empty when it never signed.
    """

    size: int = 0
    root: bytes = b""


@dataclass(frozen=True, slots=True)
class WitnessRequest:
    """What a log asks a witness (``POST /add-checkpoint``).

    Attributes:
        old_size: Size that the log believes the witness signed last.
        proof: Consistency proof from there to the checkpoint.
        note: The signed checkpoint.
    """

    old_size: int
    proof: tuple[bytes, ...]
    note: str

    def body(self) -> bytes:
        """The request's body."""
        lines = [f"old {self.old_size}", *(base64.b64encode(sibling).decode() for sibling in self.proof), "", self.note]
        return "\n".join(lines).encode()


@dataclass(frozen=True, slots=True)
class WitnessDecision:
    """What a witness decided.

    Attributes:
        verdict: Why, in one word.
        checkpoint: The checkpoint, where it could be read and was signed by its log.
    """

    verdict: Verdict
    checkpoint: Checkpoint | None = None


def parse_request(body: bytes) -> WitnessRequest:
    """Read a request's body.

    Raises:
        MalformedValueError: It is not what the protocol says.
    """
    try:
        head, separator, note = body.decode().partition("\n\n")
    except UnicodeDecodeError as error:
        raise MalformedValueError("witness request", "is not UTF-8") from error
    first, *lines = head.split("\n")
    old = _OLD.fullmatch(first)
    if not separator or old is None or len(lines) > MAX_PROOF_LINES:
        raise MalformedValueError("witness request", "expected `old`, a proof, an empty line and a checkpoint")
    try:
        proof = tuple(base64.b64decode(line, validate=True) for line in lines)
    except (binascii.Error, ValueError) as error:
        raise MalformedValueError("witness request", "a hash is not base64") from error
    return WitnessRequest(int(old[1]), proof, note)


def origin_of(note: str) -> str:
    """The log that a note says it is of; nothing about it has been checked then."""
    return note.split("\n", 1)[0]


def judge(request: WitnessRequest, before: Witnessed, log_keys: Sequence[str]) -> WitnessDecision:
    """Decide about a request, without signing.

    Args:
        request: What the log asks.
        before: What was signed last.
        log_keys: C2SP verifier keys of that log.
    """
    if not log_keys:
        return WitnessDecision(Verdict.UNKNOWN_LOG)
    try:
        checkpoint = open_checkpoint(request.note, log_keys).checkpoint
    except MalformedValueError:
        return WitnessDecision(Verdict.MALFORMED)
    except SignatureMismatchError:
        return WitnessDecision(Verdict.BAD_SIGNATURE)
    return WitnessDecision(_compare(request, before, checkpoint), checkpoint)


def _compare(request: WitnessRequest, before: Witnessed, checkpoint: Checkpoint) -> Verdict:
    has_other_root = checkpoint.size == before.size and checkpoint.root != before.root
    rules = (
        (request.old_size > checkpoint.size, Verdict.MALFORMED),
        (checkpoint.size < before.size, Verdict.ROLLED_BACK),
        (before.size > 0 and has_other_root, Verdict.FORKED),
        (request.old_size != before.size, Verdict.OTHER_SIZE),
        (before.size == 0 and bool(request.proof), Verdict.MALFORMED),
    )
    broken = next((verdict for holds, verdict in rules if holds), None)
    if broken is None and before.size:
        try:
            verify_consistency(ConsistencyProof(before.size, checkpoint.size, request.proof), first_root=before.root, second_root=checkpoint.root)
        except ProofMismatchError:
            return Verdict.FORKED
    return broken or Verdict.SIGNED


def witness_key(key: Signer) -> str:
    """A witness's C2SP verifier key, of the type that cosignatures have."""
    return str(VerifierKey(key.name, ALGORITHM_COSIGNATURE_V1, key.public_key))
