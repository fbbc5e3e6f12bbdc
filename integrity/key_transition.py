"""From one key of the log to the next: a note that both sign, so that whoever trusts the old one can come to trust the new one.

Format: docs/formats/checkpoint.md, "Change of keys".
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass

from integrity.checkpoint import ALGORITHM_ED25519, open_note, parse_verifier_key, sign_note, signature_line, verifier_key
from integrity.errors import MalformedValueError, SignatureMismatchError
from integrity.merkle import HASH_BYTES
from integrity.signing import Signer

HEADING = "bodycam.log-key-transition/1"
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class KeyTransition:
    """A change of the log's key.

    Attributes:
        origin: Name of the log.
        old_key: C2SP verifier key up to the change.
        new_key: C2SP verifier key from then on.
        size: Size of the newest checkpoint that the old key signed; 0 when there is none.
        root: Its root, 32 bytes.
    """

    origin: str
    old_key: str
    new_key: str
    size: int
    root: bytes

    def text(self) -> str:
        """The text that both keys sign."""
        lines = (HEADING, self.origin, self.old_key, self.new_key, str(self.size), base64.b64encode(self.root).decode())
        return "".join(f"{line}\n" for line in lines)


def sign_transition(transition: KeyTransition, old: Signer, new: Signer) -> str:
    """Have both keys sign a change.

    Raises:
        MalformedValueError: The signers are not those that the change names.
    """
    for signer, key in ((old, transition.old_key), (new, transition.new_key)):
        if signer.name != transition.origin or verifier_key(signer.name, signer.public_key) != key:
            raise MalformedValueError("key transition", "names other keys than those that sign")
    text = transition.text()
    return sign_note(text, old) + signature_line(text, new)


def open_transition(note: str) -> KeyTransition:
    """Read a change that both keys signed; whether the old one is to be trusted is the reader's affair.

    Raises:
        MalformedValueError: It is damaged.
        SignatureMismatchError: One of both keys did not sign.
    """
    lines = note.split("\n")
    if len(lines) < 6 or lines[0] != HEADING:
        raise MalformedValueError("key transition", "is of another format or version")
    origin, old_key, new_key, size, root = lines[1:6]
    if not _DECIMAL.fullmatch(size):
        raise MalformedValueError("key transition", "expected a size")
    try:
        raw = base64.b64decode(root, validate=True)
    except ValueError as error:
        raise MalformedValueError("key transition", "expected a root in base64") from error
    transition = KeyTransition(origin, old_key, new_key, int(size), raw)
    keys = [parse_verifier_key(key) for key in (old_key, new_key)]
    if len(raw) != HASH_BYTES or old_key == new_key or any(key.name != origin or key.algorithm != ALGORITHM_ED25519 for key in keys):
        raise MalformedValueError("key transition", "makes no sense")
    text, signatures = open_note(note, [old_key, new_key])
    if text != transition.text() or {signature.key_id for signature in signatures} != {key.key_id for key in keys}:
        raise SignatureMismatchError("both keys")
    return transition


def trusted_keys(trusted: str, transitions: Iterable[str]) -> list[tuple[str, int]]:
    """Follow changes from a trusted key on.

    Args:
        trusted: C2SP verifier key that the reader trusts.
        transitions: Notes, in order.

    Returns:
        Each key to be trusted, with the largest checkpoint size it may sign; -1 for no bound.

    Raises:
        MalformedValueError: A note is damaged.
        SignatureMismatchError: A note is not signed by both keys.
    """
    keys = [(trusted, -1)]
    for note in transitions:
        transition = open_transition(note)
        if transition.old_key == keys[-1][0]:
            keys[-1] = (transition.old_key, transition.size)
            keys.append((transition.new_key, -1))
    return keys
