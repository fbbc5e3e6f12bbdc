"""Witnesses are shown the newest checkpoint and co-sign it (C2SP tlog-witness); one that refuses has seen another log than ours."""

import logging
from dataclasses import dataclass
from datetime import datetime

from evidence_store.models import CheckpointRow, Cosignature
from integrity.checkpoint import open_checkpoint, parse_verifier_key, verifier_key
from integrity.errors import MalformedValueError, SignatureMismatchError
from integrity.merkle import consistency_proof
from integrity.witness import WitnessRequest
from service.context import ServiceContext
from service.elsewhere import WitnessElsewhere
from service.jobs import job
from service.outgoing import OutgoingAnswer, OutgoingFailedError, OutgoingRefusedError, OutgoingRequest

_OK, _CONFLICT = 200, 409
_SIZE_TYPE = "text/x.tlog.size"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WitnessState:
    """How far a witness is.

    Attributes:
        name: Name of its key.
        signed_size: Size it signed last; 0 when it never did.
        behind: Leaves that the newest stamped checkpoint has more.
        oldest_unsigned_at: When the oldest checkpoint was signed that it has not; ``None`` when it has the newest.
    """

    name: str
    signed_size: int
    behind: int
    oldest_unsigned_at: datetime | None


@job("log.witness")
def ask_witnesses(context: ServiceContext) -> None:
    """Have every witness co-sign the newest stamped checkpoint; what one refuses is said aloud, and nothing else waits for it."""
    with context.unit_of_work() as work:
        found = work.log.newest_stamped()
    if found is None:
        return
    for witness in context.settings.witnesses:
        try:
            _ask(context, witness, found[0])
        except (OutgoingFailedError, OutgoingRefusedError, MalformedValueError, SignatureMismatchError) as error:
            _LOG.error("a witness did not co-sign", extra={"witness": witness.name, "reason": str(error)})


def read_witnesses(context: ServiceContext) -> list[WitnessState]:
    """Tell how far each witness is."""
    with context.unit_of_work() as work:
        found = work.log.newest_stamped()
        size = found[0].size if found else 0
        states = []
        for witness in context.settings.witnesses:
            newest = work.log.newest_cosigned(witness.name)
            signed_size = newest.checkpoint_size if newest else 0
            waiting = work.log.oldest_checkpoint_after(signed_size) if signed_size < size else None
            states.append(WitnessState(witness.name, signed_size, size - signed_size, waiting.signed_at if waiting else None))
    return states


def _ask(context: ServiceContext, witness: WitnessElsewhere, checkpoint: CheckpointRow) -> None:
    with context.unit_of_work() as work:
        before = work.log.newest_cosigned(witness.name)
    old_size = before.checkpoint_size if before else 0
    if old_size >= checkpoint.size:
        return
    answer = _post(context, witness, checkpoint, old_size)
    if answer.status == _CONFLICT and answer.content_type.startswith(_SIZE_TYPE):
        # It signed more than we know of, for instance before a restored backup: go on from there, or hear that it saw more than we have.
        known = int(answer.body.decode("ascii", "replace").strip()) if answer.body.strip().isdigit() else -1
        if not 0 <= known <= checkpoint.size:
            raise OutgoingFailedError(witness.url, f"it has seen {known} leaves of this log, which has {checkpoint.size}: the log was rolled back")
        answer = _post(context, witness, checkpoint, known)
    if answer.status != _OK:
        raise OutgoingFailedError(witness.url, f"answered {answer.status}: {answer.body[:200].decode('utf-8', 'replace')}")
    _keep(context, witness, checkpoint, answer.body.decode())


def _post(context: ServiceContext, witness: WitnessElsewhere, checkpoint: CheckpointRow, old_size: int) -> OutgoingAnswer:
    with context.unit_of_work() as work:
        proof = work.log.over_nodes(lambda read: consistency_proof(read, old_size, second_size=checkpoint.size)).path if old_size else ()
    body = WitnessRequest(old_size, proof, checkpoint.note).body()
    url = f"{witness.url.rstrip('/')}/add-checkpoint"
    return context.outgoing.post(OutgoingRequest(url, body, {"Content-Type": "text/plain"}, ca_file=witness.ca_file))


def _keep(context: ServiceContext, witness: WitnessElsewhere, checkpoint: CheckpointRow, line: str) -> None:
    """Keep a witness's line once it has been checked under the checkpoint."""
    own_key = verifier_key(context.log_signer.name, context.log_signer.public_key)
    opened = open_checkpoint(checkpoint.note + line, [own_key, witness.key])
    key_id = parse_verifier_key(witness.key).key_id
    signed_at = next((one.signed_at for one in opened.signatures if one.key_id == key_id), None)
    if signed_at is None:
        raise SignatureMismatchError(witness.name)
    row = Cosignature(id=context.new_id(), checkpoint_size=checkpoint.size, witness=witness.name, line=line, signed_at=signed_at)
    with context.unit_of_work() as work:
        work.log.lock()
        if all(one.witness != witness.name for one in work.log.cosignatures(checkpoint.size)):
            work.log.add_cosignature(row)
