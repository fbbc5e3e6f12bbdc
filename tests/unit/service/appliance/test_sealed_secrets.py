from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.appliance import sealed_secrets
from service.appliance.errors import SealedSecretsError
from service.appliance.sealed_secrets import seal, unseal
from service.errors import UnacceptableValueError

PASSPHRASE = "rather many letters"
CONTENT = {"files": {"keys/log.key": "c2VjcmV0"}, "facts": {"counts": {"clip": 3}}}


@pytest.fixture(autouse=True)
def cheap():
    with patch.dict(sealed_secrets._SCRYPT, {"n": 2**14}):
        yield


@pytest.fixture(scope="module")
def sealed():
    with patch.dict(sealed_secrets._SCRYPT, {"n": 2**14}):
        return seal(CONTENT, PASSPHRASE)


def test_what_was_sealed_opens_with_its_passphrase_alone(sealed):
    assert unseal(sealed, PASSPHRASE) == CONTENT
    assert b"keys/log.key" not in sealed
    with pytest.raises(SealedSecretsError, match="passphrase is another"):
        unseal(sealed, PASSPHRASE + "!")


def test_the_same_content_is_never_sealed_the_same_way_twice(sealed):
    assert seal(CONTENT, PASSPHRASE) != sealed


def test_a_short_passphrase_is_refused():
    with pytest.raises(UnacceptableValueError):
        seal(CONTENT, "short")


def test_no_single_byte_can_be_changed(sealed):
    for position in range(0, len(sealed), 7):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(SealedSecretsError):
            unseal(bytes(changed), PASSPHRASE)


@pytest.mark.parametrize("change", [('"n":16384', '"n":1073741824'), ('"n":16384', '"n":16385'), ('"r":8', '"r":64'), ('"p":1', '"p":true')])
def test_costs_nobody_would_choose_are_refused_before_they_are_paid(sealed, change):
    before, after = (word.encode() for word in change)
    assert before in sealed

    with patch.object(sealed_secrets, "_key", side_effect=AssertionError), pytest.raises(SealedSecretsError):
        unseal(sealed.replace(before, after), PASSPHRASE)


@given(st.binary(max_size=300))
def test_anything_else_is_refused_in_one_way(data):
    with pytest.raises(SealedSecretsError):
        unseal(data, PASSPHRASE)
