"""A log shows its newest checkpoint; it is signed when it continues what was signed before, and what does not is kept as an alarm."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from integrity.checkpoint import cosign
from integrity.errors import MalformedValueError
from integrity.signing import Signer
from integrity.witness import Verdict, Witnessed, judge, origin_of, parse_request
from service.clock import Clock
from service.witness.memory import WitnessMemory

_ALARMING = frozenset({Verdict.ROLLED_BACK, Verdict.FORKED})
_LONGEST_NOTE = 64 * 1024
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Witness:
    """What a witness works with.

    Attributes:
        signer: Its key.
        memory: What it signed last.
        log_keys: C2SP verifier keys of the logs it watches, by origin; a log that changed its key has two.
        clock: Its clock.
    """

    signer: Signer
    memory: WitnessMemory
    log_keys: Mapping[str, Sequence[str]]
    clock: Clock


@dataclass(frozen=True, slots=True)
class CosignAnswer:
    """What the log is told: a signature line when it was signed, the size that was signed last when it asked from another one."""

    verdict: Verdict
    line: str = ""
    seen_size: int = 0


def co_sign(witness: Witness, body: bytes) -> CosignAnswer:
    """Decide about a request (``POST /add-checkpoint``) and sign; what is signed is remembered durably before.

    Raises:
        WitnessStateError: The memory is damaged.
    """
    try:
        request = parse_request(body)
    except MalformedValueError:
        return CosignAnswer(Verdict.MALFORMED)
    origin = origin_of(request.note)
    keys = witness.log_keys.get(origin, ())
    if not keys:
        return CosignAnswer(Verdict.UNKNOWN_LOG)
    with witness.memory.held():
        before = witness.memory.seen(origin)
        decision = judge(request, before, keys)
        now = witness.clock.now()
        if decision.verdict in _ALARMING:
            size = decision.checkpoint.size if decision.checkpoint else None
            _LOG.error("a log contradicts what it showed before", extra={"origin": origin, "verdict": str(decision.verdict), "size": size})
            witness.memory.raise_alarm(at=now, origin=origin, verdict=decision.verdict, size=size, note=request.note[:_LONGEST_NOTE])
        if decision.verdict is not Verdict.SIGNED or decision.checkpoint is None:
            return CosignAnswer(decision.verdict, seen_size=before.size)
        line = cosign(decision.checkpoint, witness.signer, at=now)
        witness.memory.remember(origin, Witnessed(decision.checkpoint.size, decision.checkpoint.root), request.note + line)
    return CosignAnswer(Verdict.SIGNED, line, decision.checkpoint.size)
