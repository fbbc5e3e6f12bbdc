"""Checks of what the log says about itself: who signed the checkpoint, whether it agrees with one from elsewhere, and when it existed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from cryptography import x509

from integrity.checkpoint import ALGORITHM_COSIGNATURE_V1, ALGORITHM_ED25519, Checkpoint, NoteSignature, open_checkpoint, parse_verifier_key
from integrity.errors import IntegrityError, SignatureMismatchError, TimestampError
from integrity.hashing import digest_by_name
from integrity.key_transition import trusted_keys
from integrity.merkle import ConsistencyProof, verify_consistency
from integrity.plain import spell_instant
from integrity.timestamp_token import DIGEST_ALGORITHMS, VerifiedTimestamp, certificates_of, verify_token
from integrity.verify.checking import Check, Step, fails, holds, note
from integrity.verify.package import IndexedToken

_OTHER_DIGEST = "is about another digest"
"""Reason of a token that was asked for with another algorithm, or for something else."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What the reader brought; nothing in a package is trusted beside it.

    Attributes:
        log_key: The log's C2SP verifier key.
        witness_keys: Those of witnesses.
        roots: Certificates of time-stamp authorities.
        checkpoint: A signed checkpoint from elsewhere.
        manifest_key: C2SP verifier key of those who sign manifests.
        with_sm3: Whether SM3 of the payload is computed too.
    """

    log_key: str
    witness_keys: tuple[str, ...] = ()
    roots: tuple[x509.Certificate, ...] = ()
    checkpoint: str | None = None
    manifest_key: str | None = None
    with_sm3: bool = False


@dataclass(frozen=True, slots=True)
class LogKeys:
    """The log's keys that are to be trusted, each with the largest checkpoint it may sign; -1 for no bound."""

    keys: tuple[tuple[str, int], ...]

    def open(self, text: str, *, witness_keys: Sequence[str] = ()) -> tuple[Checkpoint, tuple[NoteSignature, ...]]:
        """Read a checkpoint that one of these keys signed while it counted.

        Raises:
            MalformedValueError: It is damaged.
            SignatureMismatchError: None of them signed it, or a known key's signature is wrong.
        """
        opened = open_checkpoint(text, [*(key for key, _ in self.keys), *witness_keys])
        size = opened.checkpoint.size
        counting = {parse_verifier_key(key).key_id for key, largest in self.keys if largest < 0 or size <= largest}
        origin = parse_verifier_key(self.keys[0][0]).name
        own = {line.key_id for line in opened.signatures if line.name == origin and line.algorithm == ALGORITHM_ED25519}
        if opened.checkpoint.origin != origin or not own & counting:
            raise SignatureMismatchError(origin)
        return opened.checkpoint, opened.signatures


def check_keys(trust: Trust, notes: Sequence[bytes]) -> tuple[list[Check], LogKeys]:
    """Follow the log's changes of key from the reader's key on.

    Args:
        trust: What the reader brought.
        notes: Contents of ``log/keys/``, in order.
    """
    if not notes:
        return [], LogKeys(((trust.log_key, -1),))
    try:
        keys = trusted_keys(trust.log_key, [each.decode() for each in notes])
    except (IntegrityError, UnicodeDecodeError) as error:
        return [fails(Step.CHECKPOINT, "key_note_wrong", reason=str(error))], LogKeys(((trust.log_key, -1),))
    return [holds(Step.CHECKPOINT, "key_notes", count=len(keys) - 1)], LogKeys(tuple(keys))


def check_checkpoint(
    data: bytes | None,
    keys: LogKeys,
    *,
    trust: Trust,
    log_origin: str,
    size: int,
) -> tuple[list[Check], Checkpoint | None]:
    """Check the package's checkpoint.

    Args:
        data: Content of ``log/checkpoint``; ``None`` where it is missing.
        keys: The log's keys.
        trust: What the reader brought.
        log_origin: The log that ``evidence.json`` names.
        size: The size that it names.

    Returns:
        What was found, and the checkpoint; ``None`` when nothing can be proved under it.
    """
    if data is None:
        return [fails(Step.CHECKPOINT, "checkpoint_missing")], None
    try:
        checkpoint, signatures = keys.open(data.decode(), witness_keys=trust.witness_keys)
    except (IntegrityError, UnicodeDecodeError) as error:
        return [fails(Step.CHECKPOINT, "checkpoint_wrong", reason=str(error))], None
    if (checkpoint.origin, checkpoint.size) != (log_origin, size):
        return [fails(Step.CHECKPOINT, "checkpoint_other", origin=checkpoint.origin, size=checkpoint.size)], None
    checks = [holds(Step.CHECKPOINT, "checkpoint_signed", origin=checkpoint.origin, size=checkpoint.size, root=checkpoint.root.hex())]
    signed = {line.key_id: line for line in signatures if line.algorithm == ALGORITHM_COSIGNATURE_V1}
    for text in trust.witness_keys:
        key = parse_verifier_key(text)
        line = signed.get(key.key_id)
        if line is None or line.signed_at is None:
            checks.append(note(Step.CHECKPOINT, "witness_silent", name=key.name))
        else:
            checks.append(holds(Step.CHECKPOINT, "witness_signed", name=key.name, at=spell_instant(line.signed_at)))
    return checks, checkpoint


