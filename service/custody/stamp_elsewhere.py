"""Time from authorities elsewhere: it adds that the time is not the service's word alone, and never delays anything."""

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509

from evidence_store.models import CheckpointRow, TimestampReceipt
from integrity.errors import MalformedValueError, TimestampError
from integrity.hashing import digest_by_name
from integrity.timestamp_token import VerifiedTimestamp, build_request, token_of_response, verify_token
from service.context import ServiceContext
from service.custody.timestamp_checkpoint import signed_text
from service.elsewhere import AuthorityElsewhere
from service.jobs import job
from service.outgoing import OutgoingFailedError, OutgoingRefusedError, OutgoingRequest

ALARM_AFTER = timedelta(hours=1)
CLOCKS_MAY_DIFFER = timedelta(minutes=5)
_OK = 200
_ANSWER = "application/timestamp-reply"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TimeElsewhere:
    """How far authorities elsewhere are behind.

    Attributes:
        is_wanted: Whether any is configured.
        oldest_unstamped_at: When the oldest checkpoint was signed that none of them covers; ``None`` when they cover all.
    """

    is_wanted: bool
    oldest_unstamped_at: datetime | None


@job("log.timestamp_elsewhere")
def stamp_elsewhere(context: ServiceContext) -> None:
    """Have the newest checkpoint stamped by the first authority elsewhere that answers; the next minute tries the next checkpoint."""
    authorities = context.settings.timestamp_authorities
    with context.unit_of_work() as work:
        found = work.log.newest_stamped()
        newest = work.log.newest_receipt_elsewhere()
    if not authorities or found is None or (newest is not None and newest.checkpoint_size >= found[0].size):
        return
    for authority in authorities:
        try:
            token, verified = _ask(context, authority, found[0])
        except (OutgoingFailedError, OutgoingRefusedError, TimestampError, MalformedValueError) as error:
            _LOG.warning("a time-stamp authority failed", extra={"authority": authority.name, "reason": str(error)})
            continue
        receipt = TimestampReceipt(id=context.new_id(), checkpoint_size=found[0].size, authority=authority.name, token=token, stamped_at=verified.at)
        with context.unit_of_work() as work:
            work.log.lock()
            if not work.log.is_stamped(receipt.checkpoint_size, authority.name):
                work.log.add_receipt(receipt)
        return


def read_time_elsewhere(context: ServiceContext) -> TimeElsewhere:
    """Tell how far authorities elsewhere are behind."""
    if not context.settings.timestamp_authorities:
        return TimeElsewhere(is_wanted=False, oldest_unstamped_at=None)
    with context.unit_of_work() as work:
        newest = work.log.newest_receipt_elsewhere()
        waiting = work.log.oldest_checkpoint_after(newest.checkpoint_size if newest else 0)
    return TimeElsewhere(is_wanted=True, oldest_unstamped_at=waiting.signed_at if waiting else None)


def _ask(context: ServiceContext, authority: AuthorityElsewhere, checkpoint: CheckpointRow) -> tuple[bytes, VerifiedTimestamp]:
    digest = digest_by_name(authority.digest, signed_text(checkpoint.note))
    nonce = secrets.randbits(63)
    headers = {"Content-Type": "application/timestamp-query", "Accept": _ANSWER, **authority.headers()}
    body = build_request(digest, nonce=nonce, algorithm=authority.digest, policy=authority.policy)
    answer = context.outgoing.post(OutgoingRequest(authority.url, body, headers, timeout_s=authority.timeout_s, ca_file=authority.ca_file))
    if answer.status != _OK:
        raise OutgoingFailedError(authority.url, f"answered {answer.status}")
    token = token_of_response(answer.body)
    roots = x509.load_pem_x509_certificates(authority.roots.read_bytes())
    verified = verify_token(token, digest, roots=roots, nonce=nonce, algorithm=authority.digest)
    if authority.policy is not None and verified.policy != authority.policy:
        raise TimestampError(f"the token is of policy {verified.policy}")
    if abs(verified.at - context.clock.now()) > CLOCKS_MAY_DIFFER:
        raise TimestampError(f"the authority's time {verified.at.isoformat()} is not ours")
    return token, verified
