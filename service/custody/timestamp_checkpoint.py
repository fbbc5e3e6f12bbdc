"""A time-stamp token over the newest checkpoint; it seals every clip the checkpoint covers."""

import secrets

from evidence_store.models import CheckpointRow, TimestampReceipt
from evidence_store.repositories.log import EMBEDDED_AUTHORITY
from integrity.hashing import sha256
from integrity.timestamp_token import build_request, token_of_response, verify_token
from service.context import ServiceContext
from service.jobs import job


@job("log.timestamp")
def timestamp_checkpoint(context: ServiceContext) -> None:
    """Have the newest checkpoint time-stamped by the embedded authority, check the token, and seal what it covers."""
    with context.unit_of_work() as work:
        newest = work.log.newest_checkpoint()
        if newest is None:
            return
        is_stamped = work.log.is_stamped(newest.size)
    receipt = None if is_stamped else _stamp(context, newest)
    with context.unit_of_work() as work:
        work.log.lock()
        if receipt is not None and not work.log.is_stamped(newest.size):
            work.log.add_receipt(receipt)
        work.clips.seal(work.log.clips_below(newest.size), at=context.clock.now())


def _stamp(context: ServiceContext, checkpoint: CheckpointRow) -> TimestampReceipt:
    digest = sha256(signed_text(checkpoint.note))
    nonce = secrets.randbits(63)
    response = context.authority.issue(build_request(digest, nonce=nonce), at=context.clock.now(), serial=secrets.randbits(63) | 1)
    token = token_of_response(response)
    verified = verify_token(token, digest, roots=[context.authority.root], nonce=nonce)
    return TimestampReceipt(id=context.new_id(), checkpoint_size=checkpoint.size, authority=EMBEDDED_AUTHORITY, token=token, stamped_at=verified.at)


def signed_text(note: str) -> bytes:
    """The part of a checkpoint's note that is signed and time-stamped, its trailing newline included."""
    return note.rpartition("\n\n")[0].encode() + b"\n"
