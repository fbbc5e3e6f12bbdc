"""The log's key is changed: both keys sign the change, and from that moment on only the new one signs checkpoints."""

from evidence_store.actor import Actor
from evidence_store.models import LogKey
from evidence_store.unit_of_work import UnitOfWork
from integrity.canonical import JsonValue
from integrity.checkpoint import verifier_key
from integrity.key_transition import KeyTransition, sign_transition
from integrity.merkle import HASH_BYTES
from integrity.signing import Signer
from service.context import ServiceContext
from service.custody.errors import KeyRetiredError

SUBJECT = "key"


def verifier_key_of(signer: Signer) -> str:
    """A signer's C2SP verifier key."""
    return verifier_key(signer.name, signer.public_key)


def change_log_key(context: ServiceContext, new: Signer, *, actor: Actor) -> str:
    """Sign the change from the present key to another, and make it count.

    Args:
        context: What the service needs; its log signer is the present key.
        new: The key from now on; of the same name.
        actor: Who changes it.

    Returns:
        The note that both keys signed.

    Raises:
        KeyRetiredError: The context's key is not the present one.
    """
    old = context.log_signer
    now = context.clock.now()
    with context.unit_of_work() as work:
        work.log.lock()
        check_key(context, work)
        newest = work.log.newest_checkpoint()
        size, root = (newest.size, newest.root) if newest else (0, bytes(HASH_BYTES))
        transition = KeyTransition(old.name, verifier_key_of(old), verifier_key_of(new), size, root)
        note = sign_transition(transition, old, new)
        work.log.add_key(LogKey(verifier_key=transition.new_key, since=now, from_size=size, transition=note))
        details: dict[str, JsonValue] = {"old_key": transition.old_key, "new_key": transition.new_key, "size": size, "transition": note}
        work.custody.append(SUBJECT, context.new_id(), "key.changed", actor=actor, at=now, details=details)
    return note


def check_key(context: ServiceContext, work: UnitOfWork) -> None:
    """Make sure that the context signs with the log's present key; the first key is noted down. The caller is the sequencer.

    Raises:
        KeyRetiredError: Another key is the present one.
    """
    keys = work.log.signing_keys()
    own = verifier_key_of(context.log_signer)
    if not keys:
        work.log.add_key(LogKey(verifier_key=own, since=context.clock.now(), from_size=0, transition=None))
    elif keys[-1].verifier_key != own:
        raise KeyRetiredError(own, keys[-1].verifier_key)