def check_other_checkpoint(
    other: str,
    checkpoint: Checkpoint,
    keys: LogKeys,
    *,
    tokens: Sequence[IndexedToken],
) -> list[Check]:
    """Compare the package's checkpoint with one from elsewhere: equal, connected by a proof, or unconnected.

    Args:
        other: The reader's checkpoint.
        checkpoint: The package's.
        keys: The log's keys.
        tokens: Whose proofs may connect the two.
    """
    try:
        known, _ = keys.open(other)
    except IntegrityError as error:
        return [fails(Step.CHECKPOINT, "other_wrong", reason=str(error))]
    if known.size == checkpoint.size:
        same = known.root == checkpoint.root
        return [holds(Step.CHECKPOINT, "other_equal", size=known.size) if same else fails(Step.CHECKPOINT, "other_forked", size=known.size)]
    for token in tokens:
        try:
            stamped, _ = keys.open(token.checkpoint)
        except IntegrityError:
            continue  # named by the check of this token
        if stamped.size == known.size:
            return _compare_grown(known, checkpoint, token)
    return [note(Step.CHECKPOINT, "other_unconnected", size=known.size, own_size=checkpoint.size)]


def _compare_grown(known: Checkpoint, checkpoint: Checkpoint, token: IndexedToken) -> list[Check]:
    try:
        _check_growth(known, checkpoint, token.consistency)
    except IntegrityError as error:
        return [fails(Step.CHECKPOINT, "other_not_consistent", size=known.size, reason=str(error))]
    return [holds(Step.CHECKPOINT, "other_consistent", size=known.size, own_size=checkpoint.size)]


def check_time(
    token: bytes | None,
    checkpoint: Checkpoint,
    *,
    roots: Sequence[x509.Certificate],
) -> tuple[list[Check], bool]:
    """Check the token over the package's checkpoint.

    Args:
        token: Content of ``log/checkpoint.tst``; ``None`` where it is missing.
        checkpoint: The package's.
        roots: The reader's.

    Returns:
        What was found, and whether one of the reader's roots vouches for it.
    """
    if token is None:
        return [fails(Step.TIME, "token_missing")], False
    return _check_token("log/checkpoint.tst", token, checkpoint, roots=roots)


def check_tokens(
    tokens: Sequence[IndexedToken],
    present: Collection[str],
    checkpoint: Checkpoint,
    *,
    read: Callable[[str], bytes],
    keys: LogKeys,
    roots: Sequence[x509.Certificate],
) -> tuple[list[Check], bool]:
    """Check the tokens of authorities elsewhere, each over its checkpoint, which must lead to the package's.

    Args:
        tokens: What ``evidence.json`` says of them.
        present: Paths of the files that are there.
        checkpoint: The package's.
        read: Reads one.
        keys: The log's keys.
        roots: The reader's.

    Returns:
        What was found, and whether one of the reader's roots vouches for any of them.
    """
    checks: list[Check] = []
    is_vouched = False
    for token in tokens:
        if token.path not in present:
            checks.append(fails(Step.TIME, "token_wrong", name=token.path, reason="missing"))
            continue
        try:
            stamped, _ = keys.open(token.checkpoint)
            _check_growth(stamped, checkpoint, token.consistency)
        except IntegrityError as error:
            checks.append(fails(Step.TIME, "token_wrong", name=token.path, reason=str(error)))
            continue
        found, vouched = _check_token(token.path, read(token.path), stamped, roots=roots)
        checks += found
        is_vouched = is_vouched or vouched
    return checks, is_vouched


def summarise_time(checkpoint: Checkpoint | None, *, has_roots: bool, is_vouched: bool) -> list[Check]:
    """Say on whose word time rests in the end."""
    if checkpoint is None:
        return [fails(Step.TIME, "time_without_checkpoint")]
    if is_vouched:
        return []
    return [fails(Step.TIME, "time_no_root_vouches") if has_roots else note(Step.TIME, "time_of_log_alone")]


def _check_growth(older: Checkpoint, newer: Checkpoint, path: Sequence[str]) -> None:
    proof = ConsistencyProof(older.size, newer.size, tuple(bytes.fromhex(sibling) for sibling in path))
    verify_consistency(proof, first_root=older.root, second_root=newer.root)


def _check_token(
    name: str,
    token: bytes,
    checkpoint: Checkpoint,
    *,
    roots: Sequence[x509.Certificate],
) -> tuple[list[Check], bool]:
    """Without a root that vouches for it, a token still has to be whole, and about this checkpoint."""
    text = checkpoint.text().encode()
    try:
        if roots:
            found = _verify(token, text, roots)
            return [holds(Step.TIME, "token_holds", name=name, at=spell_instant(found.at), authority=found.authority, size=checkpoint.size)], True
    except IntegrityError as error:
        reason = str(error)
    try:
        found = _verify(token, text, certificates_of(token))
    except IntegrityError as error:
        return [fails(Step.TIME, "token_wrong", name=name, reason=str(error))], False
    values = {"name": name, "at": spell_instant(found.at), "authority": found.authority}
    return [note(Step.TIME, "token_of_unknown_root", **values, reason=reason) if roots else note(Step.TIME, "token_unchecked", **values)], False


def _verify(token: bytes, text: bytes, roots: Sequence[x509.Certificate]) -> VerifiedTimestamp:
    """Check a token by whichever digest it was asked for with."""
    for algorithm in DIGEST_ALGORITHMS.values():
        try:
            return verify_token(token, digest_by_name(algorithm, text), roots=roots, algorithm=algorithm, certificates=roots)
        except TimestampError as error:
            if error.reason != _OTHER_DIGEST:
                raise
    raise TimestampError(_OTHER_DIGEST)
