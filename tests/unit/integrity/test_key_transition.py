from dataclasses import replace

import pytest

from integrity.checkpoint import sign_note, verifier_key
from integrity.errors import MalformedValueError, SignatureMismatchError
from integrity.key_transition import KeyTransition, open_transition, sign_transition, trusted_keys
from integrity.signing import Ed25519Signer

ORIGIN = "example.org/log"
FIRST, SECOND, THIRD = (Ed25519Signer(ORIGIN, bytes(range(n, n + 32))) for n in range(3))


def key(signer):
    return verifier_key(signer.name, signer.public_key)


def change(old, new, size=7):
    return KeyTransition(ORIGIN, key(old), key(new), size, bytes(32))


NOTE = sign_transition(change(FIRST, SECOND), FIRST, SECOND)


def test_a_change_is_read_as_both_keys_signed_it():
    assert open_transition(NOTE) == change(FIRST, SECOND)


def test_trust_follows_changes_and_bounds_the_old_keys():
    later = sign_transition(change(SECOND, THIRD, 20), SECOND, THIRD)

    assert trusted_keys(key(FIRST), [NOTE, later]) == [(key(FIRST), 7), (key(SECOND), 20), (key(THIRD), -1)]
    assert trusted_keys(key(SECOND), [NOTE, later]) == [(key(SECOND), 20), (key(THIRD), -1)]
    assert trusted_keys(key(THIRD), [NOTE, later]) == [(key(THIRD), -1)]


def test_one_key_alone_changes_nothing():
    text = change(FIRST, SECOND).text()

    for signer in (FIRST, SECOND):
        with pytest.raises(SignatureMismatchError):
            open_transition(sign_note(text, signer))


def test_signers_other_than_the_named_are_refused():
    with pytest.raises(MalformedValueError):
        sign_transition(change(FIRST, SECOND), FIRST, THIRD)


@pytest.mark.parametrize(
    "text",
    [
        replace(change(FIRST, SECOND), new_key=key(FIRST)).text(),
        change(FIRST, SECOND).text().replace("/1", "/2", 1),
        change(FIRST, SECOND).text().replace("\n7\n", "\n07\n"),
        replace(change(FIRST, SECOND), root=bytes(31)).text(),
        replace(change(FIRST, SECOND), origin="example.org/other").text(),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(text):
    with pytest.raises((MalformedValueError, SignatureMismatchError)):
        open_transition(sign_note(text, FIRST))


def test_any_single_changed_byte_is_noticed():
    data = NOTE.encode()
    for place in range(len(data)):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        with pytest.raises((MalformedValueError, SignatureMismatchError)):
            open_transition(changed.decode(errors="replace"))
