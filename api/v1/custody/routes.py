"""The custody log, for those who check it."""

import base64
from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from api.dependencies import Context, CurrentActor
from service.custody.change_key import verifier_key_of
from service.custody.prove_event import (
    StampedCheckpoint,
    checkpoint_of_size,
    key_transitions,
    newest_checkpoint,
    prove_event,
    prove_growth,
)

router = APIRouter(prefix="/log", tags=["custody"])


class CheckpointAnswer(BaseModel):
    """A checkpoint, its token (DER in base64), and the keys to check both by; keys are to be trusted only when they came by another way."""

    checkpoint: str
    size: int
    token_base64: str
    stamped_at: datetime
    log_key: str
    timestamp_root: str


class ProofAnswer(BaseModel):
    """An inclusion proof (RFC 9162): sibling hashes in hexadecimal, nearest the leaf first."""

    leaf_index: int
    size: int
    path: list[str]


class GrowthAnswer(BaseModel):
    """A consistency proof (RFC 9162) between two sizes of the log, hashes in hexadecimal."""

    first_size: int
    second_size: int
    path: list[str]


class KeyAnswer(BaseModel):
    """The log's present key, the notes by which it came from its first one, and the key of manifests (C2SP verifier keys)."""

    log_key: str
    transitions: list[str]
    manifest_key: str


@router.get("/checkpoint")
def get_checkpoint(context: Context, _actor: CurrentActor) -> CheckpointAnswer:
    """Tell the newest time-stamped checkpoint, with the lines of witnesses."""
    return _checkpoint_answer(newest_checkpoint(context))


@router.get("/checkpoints/{size}")
def get_checkpoint_of_size(size: int, context: Context, _actor: CurrentActor) -> CheckpointAnswer:
    """Tell the time-stamped checkpoint of a size."""
    return _checkpoint_answer(checkpoint_of_size(context, size))


@router.get("/consistency/{first_size}/{second_size}")
def get_consistency(first_size: int, second_size: int, context: Context, _actor: CurrentActor) -> GrowthAnswer:
    """Prove that the log only grew between two of its checkpoints."""
    proof = prove_growth(context, first_size, second_size)
    return GrowthAnswer(first_size=first_size, second_size=second_size, path=[sibling.hex() for sibling in proof.path])


@router.get("/keys")
def get_keys(context: Context, _actor: CurrentActor) -> KeyAnswer:
    """Tell the keys; they are to be trusted only when they, or the log's first one, came by another way."""
    return KeyAnswer(
        log_key=verifier_key_of(context.log_signer), transitions=key_transitions(context), manifest_key=verifier_key_of(context.manifest_signer)
    )


@router.get("/checkpoints/{size}/proofs/{leaf_index}")
def get_proof(size: int, leaf_index: int, context: Context, _actor: CurrentActor) -> ProofAnswer:
    """Prove that an event is under a checkpoint."""
    proof = prove_event(context, leaf_index, size=size)
    return ProofAnswer(leaf_index=leaf_index, size=size, path=[sibling.hex() for sibling in proof.path])


def _checkpoint_answer(found: StampedCheckpoint) -> CheckpointAnswer:
    return CheckpointAnswer(
        checkpoint=found.note,
        size=found.size,
        token_base64=base64.b64encode(found.token).decode(),
        stamped_at=found.stamped_at,
        log_key=found.log_key,
        timestamp_root=found.timestamp_root,
    )
