"""The custody log, for those who check it."""

import base64
from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from api.dependencies import Context, CurrentActor
from service.custody.prove_event import newest_checkpoint, prove_event

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


@router.get("/checkpoint")
def get_checkpoint(context: Context, _actor: CurrentActor) -> CheckpointAnswer:
    """Tell the newest time-stamped checkpoint."""
    found = newest_checkpoint(context)
    return CheckpointAnswer(
        checkpoint=found.note,
        size=found.size,
        token_base64=base64.b64encode(found.token).decode(),
        stamped_at=found.stamped_at,
        log_key=found.log_key,
        timestamp_root=found.timestamp_root,
    )


@router.get("/checkpoints/{size}/proofs/{leaf_index}")
def get_proof(size: int, leaf_index: int, context: Context, _actor: CurrentActor) -> ProofAnswer:
    """Prove that an event is under a checkpoint."""
    proof = prove_event(context, leaf_index, size=size)
    return ProofAnswer(leaf_index=leaf_index, size=size, path=[sibling.hex() for sibling in proof.path])
